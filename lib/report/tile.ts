import { element, type Markup, picture } from './svg.js'

/** Width of a small picture, in pixels; each of its cells has at least 4. */
const WIDTH = 112
const LEAST_CELL = 4

/** The pixels of one value as one path: a strip for each run of neighbours in a row. */
const strips = (values: readonly number[], side: number, cell: number, value: number): string =>
  values
    .flatMap((one, i) => {
      if (one !== value || (i % side > 0 && values[i - 1] === value)) return []
      const rest = values.slice(i, i - (i % side) + side)
      const end = rest.findIndex((other) => other !== value)
      const wide = (end < 0 ? rest.length : end) * cell
      return [`M${(i % side) * cell} ${Math.floor(i / side) * cell}h${wide}v${cell}h-${wide}z`]
    })
    .join('')

/** A square picture of one number a pixel, from nothing (clear) to the largest (full colour). */
export const tile = (title: string, values: readonly number[], largest: number, colour: string): Markup => {
  const side = Math.round(Math.sqrt(values.length))
  const cell = Math.max(LEAST_CELL, Math.round(WIDTH / side))
  // a path for each value and not a square for each pixel: counts repeat, and a page has dozens of pictures
  const levels = [...new Set(values)].filter((value) => value > 0)
  return picture(
    side * cell,
    side * cell,
    title,
    element('rect', { class: 'ground', width: side * cell, height: side * cell }),
    ...levels.map((value) =>
      element('path', {
        d: strips(values, side, cell, value),
        fill: colour,
        'fill-opacity': (largest > 0 ? value / largest : 0).toFixed(3),
        'shape-rendering': 'crispEdges'
      })
    )
  )
}
