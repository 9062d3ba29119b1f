import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { tangentError, type TangentError } from '../core/error.js'
import { axes, linearAxis, logAxis } from './axes.js'
import { colourOf } from './colours.js'
import { type Drawing, figure } from './figure.js'
import { spread, widthFor } from './lines.js'
import { element, group, type Markup } from './svg.js'

/** The eigenvalues of one kernel, in any order. */
export interface NamedSpectrum {
  readonly name: string
  readonly values: readonly number[]
  /** A CSS colour; the next of the palette unless given. */
  readonly colour?: string
}

/** What stands around the eigenvalues. */
export interface SpectrumOptions {
  /** `spectrum` unless given. */
  readonly title?: string
  /** How modes are spaced: `linear`, or `log`, where a power law is a straight line. `linear` unless given. */
  readonly modes?: 'linear' | 'log'
}

const FRAME = { left: 72, right: 560, top: 68, bottom: 348 }
/** Below this part of the largest, an eigenvalue in float64 is rounding. */
const LEAST = 1e-16

const dots = (points: readonly (readonly [number, number])[], colour: string): Markup =>
  group(
    element('polyline', {
      points: points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' '),
      fill: 'none',
      stroke: colour,
      'stroke-width': 1.5,
      'stroke-opacity': 0.5
    }),
    // many modes are a line; each of a few is worth a mark
    ...(points.length > 200
      ? []
      : points.map(([x, y]) =>
          element('circle', { cx: x, cy: y, r: points.length > 60 ? 2 : 3.5, fill: colour })
        ))
  )

/** The drawing of `spectrum`, to be put where its title is said otherwise. */
export const drawSpectrum = (
  spectra: readonly NamedSpectrum[],
  { modes = 'linear' }: SpectrumOptions
): E.Either<TangentError, Drawing> => {
  const all = spectra.flatMap(({ values }) => values)
  if (!all.every(Number.isFinite)) {
    return E.left(tangentError('DataError', 'plot.spectrum', 'finite eigenvalues', 'NaN or an infinity'))
  }
  const most = Math.max(0, ...all)
  if (most === 0) {
    return E.left(tangentError('ArgumentError', 'plot.spectrum', 'an eigenvalue above 0', 'none'))
  }
  const shown = spectra.map(({ name, values, colour }, i) => ({
    name,
    colour: colour ?? colourOf(i),
    values: values.filter((value) => value > LEAST * most).sort((a, b) => b - a)
  }))
  const drawn = shown.flatMap(({ values }) => values)
  const least = Math.min(...drawn)
  const count = Math.max(...shown.map(({ values }) => values.length))
  const missing = all.length - drawn.length

  const y = logAxis([least / 1.3, most * 1.3], [FRAME.bottom, FRAME.top], 8, 'eigenvalue')
  const note = missing === 0 ? '' : `; ${missing} not above zero ${missing === 1 ? 'is' : 'are'} left out`
  const label = `mode, from the largest${note}`
  const ends = [FRAME.left + 10, FRAME.right - 10] as const
  const x = (modes === 'log' ? logAxis : linearAxis)([1, Math.max(2, count)], ends, 8, label)
  const whole = { ...x, marks: x.marks.filter(({ value }) => Number.isInteger(value) && value <= count) }
  const names = spread(
    shown.map(({ values }) => y.scale(values.at(-1) ?? most)),
    FRAME.bottom
  )
  return E.right({
    width: widthFor(
      spectra.map(({ name }) => name),
      FRAME.right
    ),
    height: FRAME.bottom + 58,
    parts: [
      axes(whole, y, FRAME),
      ...shown.map(({ values, colour }) =>
        dots(
          values.map((value, k) => [x.scale(k + 1), y.scale(value)] as const),
          colour
        )
      ),
      ...shown.map(({ name, colour }, i) =>
        element('text', { class: 'name', x: FRAME.right + 8, y: names[i]! + 4, fill: colour }, name)
      )
    ]
  })
}

/**
 * Eigenvalues on a logarithmic scale, mode by mode from the largest: a self-contained SVG. Values at or below zero
 * (and below 10⁻¹⁶ of the largest) cannot be drawn there; how many are left out is said. Nothing to draw is an
 * ArgumentError, a NaN or infinity a DataError.
 *
 * @example
 * import assert from 'node:assert'
 * import * as E from 'fp-ts/lib/Either.js'
 * import { plot } from 'tangentflow'
 *
 * const svg = plot.spectrum([{ name: 'dense', values: [4.5, 0.25, 0] }])
 * assert.ok(E.isRight(svg) && svg.right.includes('1 not above zero is left out'))
 */
export const spectrum = (
  spectra: readonly NamedSpectrum[],
  { title = 'spectrum', modes = 'linear' }: SpectrumOptions = {}
): E.Either<TangentError, string> =>
  pipe(
    drawSpectrum(spectra, { modes }),
    E.map(({ width, height, parts }) => figure(width, height, title, ...parts))
  )
