import { element, type Markup, picture } from './svg.js'

const CELL = 14

/** A square picture of one number a pixel, from nothing (clear) to the largest (full colour). */
export const tile = (title: string, values: readonly number[], largest: number, colour: string): Markup => {
  const side = Math.round(Math.sqrt(values.length))
  return picture(
    side * CELL,
    side * CELL,
    title,
    element('rect', { class: 'ground', width: side * CELL, height: side * CELL }),
    ...values.map((value, i) =>
      element('rect', {
        x: (i % side) * CELL,
        y: Math.floor(i / side) * CELL,
        width: CELL,
        height: CELL,
        fill: colour,
        'fill-opacity': (largest > 0 ? value / largest : 0).toFixed(3)
      })
    )
  )
}
