import { element, group, type Markup } from '../markup.js'
import { show, type Summary } from '../estimate.js'
import { extentOf, linear, linearAxis } from './axis.js'
import { layOut, picture } from './drawing.js'
import { dot, line, type Mark, point, whisker } from './mark.js'

/** One row of the accuracy plot. */
export interface AccuracyRow {
  readonly name: string
  /** A CSS colour. */
  readonly colour: string
  readonly clean: Summary
  readonly robust: Summary
}

/** The height of a row, and where the columns of numbers begin to the right of the plot. */
const [ROW, ROBUST, CLEAN] = [34, 20, 112]

/** The columns of numbers beside the rows. */
const numbers =
  (rows: readonly AccuracyRow[]): Mark =>
  ({ y, right, top }) => {
    const column = (offset: number, heading: string, of: (row: AccuracyRow) => Summary): Markup =>
      group(
        element('text', { x: right + offset, y: top - 14 }, heading),
        ...rows.map((row, i) => element('text', { x: right + offset, y: y(i) + 4 }, show(1, of(row))))
      )
    return group(
      column(ROBUST, 'robust', ({ robust }) => robust),
      column(CLEAN, 'clean', ({ clean }) => clean)
    )
  }

/**
 * Accuracies in per cent, a row for each method: a full mark under attack, an open one on the images as they are, with
 * whiskers of one standard deviation. Positions carry the values, so the axis need not start at zero.
 */
export const dotPlot = (title: string, rows: readonly AccuracyRow[]): Markup => {
  const least = Math.min(
    ...rows.map(({ robust, clean }) => Math.min(robust.mean - (robust.sd ?? 0), clean.mean))
  )
  const ends = ({ mean, sd = 0 }: Summary, i: number, colour: string): Mark =>
    whisker([mean - sd, i], [Math.min(100, mean + sd), i], colour)
  const ticks = rows.map(({ name, colour }, value) => ({ value, text: name, colour }))
  return picture(
    layOut({
      title,
      x: linearAxis({
        domain: [Math.max(0, Math.floor(least / 5) * 5), 100],
        label: 'test accuracy, %',
        wanted: 6
      }),
      y: (pixels) => ({ scale: linear(rows.length - 0.5, -0.5, ...pixels), ticks, label: 'method' }),
      grid: 'x',
      size: [390, rows.length * ROW],
      room: 200,
      marks: [
        ...rows.flatMap(({ colour, clean, robust }, i) => [
          line(
            [
              [robust.mean, i],
              [clean.mean, i]
            ],
            'var(--rule)',
            { width: 1 }
          ),
          ends(robust, i, colour),
          dot([robust.mean, i], colour, { radius: 5.5 }),
          ends(clean, i, colour),
          dot([clean.mean, i], colour, { radius: 5, open: true })
        ]),
        numbers(rows)
      ]
    })
  )
}

/** A point whose colour tells one thing, and whose shape another. */
export interface ScatterPoint {
  readonly x: number
  readonly y: number
  readonly colour: string
  /** 0 is a disc, 1 a square, 2 a diamond, 3 a triangle, and so on from the start. */
  readonly shape: number
}

/** Points, and what their colours and shapes mean. */
export interface Scatter {
  readonly title: string
  readonly across: string
  readonly up: string
  readonly points: readonly ScatterPoint[]
  readonly colours: readonly { readonly name: string; readonly colour: string }[]
  /** The meaning of each shape, said where there are several. */
  readonly shapes: readonly string[]
}

/** Points in a plane, at least one. Positions carry the values, so neither axis need start at zero. */
export const scatterPlot = ({ title, across, up, points, colours, shapes }: Scatter): Markup =>
  picture(
    layOut({
      title,
      x: linearAxis({
        domain: extentOf(
          points.map(({ x }) => x),
          0.06
        ),
        label: across,
        wanted: 7
      }),
      y: linearAxis({
        domain: extentOf(
          points.map(({ y }) => y),
          0.06
        ),
        label: up
      }),
      marks: points.map(({ x, y, shape, colour }) => point([x, y], shape, colour)),
      legend: [
        ...colours.map((one) => ({ ...one, shape: 0 })),
        ...(shapes.length < 2 ? [] : shapes.map((name, shape) => ({ name, shape })))
      ]
    })
  )
