import { element, fragment, type Markup } from '../../../lib/report/markup.js'
import { showNumber } from '../../../lib/report/plot/axis.js'
import { layOut, type Plot } from '../../../lib/report/plot/drawing.js'
import type { Mark, PlotArea } from '../../../lib/report/plot/mark.js'
import { sequential } from '../../../lib/report/plot/palette.js'
import type { Handle, View } from './lesson.js'

export { element, fragment, type Markup } from '../../../lib/report/markup.js'
export { linearAxis, logAxis, showNumber } from '../../../lib/report/plot/axis.js'
export { colourOf } from '../../../lib/report/plot/palette.js'
export { band, dot, line, type Mark, type PlotArea } from '../../../lib/report/plot/mark.js'

/** A plot of a lesson. */
export interface Chart extends Pick<View, 'title' | 'describe' | 'legend'>, Omit<Plot, 'title' | 'legend'> {
  readonly handles?: (area: PlotArea) => readonly Handle[]
}

/** Width and height of the inside of a chart, of which two fit beside one another, and one on a phone. */
const SIZE = [206, 180] as const

/** Marks that are marked together with all of the same key. */
export const keyed =
  (key: string, says: string, ...marks: readonly Mark[]): Mark =>
  (area) =>
    element('g', { 'data-key': key }, element('title', {}, says), ...marks.map((mark) => mark(area)))

/** Text at values of the axes. */
export const label =
  (
    [x, y]: readonly [number, number],
    text: string,
    {
      dx = 0,
      dy = 0,
      anchor = 'middle',
      colour
    }: { dx?: number; dy?: number; anchor?: string; colour?: string } = {}
  ): Mark =>
  (area) =>
    element(
      'text',
      { x: area.x(x) + dx, y: area.y(y) + dy, 'text-anchor': anchor, class: colour && 'name', fill: colour },
      text
    )

/** A bar from 0 to a value, in the row of an axis of names. */
export const bar =
  (row: number, to: number, fill: string, height = 22): Mark =>
  ({ x, y }) =>
    element('rect', { x: x(0), y: y(row) - height / 2, width: Math.max(0, x(to) - x(0)), height, fill })

/** A plot as a view: the library's axes and marks, with handles where something can be dragged. */
export const chart = ({
  title,
  describe,
  legend,
  handles,
  marks,
  size = SIZE,
  room = 14,
  ...plot
}: Chart): View => {
  let inside: PlotArea | undefined
  const remember: Mark = (area) => {
    inside = area
    return fragment()
  }
  const { width, height, parts } = layOut({ ...plot, title, marks: [remember, ...marks], size, room })
  return {
    title,
    describe,
    width,
    height,
    body: fragment(...parts).text,
    ...(legend !== undefined && { legend }),
    ...(handles !== undefined && inside !== undefined && { handles: handles(inside) })
  }
}

/** A point that is dragged in both directions, whose coordinates are the first two numbers of its control from `place` on. */
export const pointHandle = (
  area: PlotArea,
  {
    control,
    label: name,
    value,
    domain,
    colour,
    place = 0
  }: {
    readonly control: string
    readonly label: string
    readonly value: readonly number[]
    /** Of both axes. */
    readonly domain: readonly [number, number]
    readonly colour: string
    readonly place?: number
  }
): Handle => {
  const [x, y] = [value[place]!, value[place + 1]!]
  return {
    control,
    label: name,
    text: `${showNumber(x)}, ${showNumber(y)}`,
    at: [area.x(x), area.y(y)],
    x: { place, pixels: [area.left, area.right], values: domain },
    y: { place: place + 1, pixels: [area.bottom, area.top], values: domain },
    colour
  }
}

/** A cell of a matrix. */
interface Cell {
  readonly value: number
  readonly text: string
  readonly key: string
}

/** The side of a matrix, in pixels. */
const SIDE = 210

/** Black or white, whichever can be read on a colour `#rrggbb`. */
const inkOn = (colour: string): string => {
  const [r, g, b] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16))
  return 0.299 * r! + 0.587 * g! + 0.114 * b! > 140 ? '#000000' : '#ffffff'
}

/** How a matrix is drawn: its colours go from 0 to `most`. */
type MatrixLook = Pick<View, 'title' | 'describe'> & { readonly most: number }

/** A small matrix with its numbers in its cells. */
const matrix = (
  rows: readonly (readonly Cell[])[],
  names: readonly string[],
  { title, describe, most }: MatrixLook
): View => {
  const [left, top, side] = [40, 30, SIDE / rows.length]
  const nameAt = (x: number, y: number, name: string): Markup =>
    element('text', { x, y, 'text-anchor': 'middle' }, name)
  const cells = rows.flatMap((row, i) =>
    row.map(({ value, text, key }, j) => {
      const colour = sequential(most === 0 ? 0 : value / most)
      const [x, y] = [left + j * side, top + i * side]
      return element(
        'g',
        { 'data-key': key },
        element('title', {}, `Θ(${names[i]!}, ${names[j]!}) = ${text}`),
        element('rect', { class: 'cell', x, y, width: side, height: side, fill: colour }),
        element(
          'text',
          {
            class: 'name',
            x: x + side / 2,
            y: y + side / 2 + 6,
            'text-anchor': 'middle',
            style: `fill: ${inkOn(colour)}; font-size: 17px`
          },
          text
        )
      )
    })
  )
  return {
    title,
    describe,
    width: left + SIDE + 14,
    height: top + SIDE + 14,
    body: fragment(
      ...names.flatMap((name, i) => [
        nameAt(left + (i + 0.5) * side, top - 10, name),
        nameAt(left - 16, top + (i + 0.5) * side + 5, name)
      ]),
      ...cells
    ).text
  }
}

/** A number as a fraction with a denominator up to 64, or with a few digits. */
export const fraction = (value: number): string => {
  const denominator = [1, 2, 3, 4, 6, 8, 9, 16, 32, 64].find(
    (one) => Math.abs(value * one - Math.round(value * one)) < 1e-9 * Math.max(1, Math.abs(value))
  )
  if (denominator === undefined) return showNumber(value)
  const numerator = String(Math.round(value * denominator)).replace('-', '−')
  return denominator === 1 ? numerator : `${numerator}/${denominator}`
}

/** The kernel of two inputs, [[a, b], [b, d]]; its cells have the keys `entry-11`, `entry-12` and `entry-22`. */
export const kernelOfTwo = (
  [a, b, d]: readonly [a: number, b: number, d: number],
  names: readonly [string, string],
  look: MatrixLook
): View => {
  const cell = (value: number, place: string): Cell => ({
    value,
    text: fraction(value),
    key: `entry-${place}`
  })
  return matrix(
    [
      [cell(a, '11'), cell(b, '12')],
      [cell(b, '12'), cell(d, '22')]
    ],
    names,
    look
  )
}
