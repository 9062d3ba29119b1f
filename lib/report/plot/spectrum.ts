import { checkOptions, option, type OptionKinds } from '../../core/options.js'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { entry } from '../../core/entry.js'
import { tangentError, type TangentError } from '../../core/error.js'
import { boundsOf, finite, linearAxis, logAxis } from './axis.js'
import { colourOf } from './palette.js'
import { type Drawing, figure, layOut } from './drawing.js'
import { dot, line } from './mark.js'

/** The eigenvalues of one kernel, in any order. */
export interface NamedSpectrum {
  /** Its name in the legend. */
  readonly name: string
  /** The eigenvalues. */
  readonly values: readonly number[]
  /**
   * A CSS colour.
   *
   * @defaultValue the next of the palette
   */
  readonly colour?: string
}

/** How a spectrum is drawn. */
export interface SpectrumOptions {
  /** @defaultValue 'spectrum' */
  readonly title?: string
  /**
   * How modes are spaced: `linear`, or `log`, where a power law is a straight line.
   *
   * @defaultValue 'linear'
   */
  readonly modes?: 'linear' | 'log'
}

const kinds: OptionKinds<SpectrumOptions> = { title: option.text, modes: option.word('linear', 'log') }

/** Below this part of the largest, an eigenvalue in float64 is rounding. */
const LEAST = 1e-16

/** The drawing of {@link spectrum}, for a page. */
export const drawSpectrum = (
  spectra: readonly NamedSpectrum[],
  { title = 'spectrum', modes = 'linear' }: SpectrumOptions = {}
): E.Either<TangentError, Drawing> => {
  const all = spectra.flatMap(({ values }) => values)
  if (!all.every(Number.isFinite))
    return E.left(tangentError('DataError', 'plot.spectrum', 'finite eigenvalues', 'NaN or an infinity'))
  const most = Math.max(0, boundsOf(all)[1])
  if (most === 0)
    return E.left(tangentError('ArgumentError', 'plot.spectrum', 'an eigenvalue above 0', 'none'))
  const shown = spectra.map(({ name, values, colour }, i) => ({
    name,
    colour: colour ?? colourOf(i),
    values: values.filter((value) => value > LEAST * most).sort((a, b) => b - a)
  }))
  const drawn = shown.flatMap(({ values }) => values)
  const count = Math.max(...shown.map(({ values }) => values.length))
  const missing = all.length - drawn.length
  const note = missing === 0 ? '' : `; ${missing} not above zero ${missing === 1 ? 'is' : 'are'} left out`
  const x = (modes === 'log' ? logAxis : linearAxis)({
    domain: [1, Math.max(2, count)],
    label: `mode, from the largest${note}`,
    wanted: 8,
    inset: 10
  })
  const isMode = ({ value }: { readonly value: number }): boolean => Number.isInteger(value) && value <= count
  return E.right(
    layOut({
      title,
      x: (pixels) => ({ ...x(pixels), ticks: x(pixels).ticks.filter(isMode) }),
      y: logAxis({ domain: [boundsOf(drawn)[0] / 1.3, finite(most * 1.3)], label: 'eigenvalue', wanted: 8 }),
      marks: shown.flatMap(({ values, colour }) => {
        const points = values.map((value, k) => [k + 1, value] as const)
        // many modes are a line; each of a few is worth a mark
        const dots = points.length > 200 ? [] : points
        return [
          line(points, colour, { width: 1.5, opacity: 0.5 }),
          ...dots.map((at) => dot(at, colour, { radius: points.length > 60 ? 2 : 3.5 }))
        ]
      }),
      legend: shown.map(({ name, colour, values }) => ({ name, colour, value: values.at(-1) ?? most }))
    })
  )
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
export const spectrum = entry(
  'plot.spectrum',
  'Either',
  1,
  (spectra: readonly NamedSpectrum[], options: SpectrumOptions = {}): E.Either<TangentError, string> =>
    pipe(drawSpectrum(spectra, checkOptions('plot.spectrum', kinds, options)), E.map(figure))
)
