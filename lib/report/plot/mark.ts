import { element, type Markup } from '../markup.js'
import type { Scale } from './axis.js'

/** What a mark draws with: the scales of both axes, and the inside of the plot in pixels. */
export interface PlotArea {
  readonly x: Scale
  readonly y: Scale
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
}

/** Something that is drawn at values of the axes. */
export type Mark = (area: PlotArea) => Markup

type Point = readonly [x: number, y: number]

const pathOf = (points: readonly Point[], { x, y }: PlotArea): string =>
  points.map((point) => `${x(point[0]).toFixed(1)},${y(point[1]).toFixed(1)}`).join(' ')

/** How a line is drawn; `dash` is what SVG calls `stroke-dasharray`. */
type Stroke = { readonly width?: number; readonly opacity?: number; readonly dash?: string }

/** What a shape says where a pointer rests on it. */
const said = (text: string | undefined): readonly Markup[] =>
  text === undefined ? [] : [element('title', {}, text)]

/** A line through points. */
export const line =
  (points: readonly Point[], colour: string, { width = 2, opacity = 1, dash = 'none' }: Stroke = {}): Mark =>
  (area) =>
    element('polyline', {
      points: pathOf(points, area),
      fill: 'none',
      stroke: colour,
      'stroke-width': width,
      'stroke-opacity': opacity,
      'stroke-dasharray': dash,
      'stroke-linejoin': 'round'
    })

/** A line between two points, such as the ends of an interval. */
export const whisker = (from: Point, to: Point, colour: string, look?: Stroke): Mark =>
  line([from, to], colour, look)

/** The area between two lines. */
export const band =
  (lower: readonly Point[], upper: readonly Point[], colour: string): Mark =>
  (area) =>
    element('polygon', {
      points: pathOf([...upper, ...lower.toReversed()], area),
      fill: colour,
      'fill-opacity': 0.13
    })

/** A disc, or the ring that `open` asks for; `text` is what it says where a pointer rests on it. */
export const dot =
  (
    [x, y]: Point,
    colour: string,
    { radius = 4, open = false, text }: { radius?: number; open?: boolean; text?: string } = {}
  ): Mark =>
  (area) =>
    element(
      'circle',
      {
        cx: area.x(x),
        cy: area.y(y),
        r: radius,
        ...(open ? { class: 'open', stroke: colour, 'stroke-width': 2 } : { fill: colour })
      },
      ...said(text)
    )

/** More points than this are too close to point at one. */
const MOST_HINTS = 60

/** Discs that are not seen, and say the values of a line where a pointer rests on them. */
export const hints = (points: readonly Point[], textOf: (point: Point) => string): readonly Mark[] =>
  points.length > MOST_HINTS
    ? []
    : points.map((at) => dot(at, 'transparent', { radius: 6, text: textOf(at) }))

/** The corners of the shapes that have some, about the origin. */
const CORNERS = ['', '-4,-4 4,-4 4,4 -4,4', '0,-5.5 5.5,0 0,5.5 -5.5,0', '0,-5.5 5,4 -5,4']

/** A small shape at a pixel: 0 is a disc, 1 a square, 2 a diamond, 3 a triangle, and so on from the start. */
export const symbol = (px: number, py: number, shape: number, colour: string, text?: string): Markup => {
  const points = CORNERS[shape % CORNERS.length] ?? ''
  const look = { fill: colour, 'fill-opacity': 0.8 }
  return points === ''
    ? element('circle', { cx: px, cy: py, r: 4.5, ...look }, ...said(text))
    : element(
        'polygon',
        { points, transform: `translate(${px.toFixed(1)} ${py.toFixed(1)})`, ...look },
        ...said(text)
      )
}

/** A point whose shape and colour say what it belongs to. */
export const point =
  ([x, y]: Point, shape: number, colour: string, text?: string): Mark =>
  (area) =>
    symbol(area.x(x), area.y(y), shape, colour, text)

/** A mark so many pixels to the right, beside what is drawn at the same values. */
export const aside =
  (pixels: number, mark: Mark): Mark =>
  (area) =>
    mark({ ...area, x: (value) => area.x(value) + pixels })

/**
 * The cells of a grid as one path for each level, with a strip for each run of equal neighbours in a row: a picture of a large
 * grid has few elements. A cell is `side` pixels wide and high.
 */
export const cells = (
  rows: number,
  columns: number,
  side: number,
  levelOf: (row: number, column: number) => number
): ReadonlyMap<number, string> => {
  const paths = new Map<number, string>()
  for (let i = 0; i < rows; i++) {
    const levels = Array.from({ length: columns }, (_, j) => levelOf(i, j))
    for (let j = 0; j < columns;) {
      const level = levels[j]!
      let end = j + 1
      while (end < columns && levels[end] === level) end++
      const width = (end - j) * side
      paths.set(level, `${paths.get(level) ?? ''}M${j * side} ${i * side}h${width}v${side}h-${width}z`)
      j = end
    }
  }
  return paths
}
