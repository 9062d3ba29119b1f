import type { ExperimentRun } from '../experiment/record.js'
import { element, type Markup } from './markup.js'
import { tile } from './plot/tile.js'
import type { Level } from './group.js'
import type { Paint } from './accuracy-plots.js'

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
export const maskFigures = ({ masked }: Level, colour: Paint): readonly Markup[] => {
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
