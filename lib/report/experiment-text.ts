import type { ExperimentRecord, ExperimentRun } from '../experiment/experiment-record.js'
import { equivalenceNote, equivalenceTable } from './equivalence.js'
import { groupName, levelsOf } from './group.js'
import { relations, relationTable } from './relations.js'
import { pairsNote, type Table, tables } from './tables.js'

/** One standard error of an accuracy on so many examples, in points. */
const standardError = (fraction: number, count: number): string =>
  (100 * Math.sqrt((fraction * (1 - fraction)) / count)).toFixed(1)

/** How many images the accuracies are measured on, under which attacks, their standard error, and what distances are. */
export const accuracyNote = ({ runs }: ExperimentRecord): string => {
  const { robustness } = runs[0] ?? {}
  if (robustness === undefined) return 'no run is done'
  const { count, robust, attacks } = robustness
  const distances = runs.some(({ measures }) => measures?.distance !== undefined)
    ? ' Distances are relative, to the dense network: of the kernel and the outputs at the start, and of the logits along ' +
      'training (dynamics).'
    : ''
  return (
    `${count} test images, robust under ${attacks.map(({ name }) => name).join(', then ')}; one standard error is ` +
    `${standardError(robust, count)} points at ${(100 * robust).toFixed(1)} %.${distances}`
  )
}

const runName = (run: ExperimentRun): string => `${groupName(run)}, seed ${run.seed}`

/** Every flag that was raised, or that none was. */
export const flagsOf = ({ runs }: ExperimentRecord): readonly string[] => {
  const flags = runs.flatMap((run) =>
    [...run.robustness.flags, ...(run.audit?.flags ?? [])].map(
      ({ name, reason }) => `FLAG ${runName(run)}: ${name}: ${reason}`
    )
  )
  const audited = runs.some(({ audit }) => audit !== undefined)
  return flags.length > 0 ? flags : [`No flag was raised${audited ? '' : ' (no audit was asked for)'}.`]
}

/** Every layer of which a mask keeps nothing: what comes behind it no longer sees the input. */
export const emptyLayersOf = ({ runs }: ExperimentRecord): readonly string[] =>
  runs.flatMap((run) =>
    (run.measures?.layers ?? []).flatMap(({ kept }, i) =>
      kept > 0 ? [] : [`EMPTY ${runName(run)}: layer ${i + 1} keeps no weight`]
    )
  )

/** Which engines computed the numbers. */
export const executedOf = ({ runs }: ExperimentRecord): string =>
  [
    ...new Set(
      runs.map(
        ({ executed: { engine, backend, threads } }) =>
          `executed by ${engine} (${backend}), ${threads} ${threads === 1 ? 'thread' : 'threads'}`
      )
    )
  ].join('; ')

/** A table for a terminal: the first column to the left, the others to the right, under a rule. */
const formatTable = ({ headings, rows, starts = [] }: Table): string => {
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => row[column]?.length ?? 0))
  )
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)))
      .join('  ')
      .trimEnd()
  const rule = widths.map((width) => '─'.repeat(width)).join('  ')
  return [
    line(headings),
    rule,
    ...rows.flatMap((row, i) => (starts.includes(i) ? [rule, line(row)] : [line(row)]))
  ].join('\n')
}

/** The tables that there are under their title; nothing where there is none. */
const titled = (title: string, ...some: readonly (Table | undefined)[]): readonly string[] => {
  const measured = some.filter((table) => table !== undefined)
  return measured.length === 0 ? [] : [title, ...measured.map(formatTable)]
}

/** The record as text: what the command prints at its end. Parts that were not measured are left out. */
export const experimentText = (record: ExperimentRecord): string =>
  record.runs.length === 0
    ? `${record.name}\n\n${accuracyNote(record)}`
    : [
        record.name,
        ...titled(accuracyNote(record), tables.summary(record)),
        ...titled('Robust accuracy after each attack.', tables.attacks(record)),
        ...titled(pairsNote, ...levelsOf(record).map(tables.pairs)),
        ...titled(equivalenceNote, equivalenceTable(record)),
        ...titled(
          'Correlations, with 95 % intervals: of runs by a bootstrap over methods and seeds, of means by Fisher’s z.',
          ...relations.map((relation) => relationTable(record, relation))
        ),
        ...titled('The searches, on images kept out of them.', tables.search(record)),
        ...titled('The kernels at the start.', tables.kernels(record)),
        ...titled('Cost, in shares of the dense network and in seconds.', tables.cost(record)),
        ...emptyLayersOf(record),
        ...flagsOf(record),
        executedOf(record)
      ].join('\n\n')
