import type { Summary } from './statistics.js'
import { element, group, linear, type Markup, picture, ticks } from './svg.js'

/** One line of a plot: its name stands at its right end, in its colour. */
export interface Line {
  readonly name: string
  /** A CSS colour. */
  readonly colour: string
  readonly points: readonly Summary[]
  /** Where its points lie, if not where those of the plot do. */
  readonly xs?: readonly number[]
}

export interface Lines {
  readonly title: string
  readonly across: string
  readonly xs: readonly number[]
  readonly lines: readonly Line[]
}

const WIDTH = 720
/** Room for a letter of a name, in pixels. */
const LETTER = 7.8
const HEIGHT = 320
const LEFT = 48
const RIGHT = 570
const TOP = 12
const BOTTOM = 276
/** Least distance between two names at the right end. */
const SPACING = 17

/** Heights of names above `bottom`: as near to the ends of their lines as their spacing allows. */
export const spread = (wanted: readonly number[], bottom: number): readonly number[] => {
  const order = wanted.map((y, i) => ({ y, i })).sort((a, b) => a.y - b.y)
  let previous = -Infinity
  const down = order.map(({ y, i }) => ({ i, y: (previous = Math.max(y, previous + SPACING)) }))
  const overflow = Math.max(0, previous - bottom)
  return down.sort((a, b) => a.i - b.i).map(({ y }) => y - overflow)
}

/** The width of a picture whose names stand to the right of `right`. */
export const widthFor = (names: readonly string[], right: number): number =>
  Math.max(WIDTH, Math.ceil(right + 18 + LETTER * Math.max(0, ...names.map(({ length }) => length))))

/** Lines over a common axis from zero up, with a band of one standard deviation where there are several seeds. */
export const linePlot = ({ title, across, xs, lines }: Lines): Markup => {
  const highest = Math.max(...lines.flatMap(({ points }) => points.map(({ mean, sd }) => mean + (sd ?? 0))))
  const top = Number.isFinite(highest) && highest > 0 ? highest * 1.04 : 1
  const places = lines.flatMap((line) => line.xs ?? xs)
  const [first, last] = [Math.min(...places), Math.max(...places)]
  const x = linear(first, last, LEFT, RIGHT)
  const y = linear(0, top, BOTTOM, TOP)
  const path = (points: readonly (readonly [number, number])[]): string =>
    points.map(([px, py]) => `${px.toFixed(1)},${py.toFixed(1)}`).join(' ')
  const names = spread(
    lines.map(({ points }) => y(points.at(-1)?.mean ?? 0)),
    BOTTOM
  )
  return picture(
    widthFor(
      lines.map(({ name }) => name),
      RIGHT
    ),
    HEIGHT,
    title,
    ...ticks(0, top, 5).map((tick) =>
      group(
        element('line', { class: 'grid', x1: LEFT, x2: RIGHT, y1: y(tick), y2: y(tick) }),
        element('text', { x: LEFT - 8, y: y(tick) + 4, 'text-anchor': 'end' }, String(tick))
      )
    ),
    ...ticks(first, last, 6).map((tick) =>
      element('text', { x: x(tick), y: BOTTOM + 20, 'text-anchor': 'middle' }, String(tick))
    ),
    element('text', { x: (LEFT + RIGHT) / 2, y: HEIGHT - 4, 'text-anchor': 'middle' }, across),
    ...lines.map(({ points, colour, xs: own = xs }) => {
      const at = points.map(({ mean, sd }, i) => ({ px: x(own[i]!), mean, sd: sd ?? 0 }))
      const upper = at.map(({ px, mean, sd }) => [px, y(mean + sd)] as const)
      const lower = at.map(({ px, mean, sd }) => [px, y(Math.max(0, mean - sd))] as const)
      return group(
        element('polygon', {
          points: path([...upper, ...lower.reverse()]),
          fill: colour,
          'fill-opacity': '0.13'
        }),
        element('polyline', {
          points: path(at.map(({ px, mean }) => [px, y(mean)])),
          fill: 'none',
          stroke: colour,
          'stroke-width': 2,
          'stroke-linejoin': 'round'
        })
      )
    }),
    ...lines.map(({ name, colour }, i) =>
      element('text', { class: 'name', x: RIGHT + 10, y: names[i]! + 4, fill: colour }, name)
    )
  )
}
