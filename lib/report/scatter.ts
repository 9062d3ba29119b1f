import { axes, linearAxis } from './axes.js'
import { widthFor } from './lines.js'
import { element, group, type Markup, picture } from './svg.js'

/** Colours tell one kind of point from another, shapes another kind. */
export interface ScatterPoint {
  readonly x: number
  readonly y: number
  readonly colour: string
  /** 0 a disc, 1 a square, 2 a diamond, 3 a triangle, and so on from the start. */
  readonly shape: number
}

export interface Scatter {
  readonly title: string
  readonly across: string
  readonly up: string
  readonly points: readonly ScatterPoint[]
  /** What the colours mean, and the shapes where there are several. */
  readonly colours: readonly { readonly name: string; readonly colour: string }[]
  readonly shapes: readonly string[]
}

const FRAME = { left: 56, right: 530, top: 36, bottom: 330 }
const LINE = 19

/** The corners of the shapes that have some, about the origin. */
const CORNERS = [
  [],
  ['-4,-4', '4,-4', '4,4', '-4,4'],
  ['0,-5.5', '5.5,0', '0,5.5', '-5.5,0'],
  ['0,-5.5', '5,4', '-5,4']
] as const

const mark = (x: number, y: number, shape: number, colour: string): Markup => {
  const corners = CORNERS[shape % CORNERS.length] ?? []
  const look = { fill: colour, 'fill-opacity': 0.8 }
  return corners.length === 0
    ? element('circle', { cx: x, cy: y, r: 4.5, ...look })
    : element('polygon', {
        points: corners.join(' '),
        transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})`,
        ...look
      })
}

const range = (values: readonly number[]): readonly [number, number] => {
  const [least, most] = [Math.min(...values), Math.max(...values)]
  const margin = (most - least || Math.abs(most) || 1) * 0.06
  return [least - margin, most + margin]
}

/** Points in a plane, at least one. Positions carry the values, so neither axis need start at zero. */
export const scatterPlot = ({ title, across, up, points, colours, shapes }: Scatter): Markup => {
  const x = linearAxis(range(points.map((point) => point.x)), [FRAME.left, FRAME.right], 7, across)
  const y = linearAxis(range(points.map((point) => point.y)), [FRAME.bottom, FRAME.top], 5, up)
  const key = FRAME.right + 30
  const named = (row: number, name: string, shape: number, colour: string, strong: boolean): Markup => {
    const height = FRAME.top + 8 + row * LINE
    return group(
      mark(key, height, shape, colour),
      element(
        'text',
        { ...(strong ? { class: 'name', fill: colour } : {}), x: key + 12, y: height + 4 },
        name
      )
    )
  }
  return picture(
    widthFor([...colours.map(({ name }) => name), ...shapes], key),
    FRAME.bottom + 50,
    title,
    axes(x, y, FRAME),
    ...points.map((point) => mark(x.scale(point.x), y.scale(point.y), point.shape, point.colour)),
    ...colours.map(({ name, colour }, i) => named(i, name, 0, colour, true)),
    ...(shapes.length < 2
      ? []
      : shapes.map((name, i) => named(colours.length + 0.5 + i, name, i, 'var(--quiet)', false)))
  )
}
