import type { ExperimentRecord, ExperimentRun } from '../experiment/record.js'
import { percentOf } from './group.js'

/** One standard error of an accuracy on so many examples, in points. */
const standardError = (fraction: number, count: number): string =>
  (100 * Math.sqrt((fraction * (1 - fraction)) / count)).toFixed(1)

/** What the distances of a record are, or nothing where none was measured. */
export const distanceNote = ({ runs }: ExperimentRecord): string =>
  runs.some(({ measures }) => measures?.distance !== undefined)
    ? ' Distances are relative, to the dense network: of the kernel and the outputs at the start, and of the logits along ' +
      'training (dynamics).'
    : ''

/** How many images the accuracies are measured on and under which attacks, and their standard error. */
export const sampleSizeNote = ({ runs }: ExperimentRecord): string => {
  const { robustness } = runs[0] ?? {}
  if (robustness === undefined) return 'no run is done'
  const { count, robust, attacks } = robustness
  return (
    `${count} test images, robust under ${attacks.map(({ name }) => name).join(', then ')}; one standard error is ` +
    `${standardError(robust, count)} points at ${(100 * robust).toFixed(1)} %.`
  )
}

const nameOf = ({ method, density, seed }: ExperimentRun): string =>
  `${method}${density === 1 ? '' : `, ${percentOf(density)}`}, seed ${seed}`

/** Every flag that was raised, or that none was. */
export const flagsOf = ({ runs }: ExperimentRecord): readonly string[] => {
  const flags = runs.flatMap((run) =>
    [...run.robustness.flags, ...(run.audit?.flags ?? [])].map(
      ({ name, reason }) => `FLAG ${nameOf(run)}: ${name}: ${reason}`
    )
  )
  const audited = runs.some(({ audit }) => audit !== undefined)
  return flags.length > 0 ? flags : [`No flag was raised${audited ? '' : ' (no audit was asked for)'}.`]
}

/** Every layer of which a mask keeps nothing: what comes behind it no longer sees the input. */
export const emptiedOf = ({ runs }: ExperimentRecord): readonly string[] =>
  runs.flatMap((run) =>
    (run.measures?.layers ?? []).flatMap(({ kept }, i) =>
      kept > 0 ? [] : [`EMPTY ${nameOf(run)}: layer ${i + 1} keeps no weight`]
    )
  )

/** Who computed the numbers. */
export const executedOf = ({ runs }: ExperimentRecord): string =>
  [
    ...new Set(
      runs.map(
        ({ executed: { engine, backend, threads } }) =>
          `${engine} (${backend}), ${threads} ${threads === 1 ? 'thread' : 'threads'}`
      )
    )
  ]
    .map((one) => `executed by ${one}`)
    .join('; ')
