import { type Axis, axes, linearAxis, logAxis } from './axes.js'
import { spread, widthFor } from './lines.js'
import type { Summary } from './statistics.js'
import { element, group, type Markup, picture } from './svg.js'

/** A line through summaries, each with a whisker of one standard deviation. */
export interface WhiskerLine {
  readonly name: string
  /** A CSS colour. */
  readonly colour: string
  readonly points: readonly { readonly x: number; readonly summary: Summary }[]
}

export interface Whiskers {
  readonly title: string
  readonly across: string
  readonly up: string
  /** Where on the logarithmic axis something was measured, and what to call it. */
  readonly marks: Axis['marks']
  readonly lines: readonly WhiskerLine[]
  /** What all are held against: a dashed line from side to side, with a band of one standard deviation. */
  readonly level?: { readonly name: string; readonly colour: string; readonly summary: Summary } | undefined
}

const FRAME = { left: 56, right: 570, top: 36, bottom: 300 }
/** Methods beside one another at the same place, so that whiskers do not hide whiskers. */
const APART = 5

/** Several lines over a logarithmic axis; positions carry the values, so the other axis need not start at zero. */
export const whiskerPlot = ({ title, across, up, marks, lines, level }: Whiskers): Markup => {
  const summaries = [
    ...lines.flatMap(({ points }) => points.map(({ summary }) => summary)),
    ...(level === undefined ? [] : [level.summary])
  ]
  const low = Math.min(...summaries.map(({ mean, sd = 0 }) => mean - sd))
  const high = Math.max(...summaries.map(({ mean, sd = 0 }) => mean + sd))
  const margin = (high - low || 1) * 0.06
  const y = linearAxis([low - margin, high + margin], [FRAME.bottom, FRAME.top], 5, up)
  const values = marks.map(({ value }) => value)
  const inner = [FRAME.left + 30, FRAME.right - 30] as const
  const x: Axis = { ...logAxis([Math.min(...values), Math.max(...values)], inner, 8, across), marks }
  const aside = (i: number): number => (i - (lines.length - 1) / 2) * APART
  const shown = [
    ...(level === undefined ? [] : [{ ...level, end: level.summary.mean }]),
    ...lines.map((line) => ({ ...line, end: line.points.at(-1)?.summary.mean ?? low }))
  ]
  const heights = spread(
    shown.map(({ end }) => y.scale(end)),
    FRAME.bottom
  )
  const sides = { x1: FRAME.left, x2: FRAME.right }
  return picture(
    widthFor(
      shown.map(({ name }) => name),
      FRAME.right
    ),
    FRAME.bottom + 50,
    title,
    axes(x, y, FRAME),
    ...(level === undefined
      ? []
      : [
          element('rect', {
            x: FRAME.left,
            y: y.scale(level.summary.mean + (level.summary.sd ?? 0)),
            width: FRAME.right - FRAME.left,
            height: y.scale(0) - y.scale(2 * (level.summary.sd ?? 0)),
            fill: level.colour,
            'fill-opacity': '0.13'
          }),
          element('line', {
            ...sides,
            y1: y.scale(level.summary.mean),
            y2: y.scale(level.summary.mean),
            stroke: level.colour,
            'stroke-width': 2,
            'stroke-dasharray': '6 4'
          })
        ]),
    ...lines.map(({ points, colour }, i) => {
      const at = points.map(({ x: place, summary }) => ({ px: x.scale(place) + aside(i), ...summary }))
      return group(
        element('polyline', {
          points: at.map(({ px, mean }) => `${px.toFixed(1)},${y.scale(mean).toFixed(1)}`).join(' '),
          fill: 'none',
          stroke: colour,
          'stroke-width': 1.5,
          'stroke-opacity': 0.6
        }),
        ...at.map(({ px, mean, sd = 0 }) =>
          group(
            element('line', {
              x1: px,
              x2: px,
              y1: y.scale(mean - sd),
              y2: y.scale(mean + sd),
              stroke: colour,
              'stroke-width': 2
            }),
            element('circle', { cx: px, cy: y.scale(mean), r: 4, fill: colour })
          )
        )
      )
    }),
    ...shown.map(({ name, colour }, i) =>
      element('text', { class: 'name', x: FRAME.right + 10, y: heights[i]! + 4, fill: colour }, name)
    )
  )
}
