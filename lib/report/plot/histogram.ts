import * as E from 'fp-ts/lib/Either.js'
import { requireWhole } from '../../core/check.js'
import { entry } from '../../core/entry.js'
import { fail, type TangentError } from '../../core/error.js'
import { checkOptions, option, type OptionKinds } from '../../core/options.js'
import { extentOf, linear, linearAxis, showNumber } from './axis.js'
import { colourOf } from './palette.js'
import { figure, layOut } from './drawing.js'
import { LEAST_WIDTH } from './lines.js'
import { band, dot, line, type Mark } from './mark.js'

/** Numbers whose distribution is drawn. */
export interface Sample {
  /** Its name in the legend. */
  readonly name: string
  /** The numbers, in any order. */
  readonly values: readonly number[]
}

/** How a histogram is drawn. */
export interface HistogramOptions {
  /** @defaultValue 'histogram' */
  readonly title?: string
  /** What the values are, with their unit. @defaultValue 'value' */
  readonly across?: string
  /** How many intervals of equal length there are. @defaultValue √n of the largest sample, 5 to 60 */
  readonly bins?: number
  /** Pixels from edge to edge: 400 for a telephone. Narrow plots have their legend below. @defaultValue 720 */
  readonly width?: number
}

const kinds: OptionKinds<HistogramOptions> = {
  title: option.text,
  across: option.text,
  bins: option.number,
  width: option.number
}

/** More intervals than this are narrower than a pixel. */
const MOST_BINS = 1000

/** The share of some values in each of the intervals between `from` and `to`. */
const sharesOf = (values: readonly number[], from: number, to: number, bins: number): readonly number[] => {
  const counts = new Float64Array(bins)
  const place = linear(from, to, 0, bins)
  for (const value of values) counts[Math.min(bins - 1, Math.floor(place(value)))]! += 1
  return Array.from(counts, (count) => count / values.length)
}

const drawHistogram = (samples: readonly Sample[], options: HistogramOptions): string => {
  const operation = 'plot.histogram'
  checkOptions(operation, kinds, options)
  const { title = 'histogram', across = 'value', width = 720 } = options
  if (!(width >= LEAST_WIDTH))
    fail('ArgumentError', operation, `at least ${LEAST_WIDTH} pixels`, String(width), 'width')
  const filled = samples.filter(({ values }) => values.length > 0)
  if (filled.length === 0) fail('ArgumentError', operation, 'something to draw', 'no values')
  if (!filled.every(({ values }) => values.every(Number.isFinite)))
    fail('DataError', operation, 'finite numbers', 'NaN or an infinity')
  const largest = Math.max(...filled.map(({ values }) => values.length))
  const bins = requireWhole(
    operation,
    'bins',
    options.bins ?? Math.max(5, Math.min(60, Math.round(Math.sqrt(largest)))),
    1,
    MOST_BINS
  )
  const [from, to] = extentOf(filled.map(({ values }) => extentOf(values)).flat())
  const at = (bin: number): number =>
    Number.isFinite((to - from) * bins)
      ? from + ((to - from) * bin) / bins
      : from * (1 - bin / bins) + to * (bin / bins)
  const shown = filled.map(({ name, values }, i) => {
    const shares = sharesOf(values, from, to, bins)
    const outline = shares.flatMap((share, bin) => [[at(bin), share] as const, [at(bin + 1), share] as const])
    return { name, shares, outline, colour: colourOf(i) }
  })
  const marksOf = ({ name, shares, outline, colour }: (typeof shown)[number]): readonly Mark[] => [
    band(
      outline.map(([x]) => [x, 0] as const),
      outline,
      colour
    ),
    line(outline, colour),
    ...shares.map((share, bin) => {
      const text = `${name}, ${showNumber(at(bin))} to ${showNumber(at(bin + 1))}: ${showNumber(100 * share)} %`
      return dot([at(bin + 0.5), share], 'transparent', { radius: 6, text })
    })
  ]
  return figure(
    layOut({
      title,
      x: linearAxis({ domain: [from, to], label: across, wanted: width < 500 ? 5 : 8 }),
      y: linearAxis({
        domain: [0, 1.04 * Math.max(...shown.flatMap(({ shares }) => shares))],
        label: 'share'
      }),
      marks: shown.flatMap(marksOf),
      legend: shown.map(({ name, colour }) => ({ name, colour, shape: 0 })),
      width
    })
  )
}

/**
 * The distribution of some numbers, or of several kinds of them over the same intervals: a self-contained SVG. Heights are shares of
 * each sample, so that samples of unequal sizes compare. No values, or no whole number of bins, is an ArgumentError; a NaN or
 * infinity a DataError.
 *
 * @example
 * import assert from 'node:assert'
 * import * as E from 'fp-ts/lib/Either.js'
 * import { plot } from 'tangentflow'
 *
 * const svg = plot.histogram([{ name: 'width 64', values: [0, 1, 1, 4] }], { bins: 4, across: 'Θ(x, x′)' })
 * assert.ok(E.isRight(svg) && svg.right.includes('width 64, 1 to 2: 50 %'))
 */
export const histogram = entry(
  'plot.histogram',
  'Either',
  1,
  (samples: readonly Sample[], options: HistogramOptions = {}): E.Either<TangentError, string> =>
    E.right(drawHistogram(samples, options))
)
