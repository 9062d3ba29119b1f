import { element, type Markup } from '../markup.js'
import { picture } from './drawing.js'
import { cells } from './mark.js'

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
