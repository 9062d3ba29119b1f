import type { ExperimentRecord } from '../experiment-record.js'
import { percentOf } from './groups.js'

/** One standard error of an accuracy on so many examples, in points. */
const standardError = (fraction: number, count: number): string =>
  (100 * Math.sqrt((fraction * (1 - fraction)) / count)).toFixed(1)

/** On how much the accuracies rest. */
export const groundOf = ({ runs }: ExperimentRecord): string => {
  const { robustness } = runs[0] ?? {}
  return robustness === undefined
    ? 'no run is done'
    : `${robustness.count} test images; one standard error is ${standardError(robustness.robust, robustness.count)} ` +
        `points at ${(100 * robustness.robust).toFixed(1)} %. Attacks follow one another: each column is what stands after it.`
}

/** Every flag that was raised, or that none was. */
export const flagsOf = ({ runs }: ExperimentRecord): readonly string[] => {
  const flags = runs.flatMap(({ method, density, seed, robustness, audit }) =>
    [...robustness.flags, ...(audit?.flags ?? [])].map(
      ({ name, reason }) =>
        `FLAG ${method}${density === 1 ? '' : `, ${percentOf(density)}`}, seed ${seed}: ${name}: ${reason}`
    )
  )
  const audited = runs.some(({ audit }) => audit !== undefined)
  return flags.length > 0 ? flags : [`No flag was raised${audited ? '' : ' (no audit was asked for)'}.`]
}

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
