import * as E from 'fp-ts/lib/Either.js'
import { entry } from '../../core/entry.js'
import { fail, type TangentError } from '../../core/error.js'
import { checkOptions, option, type OptionKinds } from '../../core/options.js'
import {
  type AxisOn,
  type AxisOptions,
  boundsOf,
  extentOf,
  finite,
  linearAxis,
  logAxis,
  showNumber
} from './axis.js'
import { colourOf } from './palette.js'
import { figure, layOut } from './drawing.js'
import { band, dot, hints, line, type Mark } from './mark.js'

/** Points that belong together, and how they are drawn. */
export interface Series {
  /** Its name in the legend. */
  readonly name: string
  /** The points, in the order of the line. */
  readonly points: readonly {
    /** The place across. */
    readonly x: number
    /** The height. */
    readonly y: number
    /** Where the band begins at this point, as y less a standard deviation. */
    readonly low?: number
    /** Where the band ends at this point. */
    readonly high?: number
  }[]
  /** Joined by a line, or each on its own. @defaultValue 'line', of `plot.scatter` 'dots' */
  readonly draw?: 'line' | 'dots'
  /**
   * A CSS colour.
   *
   * @defaultValue the next of the palette
   */
  readonly colour?: string
}

/** How lines or points are drawn. */
export interface LinesOptions {
  /** @defaultValue 'lines', or 'points' */
  readonly title?: string
  /** What x is, with its unit. @defaultValue 'x' */
  readonly across?: string
  /** What y is, with its unit. @defaultValue 'y' */
  readonly up?: string
  /** How x is spaced. @defaultValue 'linear' */
  readonly x?: 'linear' | 'log'
  /** How y is spaced. @defaultValue 'linear' */
  readonly y?: 'linear' | 'log'
  /** Pixels from edge to edge: 400 for a telephone. Narrow plots have their legend below. @defaultValue 720 */
  readonly width?: number
}

const kinds: OptionKinds<LinesOptions> = {
  title: option.text,
  across: option.text,
  up: option.text,
  x: option.word('linear', 'log'),
  y: option.word('linear', 'log'),
  width: option.number
}

/** The least width that has room for the numbers of an axis and something beside them. */
export const LEAST_WIDTH = 240

/** The axis through some values; a logarithmic one has none at or below 0. */
const axisThrough = (
  operation: string,
  values: readonly number[],
  spacing: 'linear' | 'log',
  options: Omit<AxisOptions, 'domain'>
): AxisOn => {
  if (spacing === 'linear') return linearAxis({ ...options, domain: extentOf(values, 0.04) })
  const [least, most] = boundsOf(values)
  return least > 0
    ? logAxis({ ...options, domain: [least / 1.1, finite(most * 1.1)] })
    : fail('DataError', operation, 'values above 0 for a logarithmic axis', String(least), options.label)
}

const drawLines = (
  operation: string,
  series: readonly Series[],
  drawn: 'line' | 'dots',
  options: LinesOptions
): string => {
  checkOptions(operation, kinds, options)
  const { title = drawn === 'line' ? 'lines' : 'points', across = 'x', up = 'y', width = 720 } = options
  if (!(width >= LEAST_WIDTH))
    fail('ArgumentError', operation, `at least ${LEAST_WIDTH} pixels`, String(width), 'width')
  const shown = series.map(({ name, points, draw = drawn, colour }, i) => ({
    name,
    points,
    draw,
    colour: colour ?? colourOf(i)
  }))
  const all = shown.flatMap(({ points }) => points)
  if (all.length === 0) fail('ArgumentError', operation, 'something to draw', 'no points')
  const xs = all.map(({ x }) => x)
  const ys = all.flatMap(({ y, low = y, high = y }) => [y, low, high])
  if (![...xs, ...ys].every(Number.isFinite))
    fail('DataError', operation, 'finite numbers', 'NaN or an infinity')
  const marksOf = ({ name, points, draw, colour }: (typeof shown)[number]): readonly Mark[] => {
    const centre = points.map(({ x, y }) => [x, y] as const)
    const textOf = ([x, y]: readonly [number, number]): string =>
      `${name}: ${showNumber(x)}, ${showNumber(y)}`
    const edges = points.filter(({ low, high }) => low !== undefined || high !== undefined)
    return [
      ...(edges.length === 0
        ? []
        : [
            band(
              edges.map(({ x, y, low = y }) => [x, low] as const),
              edges.map(({ x, y, high = y }) => [x, high] as const),
              colour
            )
          ]),
      ...(draw === 'line'
        ? [line(centre, colour), ...hints(centre, textOf)]
        : centre.map((at) => dot(at, colour, { text: textOf(at) })))
    ]
  }
  return figure(
    layOut({
      title,
      x: axisThrough(operation, xs, options.x ?? 'linear', { label: across, wanted: width < 500 ? 5 : 8 }),
      y: axisThrough(operation, ys, options.y ?? 'linear', { label: up }),
      marks: shown.flatMap(marksOf),
      legend: shown.map(({ name, colour, points, draw }) => {
        const value = points.at(-1)?.y
        return { name, colour, ...(draw === 'line' && value !== undefined ? { value } : { shape: 0 }) }
      }),
      width
    })
  )
}

/**
 * Lines over x, each with a band where its points have `low` and `high`, and dots where a series asks for them: a self-contained
 * SVG. An ensemble's mean and deviation, a prediction beside what was measured. Nothing to draw is an ArgumentError; a NaN or
 * infinity, or a value at or below 0 on a logarithmic axis, a DataError.
 *
 * @example
 * import assert from 'node:assert'
 * import * as E from 'fp-ts/lib/Either.js'
 * import { plot } from 'tangentflow'
 *
 * const mean = [0, 1, 2].map((x) => ({ x, y: x ** 2, low: x ** 2 - 0.5, high: x ** 2 + 0.5 }))
 * const seen = [{ x: 1, y: 1.2 }]
 * const svg = plot.lines([{ name: 'ensemble', points: mean }, { name: 'data', points: seen, draw: 'dots' }])
 * assert.ok(E.isRight(svg) && svg.right.includes('<polygon'))
 */
export const lines = entry(
  'plot.lines',
  'Either',
  1,
  (series: readonly Series[], options: LinesOptions = {}): E.Either<TangentError, string> =>
    E.right(drawLines('plot.lines', series, 'line', options))
)

/**
 * Points in the plane, a colour for each series: a self-contained SVG. Otherwise as {@link lines}.
 *
 * @example
 * import assert from 'node:assert'
 * import * as E from 'fp-ts/lib/Either.js'
 * import { plot } from 'tangentflow'
 *
 * const svg = plot.scatter([{ name: 'runs', points: [{ x: 0.1, y: 80 }, { x: 0.2, y: 76 }] }], { across: 'kernel distance' })
 * assert.ok(E.isRight(svg) && svg.right.match(/<circle/g)?.length === 3) // one is the legend's
 */
export const scatter = entry(
  'plot.scatter',
  'Either',
  1,
  (series: readonly Series[], options: LinesOptions = {}): E.Either<TangentError, string> =>
    E.right(drawLines('plot.scatter', series, 'dots', options))
)
