import type { MethodResult, RunRecord, SearchResult } from './record.js'
import { byMethod, type MethodRuns, percent, show, summarise } from './statistics.js'

/** A table as text: a heading for each column, and rows of as many cells. */
export interface Table {
  readonly headings: readonly string[]
  readonly rows: readonly (readonly string[])[]
  /** The rows before which a line is drawn, counted from 0. */
  readonly starts?: readonly number[]
}

const over = ({ runs }: MethodRuns, digits: number, field: 'kernel' | 'output' | 'dynamics'): string =>
  show(digits, summarise(runs.map((run) => run[field])))

const shares = (
  { runs }: MethodRuns,
  field: keyof Pick<MethodResult, 'density' | 'clean' | 'robust'>
): string => show(1, percent(runs.map((run) => run[field])))

/** How every method did: one row each. Distances are to the dense network; its own are zero and left out. */
export const methodsTable = (record: RunRecord): Table => ({
  headings: ['method', 'weights %', 'clean %', 'robust %', 'kernel distance', 'output distance', 'dynamics'],
  rows: byMethod(record).map((one) => [
    one.method,
    shares({ ...one, runs: one.runs.slice(0, 1) }, 'density'),
    shares(one, 'clean'),
    shares(one, 'robust'),
    ...(one.method === 'dense'
      ? ['–', '–', '–']
      : [over(one, 3, 'kernel'), over(one, 3, 'output'), over(one, 3, 'dynamics')])
  ])
})

/** Distances of the masked network to the dense one before and after the search, on images it has not seen. */
export const searchTable = ({ seeds }: RunRecord): Table => {
  const row = (name: string, field: 'kernel' | 'output'): readonly string[] => [
    name,
    ...(['before', 'after'] as const).map((when: keyof Pick<SearchResult, 'before' | 'after'>) =>
      show(3, summarise(seeds.map(({ search }) => search[when][field])))
    )
  ]
  return {
    headings: ['the search', 'before', 'after'],
    rows: [row('kernel distance', 'kernel'), row('output distance', 'output')]
  }
}

/** A table for a terminal: the first column to the left, the others to the right, under a rule. */
export const formatTable = ({ headings, rows, starts = [] }: Table): string => {
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

/** What stood behind the numbers: who computed them, over how many seeds, in what time. */
export const footing = ({ executed, seeds, seconds }: RunRecord): string =>
  `${seeds.length === 1 ? `seed ${seeds[0]?.seed ?? ''}` : `${seeds.length} seeds, mean ± standard deviation`}; ` +
  `executed by ${executed.engine} (${executed.backend}), ` +
  `${executed.threads} ${executed.threads === 1 ? 'thread' : 'threads'}, ${seconds.toFixed(1)} s`

/** The whole record as text: what `npm start` prints at its end. */
export const textReport = (record: RunRecord): string =>
  [
    formatTable(methodsTable(record)),
    'distances to dense, relative: at initialisation on images kept out; dynamics: of the logits along training',
    formatTable(searchTable(record)),
    footing(record)
  ].join('\n\n')
