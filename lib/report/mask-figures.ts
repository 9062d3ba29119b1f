import type { ExperimentRun } from '../experiment/experiment-record.js'
import type { Level } from './group.js'
import { element, type Markup } from './markup.js'
import { picture } from './plot/drawing.js'
import { cells } from './plot/mark.js'
import type { Paint } from './plot/palette.js'

/** Images of one or three channels, one after another: the sum over channels of each pixel, or nothing if not a square. */
const squareOf = (pixels: readonly number[]): readonly number[] => {
  const channels = [1, 3].find((count) => Number.isInteger(Math.sqrt(pixels.length / count)))
  if (channels === undefined) return []
  const size = pixels.length / channels
  return Array.from({ length: size }, (_, i) =>
    Array.from({ length: channels }, (__, channel) => pixels[channel * size + i]!).reduce((a, b) => a + b, 0)
  )
}

/** Width of a small picture, in pixels; each of its cells has at least 4. */
const WIDTH = 112
const LEAST_CELL = 4

/** A small square picture of one number a pixel, from nothing (clear) to the largest (full colour). */
export const tile = (title: string, values: readonly number[], largest: number, colour: string): Markup => {
  const count = Math.round(Math.sqrt(values.length))
  const side = Math.max(LEAST_CELL, Math.round(WIDTH / count))
  const paths = cells(count, count, side, (row, column) => values[row * count + column]!)
  const width = count * side
  return picture({
    title,
    width,
    height: width,
    parts: [
      element('rect', { class: 'ground', width, height: width }),
      ...[...paths]
        .filter(([value]) => value > 0)
        .map(([value, d]) =>
          element('path', {
            d,
            fill: colour,
            'fill-opacity': (largest > 0 ? value / largest : 0).toFixed(3),
            'shape-rendering': 'crispEdges'
          })
        )
    ]
  })
}

const pixelsOf = (run: ExperimentRun | undefined): readonly number[] => squareOf(run?.measures?.pixels ?? [])

/** What the first layers of a density's methods see, from the first run of each, in shades of one scale. */
export const maskFigures = ({ masked }: Level, colour: Paint): readonly Markup[] => {
  const shown = masked
    .map(({ method, runs }) => ({ method, pixels: pixelsOf(runs[0]) }))
    .filter(({ pixels }) => pixels.length > 0)
  const largest = Math.max(0, ...shown.flatMap(({ pixels }) => pixels))
  const figures = shown.map(({ method, pixels }) =>
    element(
      'figure',
      {},
      tile(`first layer of ${method}`, pixels, largest, colour(method)),
      element('figcaption', {}, element('strong', {}, method))
    )
  )
  return figures.length === 0 ? [] : [element('div', { class: 'tiles' }, ...figures)]
}
