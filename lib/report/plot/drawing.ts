import { element, fragment, fragmentOf, type Markup } from '../markup.js'
import type { Axis, AxisOn } from './axis.js'
import { palette } from './palette.js'
import { type Mark, type PlotArea, symbol } from './mark.js'

/** A name to the right of a plot. */
export interface LegendEntry {
  readonly name: string
  /** A CSS colour; a name without one is quiet. */
  readonly colour?: string
  /** The value that the name is placed beside, as near as other names allow; without it names follow one another from the top. */
  readonly value?: number
  /** The shape that is drawn before the name, as {@link symbol} numbers them. */
  readonly shape?: number
}

/** A plot before it is laid out. */
export interface Plot {
  /** What a screen reader says. */
  readonly title: string
  readonly x: AxisOn
  readonly y: AxisOn
  /**
   * The axis whose values have lines across the plot.
   *
   * @defaultValue 'y'
   */
  readonly grid?: 'x' | 'y' | 'none'
  readonly marks: readonly Mark[]
  readonly legend?: readonly LegendEntry[]
  /** Width and height of the inside, in pixels. */
  readonly size?: readonly [width: number, height: number]
  /** Pixels to the right of the inside that the marks use, where there is no legend. */
  readonly room?: number
  /** Pixels from edge to edge; below {@link NARROW} the legend is under the plot. @defaultValue 720, or what a legend needs */
  readonly width?: number
}

/** A plot that is laid out: its size in pixels, and what it draws there. */
export interface Drawing {
  readonly title: string
  readonly width: number
  readonly height: number
  readonly parts: readonly Markup[]
}

/** Room for a letter of a name, in pixels. */
const LETTER = 7.8
/** Least distance between two names of the legend. */
const SPACING = 17
/** The width of a plot with a legend, and what of it is beside the inside: plots below one another have equal widths. */
const [WIDTH, BESIDE] = [720, 160]
/** A plot that is narrower has its legend below it. */
const NARROW = 560
/** The room for the numbers and the label of the horizontal axis. */
const LABEL = 50
/** The room for a drawn title. */
const TITLE = 36

const roomOf = (texts: readonly string[]): number =>
  LETTER * Math.max(0, ...texts.map(({ length }) => length))

/** Heights as near to the wanted ones as their spacing allows, none below `bottom`. */
const spread = (wanted: readonly number[], bottom: number): readonly number[] => {
  const order = wanted.map((y, i) => ({ y, i })).sort((a, b) => a.y - b.y)
  let previous = -Infinity
  const down = order.map(({ y, i }) => ({ i, y: (previous = Math.max(y, previous + SPACING)) }))
  const overflow = Math.max(0, previous - bottom)
  return down.sort((a, b) => a.i - b.i).map(({ y }) => y - overflow)
}

/** The names of a legend from `left` on, each at a height. */
const namesAt = (entries: readonly LegendEntry[], left: number, heights: readonly number[]): Markup =>
  fragment(
    ...entries.map(({ name, colour, shape }, i) =>
      fragment(
        shape === undefined ? '' : symbol(left + 6, heights[i]!, shape, colour ?? 'var(--quiet)'),
        element(
          'text',
          {
            class: colour && 'name',
            fill: colour,
            x: left + (shape === undefined ? 0 : 18),
            y: heights[i]! + 4
          },
          name
        )
      )
    )
  )

const legendBeside = (entries: readonly LegendEntry[], { y, right, top, bottom }: PlotArea): Markup =>
  namesAt(
    entries,
    right + 10,
    spread(
      entries.map(({ value }, i) => (value === undefined ? top + 8 + i * SPACING : y(value))),
      bottom
    )
  )

/** The order of the names is that of the lines, as far as they have a place, from the highest on. */
const legendBelow = (entries: readonly LegendEntry[], { left, bottom }: PlotArea): Markup =>
  namesAt(
    [...entries].sort((a, b) => (b.value ?? 0) - (a.value ?? 0)),
    left,
    entries.map((_, i) => bottom + LABEL + (i + 0.5) * SPACING)
  )

/** The numbers and labels of both axes, and the lines of the grid. */
const axes = (x: Axis, y: Axis, grid: Plot['grid'], { left, right, top, bottom }: PlotArea): Markup => {
  const isCentred = roomOf([x.label]) < right - left
  return fragment(
    ...y.ticks.map(({ value, text, colour }) => {
      const height = y.scale(value)
      return fragment(
        grid === 'y' ? element('line', { class: 'grid', x1: left, x2: right, y1: height, y2: height }) : '',
        element(
          'text',
          { x: left - 8, y: height + 4, 'text-anchor': 'end', class: colour && 'name', fill: colour },
          text
        )
      )
    }),
    ...x.ticks.map(({ value, text }) => {
      const place = x.scale(value)
      return fragment(
        grid === 'x' ? element('line', { class: 'grid', x1: place, x2: place, y1: top, y2: bottom }) : '',
        element('text', { x: place, y: bottom + 20, 'text-anchor': 'middle' }, text)
      )
    }),
    element(
      'text',
      {
        x: isCentred ? (left + right) / 2 : left,
        y: bottom + 42,
        'text-anchor': isCentred ? 'middle' : 'start'
      },
      x.label
    ),
    y.label === '' ? '' : element('text', { x: 16, y: top - 14 }, y.label)
  )
}

/** Lays a plot out: the numbers of the vertical axis and the names of the legend get the room that they need. */
export const layOut = ({
  title,
  marks,
  grid = 'y',
  legend = [],
  size,
  room,
  width = WIDTH,
  ...plot
}: Plot): Drawing => {
  const isNarrow = width < NARROW
  const height = size?.[1] ?? 264
  const vertical = (top: number): Axis => plot.y([top + height, top])
  const top = vertical(0).label === '' ? 12 : 36
  const y = vertical(top)
  const left = Math.max(56, 24 + roomOf(y.ticks.map(({ text }) => text)))
  const right = size === undefined ? width - (isNarrow ? 16 : BESIDE) : left + size[0]
  const bottom = top + height
  const x = plot.x([left, right])
  const area: PlotArea = { x: x.scale, y: y.scale, left, right, top, bottom }
  const names = roomOf(legend.map(({ name }) => name))
  const shapes = legend.some(({ shape }) => shape !== undefined) ? 18 : 0
  return {
    title,
    width: Math.ceil(
      Math.max(
        room === undefined ? width : right + room,
        (isNarrow ? left : right + 18) + shapes + names,
        left + roomOf([x.label])
      )
    ),
    height: bottom + LABEL + (isNarrow ? legend.length * SPACING : 0),
    parts: [
      axes(x, y, grid, area),
      fragmentOf(marks.map((mark) => mark(area))),
      (isNarrow ? legendBelow : legendBeside)(legend, area)
    ]
  }
}

const svg = (
  { title, width, height }: Omit<Drawing, 'parts'>,
  look: Readonly<Record<string, string>>,
  ...parts: readonly Markup[]
): Markup =>
  element(
    'svg',
    { ...look, viewBox: `0 0 ${width} ${height}`, width, height, role: 'img', 'aria-label': title },
    ...parts
  )

/** A drawing for a page, which gives it its look and says what it is; `title` is what a screen reader says. */
export const picture = (drawing: Drawing): Markup => svg(drawing, {}, ...drawing.parts)

const look = `${palette('svg.figure')}
svg.figure { max-width: 100%; height: auto; }
svg.figure text { font: 13px system-ui, sans-serif; }
svg.figure text:not(.name) { fill: var(--quiet); }
svg.figure text.title { font-size: 15px; font-weight: 600; fill: var(--ink); }
svg.figure text.name { font-weight: 600; }
svg.figure .paper { fill: var(--paper); }
svg.figure .grid { stroke: var(--rule); stroke-width: 1; }
svg.figure .edge { stroke: var(--rule); stroke-width: 1; fill: none; }
`

/**
 * A drawing as a file of its own: an SVG with its own look, light or dark as the reader's screen is, which may also be
 * put into a page as it is. The title is drawn above, and is what a screen reader says.
 */
export const figure = ({ title, parts, ...size }: Drawing): string => {
  const [width, height] = [
    Math.max(size.width, Math.ceil(32 + LETTER * 1.2 * title.length)),
    size.height + TITLE
  ]
  return svg(
    { title, width, height },
    { xmlns: 'http://www.w3.org/2000/svg', class: 'figure' },
    element('style', {}, look),
    element('rect', { class: 'paper', width, height }),
    element('text', { class: 'title', x: 16, y: 26 }, title),
    element('g', { transform: `translate(0 ${TITLE})` }, ...parts)
  ).text
}
