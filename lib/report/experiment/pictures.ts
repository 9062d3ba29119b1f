import * as E from 'fp-ts/lib/Either.js'
import type { ExperimentRun } from '../../experiment/record.js'
import { drawSpectrum } from '../spectrum.js'
import { TITLE_ROOM } from '../figure.js'
import { summariseCurves } from '../statistics.js'
import { element, type Markup, picture } from '../svg.js'
import { tile } from '../tile.js'
import { besideDense, type Level, percentOf } from './groups.js'
import type { Paint } from './plots.js'

/** Eigenvalues of each method's kernel beside the dense one's, each the mean over the seeds of those of its place. */
export const spectrumPlot = (level: Level, colour: Paint): readonly Markup[] => {
  const spectra = besideDense(level).flatMap(({ method, runs }) => {
    const lists = runs.flatMap(({ measures }) =>
      measures?.kernel === undefined ? [] : [measures.kernel.eigenvalues]
    )
    return lists.length === 0
      ? []
      : [{ name: method, colour: colour(method), values: summariseCurves(lists).map(({ mean }) => mean) }]
  })
  const drawn = drawSpectrum(spectra, { modes: 'log' })
  return E.isLeft(drawn)
    ? []
    : [
        picture(
          drawn.right.width,
          drawn.right.height - TITLE_ROOM,
          `eigenvalues at ${percentOf(level.density)} of the weights`,
          element('g', { transform: `translate(0 ${-TITLE_ROOM})` }, ...drawn.right.parts)
        )
      ]
}

/** Images of one or three channels, one after another: the sum over channels of each pixel, or nothing if not a square. */
const squareOf = (pixels: readonly number[]): readonly number[] => {
  const channels = [1, 3].find((count) => Number.isInteger(Math.sqrt(pixels.length / count)))
  if (channels === undefined) return []
  const size = pixels.length / channels
  return Array.from({ length: size }, (_, i) =>
    Array.from({ length: channels }, (__, channel) => pixels[channel * size + i]!).reduce((a, b) => a + b, 0)
  )
}

const pixelsOf = (run: ExperimentRun | undefined): readonly number[] => squareOf(run?.measures?.pixels ?? [])

/** What the first layers of a density's methods see, from the first run of each, in shades of one scale. */
export const maskPictures = ({ masked }: Level, colour: Paint): readonly Markup[] => {
  const shown = masked
    .map(({ method, runs }) => ({ method, pixels: pixelsOf(runs[0]) }))
    .filter(({ pixels }) => pixels.length > 0)
  const largest = Math.max(0, ...shown.flatMap(({ pixels }) => pixels))
  return shown.length === 0
    ? []
    : [
        element(
          'div',
          { class: 'tiles' },
          ...shown.map(({ method, pixels }) =>
            element(
              'figure',
              {},
              tile(`first layer of ${method}`, pixels, largest, colour(method)),
              element('figcaption', {}, element('strong', {}, method))
            )
          )
        )
      ]
}
