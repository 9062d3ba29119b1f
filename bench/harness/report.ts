import { type Case, type CaseWork, type Comparison, labelOf, totalOf } from './candidate.js'
import type { Machine } from './machine.js'
import type { Row } from './measure.js'
import { showPercent, showTime, table } from './table.js'

/** How many times slower one candidate is than another, on medians. */
export interface Ratio {
  readonly of: string
  readonly to: string
  readonly ratio: number
}

export interface CaseReport {
  readonly case: string
  readonly title: string
  readonly rows: readonly Row[]
  readonly ratios: readonly Ratio[]
  readonly work?: CaseWork
  readonly flops?: number
  readonly best?: Case['best']
}

/** How far a step is from what the same library reaches at most on the same number of threads. */
export interface Limit {
  readonly case: string
  readonly name: string
  readonly threads: number
  /** Milliseconds: the operations of the optimised graph at the highest rate of large products. */
  readonly limit: number
  /** The median over the limit. */
  readonly times: number
}

export interface Report {
  readonly machine: Machine
  readonly cases: readonly CaseReport[]
  /** Absent where the peak was not measured. */
  readonly limits?: readonly Limit[]
}

export type Timed = Extract<Row, { _tag: 'Timed' }>

export const isTimed = (row: Row): row is Timed => row._tag === 'Timed'

/** The pairs of rows that a comparison means. */
const pairs = (
  rows: readonly Timed[],
  { of, to, sameThreads }: Comparison
): readonly (readonly [Timed, Timed])[] =>
  rows
    .filter((row) => row.name === of)
    .flatMap((a) =>
      rows
        .filter((b) => b.name === to && (!sameThreads || a.threads === b.threads))
        .map((b) => [a, b] as const)
    )

export const ratiosOf = (rows: readonly Row[], comparisons: readonly Comparison[]): readonly Ratio[] =>
  comparisons.flatMap((comparison) =>
    pairs(rows.filter(isTimed), comparison).map(([a, b]) => ({
      of: labelOf(a),
      to: labelOf(b),
      ratio: a.steady.median / b.steady.median
    }))
  )

export const reportCase = (work: Case, rows: readonly Row[]): CaseReport => ({
  case: work.name,
  title: work.title,
  rows,
  ratios: ratiosOf(rows, work.comparisons),
  ...(work.work === undefined ? {} : { work: work.work }),
  ...(work.flops === undefined ? {} : { flops: work.flops() }),
  ...(work.best === undefined ? {} : { best: work.best })
})

const header = [
  'candidate / threads asked',
  'median',
  'min',
  'spread',
  'first',
  'trace',
  'diff',
  'optimise',
  'lower',
  'total',
  'error',
  'n',
  'executed'
]

const cells = (row: Timed): readonly string[] => {
  const { steady, stages, executed } = row
  return [
    labelOf(row),
    showTime(steady.median),
    showTime(steady.min),
    showPercent(steady.spread),
    showTime(row.firstRun),
    showTime(stages.trace),
    showTime(stages.differentiate),
    showTime(stages.optimise),
    showTime(stages.lower ?? stages.compile),
    showTime(totalOf(stages)),
    Number.isNaN(row.error) ? '–' : row.error.toExponential(0),
    String(steady.count),
    `${executed.engine} (${executed.backend}), ${executed.threads} ${executed.threads === 1 ? 'thread' : 'threads'}`
  ]
}

/** The first line, cut where it gets long: an error may quote a whole kernel, which the JSON keeps. */
const brief = (reason: string): string => {
  const [first = ''] = reason.split('\n')
  return first.length < reason.length || first.length > 200 ? `${first.slice(0, 200)} …` : first
}

/** One line for all thread counts at which a candidate is missing for the same reason. */
const showMissing = (rows: readonly Row[]): readonly string[] => {
  const lines = rows.flatMap((row): readonly (readonly [string, Row])[] => {
    if (row._tag === 'Timed') return []
    if (row._tag === 'Wrong')
      return [[`WRONG, not timed: ${row.name} ($, on ${row.executed.engine}): ${brief(row.reason)}`, row]]
    return [[`${row._tag === 'Absent' ? 'not there' : 'FAILED'}: ${row.name} ($): ${brief(row.reason)}`, row]]
  })
  return [...new Set(lines.map(([line]) => line))].map((line) => {
    const threads = lines.filter(([other]) => other === line).map(([, row]) => row.threads)
    return line.replace('$', `threads ${threads.join(', ')}`)
  })
}

/** A rate a second in thousand millions, from an amount and milliseconds. */
export const showRate = (amount: number, ms: number): string =>
  amount === 0 ? '–' : (amount / ms / 1e6).toPrecision(3)

/** The columns of a case whose work is known: rates instead of the stages of compiling. */
const rateHeader = ['candidate / threads asked', 'µs', 'spread', 'GFLOP/s', 'GB/s', 'error', 'n', 'executed']

const rateCells =
  ({ flops, bytes }: CaseWork) =>
  ({ name, threads, steady, error, executed }: Timed): readonly string[] => [
    labelOf({ name, threads }),
    showTime(steady.median * 1000),
    showPercent(steady.spread),
    showRate(flops, steady.median),
    showRate(bytes, steady.median),
    error.toExponential(0),
    String(steady.count),
    `${executed.engine} (${executed.backend})`
  ]

/** A case as text for a terminal; times in ms, or in µs where its work is known. */
export const showCase = ({ case: name, title, rows, ratios, work }: CaseReport): string =>
  [
    `${name}: ${title} (${work === undefined ? 'ms' : 'µs'})`,
    '',
    work === undefined
      ? table(header, rows.filter(isTimed).map(cells))
      : table(rateHeader, rows.filter(isTimed).map(rateCells(work))),
    ...showMissing(rows),
    ...(ratios.length === 0 ? [] : ['']),
    ...ratios.map(({ of, to, ratio }) => `${of} takes ${ratio.toFixed(2)} × the time of ${to}`)
  ].join('\n')

export const showMachine = ({ cpu, cores, memoryGiB, platform, node, date, loadAverage }: Machine): string =>
  `${cpu}, ${cores} cores, ${memoryGiB} GiB, ${platform}, Node ${node}, ${date}, load average at start ${loadAverage.toFixed(1)}`
