import type * as E from 'fp-ts/lib/Either.js'
import { mean } from '../../lib/core/mean.js'
import { plot, type TangentError } from '../../lib/index.js'
import { estimate } from '../../lib/report/estimate.js'
import type { Row } from './regime.js'
import { markdownTable } from './table.js'

// What the rows of harness/regime.ts say, as the tables and the picture of docs/tickets.md.

type Value = Exclude<keyof Row, 'width' | 'seed' | 'method'>

const DENSE = 'dense'
const [OTHER, SCORE, TICKET] = ['another start', 'kernel trace', 'ticket 300']

const widthsOf = (rows: readonly Row[]): readonly number[] => [...new Set(rows.map(({ width }) => width))]

const valuesOf = (rows: readonly Row[], width: number, method: string, value: Value): readonly number[] =>
  rows.filter((row) => row.width === width && row.method === method).flatMap((row) => row[value] ?? [])

type Column = readonly [head: string, method: string, value: Value, digits: number]

const tableOf = (rows: readonly Row[], columns: readonly Column[]): string =>
  markdownTable(
    ['width', 'seeds', ...columns.map(([head]) => head)],
    widthsOf(rows).map((width) => [
      `${width}`,
      `${valuesOf(rows, width, DENSE, 'drift').length}`,
      ...columns.map(([, method, value, digits]) =>
        mean(valuesOf(rows, width, method, value)).toFixed(digits)
      )
    ])
  )

/** Whether the kernels at the start say what training does. */
const THEORY: readonly Column[] = [
  ['drift: dense', DENSE, 'drift', 3],
  ['drift: ticket', TICKET, 'drift', 3],
  ['error: dense', DENSE, 'prediction', 3],
  ['error: ticket', TICKET, 'prediction', 3]
]

/** How far masks are from the dense network, and what the kernels say of it. */
const MASKS: readonly Column[] = [
  ['kernel: score', SCORE, 'kernel', 3],
  ['kernel: ticket', TICKET, 'kernel', 3],
  ['training: another start', OTHER, 'training', 3],
  ['training: score', SCORE, 'training', 3],
  ['training: ticket', TICKET, 'training', 3],
  ['said: score', SCORE, 'linear', 3],
  ['said: ticket', TICKET, 'linear', 3],
  ['bound: ticket', TICKET, 'bound', 1]
]

/** What three times as many steps do for a mask. */
const LONGER: readonly Column[] = [
  ['another start', OTHER, 'training', 3],
  ['random ERK', 'random ERK', 'training', 3],
  ['score', SCORE, 'training', 3],
  ['ticket', TICKET, 'training', 3],
  ['random ERK, 3 ×', 'random ERK', 'longer', 3],
  ['score, 3 ×', SCORE, 'longer', 3],
  ['ticket, 3 ×', TICKET, 'longer', 3]
]

/** The slope of the least squares of the logarithm of y on that of x. */
export const logSlope = (points: readonly (readonly [x: number, y: number])[]): number => {
  const [xs, ys] = [0, 1].map((k) => points.map((point) => Math.log(point[k]!)))
  const [x, y] = [mean(xs!), mean(ys!)]
  const over = xs!.reduce((sum, each, i) => sum + (each - x) * (ys![i]! - y), 0)
  return over / xs!.reduce((sum, each) => sum + (each - x) ** 2, 0)
}

/** The slope of a distance by that of the kernel along the search, over all widths and seeds: `0.05 [0.04, 0.06]`. */
const slope = (rows: readonly Row[], value: 'training' | 'linear'): string => {
  const along = rows.filter(({ method }) => method === SCORE || method.startsWith('ticket'))
  const groups = new Map<string, (readonly [number, number])[]>()
  for (const row of along) {
    const name = `${row.width} ${row.seed}`
    groups.set(name, [...(groups.get(name) ?? []), [row.kernel, row[value]]])
  }
  const { mean: at, interval } = estimate([...groups.values()].map(logSlope))
  return `${at.toFixed(2)} [${interval!.low.toFixed(2)}, ${interval!.high.toFixed(2)}]`
}

/** The tables, and the slopes of the training and of what the kernels say of it. */
export const regimeText = (rows: readonly Row[]): string =>
  [
    tableOf(rows, THEORY),
    tableOf(rows, MASKS),
    tableOf(rows, LONGER),
    `slope trained ${slope(rows, 'training')}, slope said ${slope(rows, 'linear')}`
  ].join('\n\n')

/** What falls with the width, and what does not. */
export const regimePicture = (rows: readonly Row[]): E.Either<TangentError, string> => {
  const series = (name: string, method: string, value: Value): plot.Series => ({
    name,
    points: widthsOf(rows).map((width) => ({ x: width, y: mean(valuesOf(rows, width, method, value)) }))
  })
  return plot.lines(
    [
      series('drift of the dense kernel', DENSE, 'drift'),
      series('ticket: kernel', TICKET, 'kernel'),
      series('ticket: training', TICKET, 'training'),
      series('ticket: what the kernels say', TICKET, 'linear'),
      series('ticket: training, three times as long', TICKET, 'longer'),
      series('another start: training', OTHER, 'training')
    ],
    {
      title: 'what width brings nearer',
      across: 'width of the two hidden layers',
      up: 'relative distance',
      x: 'log',
      y: 'log'
    }
  )
}
