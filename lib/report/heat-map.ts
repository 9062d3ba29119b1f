import * as E from 'fp-ts/lib/Either.js'
import { tangentError, type TangentError } from '../core/error.js'
import type { NdArray } from '../core/ndarray.js'
import { showShape } from '../core/shape.js'
import { showNumber } from './axes.js'
import { type ColourMap, diverging, sequential } from './colour-map.js'
import { figure } from './figure.js'
import { element, group, linear, type Markup, ticks } from './svg.js'

/** What stands around the picture of a kernel. */
export interface HeatMapOptions {
  /** `kernel` unless given. */
  readonly title?: string
  /** What a row is; `example`, or `example and output` for a kernel [n, n, o, o], unless given. */
  readonly across?: string
}

/** A matrix, or the block means of a large one. */
interface Cells {
  readonly rows: number
  readonly columns: number
  /** How many elements a cell is the mean of, along each side. */
  readonly block: number
  readonly at: (row: number, column: number) => number
}

/** More cells than this along a side are smaller than a pixel can show, and make large files. */
const MOST = 120

const cellsOf = (rows: number, columns: number, element: (row: number, column: number) => number): Cells => {
  const block = Math.ceil(Math.max(rows, columns) / MOST)
  return {
    rows: Math.ceil(rows / block),
    columns: Math.ceil(columns / block),
    block,
    at: (row, column) => {
      let [sum, count] = [0, 0]
      for (let i = row * block; i < Math.min(rows, (row + 1) * block); i++)
        for (let j = column * block; j < Math.min(columns, (column + 1) * block); j++) {
          sum += element(i, j)
          count++
        }
      return sum / count
    }
  }
}

/** Shades: as many as an eye tells apart, so that cells of one shade can be one path. */
const SHADES = 64

/** All cells of one shade are one path of horizontal runs. */
const paint = ({ rows, columns, at }: Cells, shareOf: (value: number) => number, map: ColourMap): Markup => {
  const paths = Array.from({ length: SHADES }, () => '')
  for (let i = 0; i < rows; i++) {
    const shades = Array.from({ length: columns }, (_, j) =>
      Math.min(SHADES - 1, Math.max(0, Math.floor(shareOf(at(i, j)) * SHADES)))
    )
    for (let j = 0; j < columns;) {
      let end = j + 1
      while (end < columns && shades[end] === shades[j]) end++
      paths[shades[j]!]! += `M${j} ${i}h${end - j}v1h${j - end}z`
      j = end
    }
  }
  return group(
    ...paths.flatMap((d, shade) =>
      d === '' ? [] : [element('path', { fill: map((shade + 0.5) / SHADES), d })]
    )
  )
}

const LEFT = 64
const TOP = 56
const SIDE = 400
const BAR = 16

const colourBar = (x: number, height: number, low: number, high: number, map: ColourMap): Markup => {
  const y = linear(low, high, TOP + height, TOP)
  const step = height / SHADES
  return group(
    ...Array.from({ length: SHADES }, (_, s) =>
      element('rect', {
        x,
        y: TOP + height - (s + 1) * step,
        width: BAR,
        height: step + 0.5,
        fill: map((s + 0.5) / SHADES)
      })
    ),
    element('rect', { class: 'edge', x, y: TOP, width: BAR, height }),
    ...ticks(low, high, 5).map((tick) =>
      element('text', { x: x + BAR + 8, y: y(tick) + 4 }, showNumber(tick))
    )
  )
}

/** The kernel's elements by row and column, with (example, output) as rows where there are outputs. */
const matrixOf = ({ shape, data }: NdArray): Cells | undefined => {
  const [n = 0, m = 0, o = 1, p = 1] = shape
  if ((shape.length !== 2 && shape.length !== 4) || o !== p || n === 0 || m === 0) return undefined
  return cellsOf(n * o, m * o, (row, column) => {
    const [i, a, j, b] = [Math.floor(row / o), row % o, Math.floor(column / o), column % o]
    return data[((i * m + j) * o + a) * o + b]!
  })
}

/**
 * A kernel as a heat map: a self-contained SVG. Kernels are [n, m], or [n, m, o, o] with (example, output) as rows and columns;
 * above 120 rows or columns a cell is the mean of a block, and says so. Colours run from the smallest element to the
 * largest (viridis); where elements have both signs, to either side of zero (purple for positive). Another shape is a
 * ShapeError, a NaN or infinity a DataError.
 *
 * @example
 * import assert from 'node:assert'
 * import * as E from 'fp-ts/lib/Either.js'
 * import { ndarray, plot } from 'tangentflow'
 *
 * const svg = plot.heatMap(ndarray.fromNested([[4.25, 1], [1, 0.5]]), { title: 'Θ at initialisation' })
 * assert.ok(E.isRight(svg) && svg.right.startsWith('<svg xmlns='))
 */
export const heatMap = (
  kernel: NdArray,
  { title = 'kernel', across }: HeatMapOptions = {}
): E.Either<TangentError, string> => {
  const cells = matrixOf(kernel)
  if (cells === undefined) {
    return E.left(
      tangentError('ShapeError', 'plot.heatMap', 'a kernel [n, m] or [n, m, o, o]', showShape(kernel.shape))
    )
  }
  const stray = kernel.data.findIndex((x) => !Number.isFinite(x))
  if (stray >= 0) {
    return E.left(
      tangentError('DataError', 'plot.heatMap', 'finite numbers', `${kernel.data[stray]}`, `kernel[${stray}]`)
    )
  }
  let [least, most] = [Infinity, -Infinity]
  for (let i = 0; i < cells.rows; i++)
    for (let j = 0; j < cells.columns; j++) {
      least = Math.min(least, cells.at(i, j))
      most = Math.max(most, cells.at(i, j))
    }
  const signed = least < 0 && most > 0
  const reach = Math.max(most, -least)
  const [low, high] = signed ? [-reach, reach] : least === most ? [least - 0.5, most + 0.5] : [least, most]
  const map = signed ? diverging : sequential

  const unit = SIDE / Math.max(cells.rows, cells.columns)
  const [width, height] = [unit * cells.columns, unit * cells.rows]
  const named = (count: number): readonly number[] =>
    ticks(0, count * cells.block - 1, 5).filter(Number.isInteger)
  const place = (index: number): number => ((index + 0.5) / cells.block) * unit
  const outputs = kernel.shape.length === 4 && kernel.shape[2]! > 1
  const label = across ?? (outputs ? 'example and output' : 'example')
  const note = cells.block === 1 ? '' : `; a cell is the mean of ${cells.block} × ${cells.block} elements`
  return E.right(
    figure(
      LEFT + width + 130,
      TOP + height + 58,
      title,
      element(
        'g',
        { transform: `translate(${LEFT} ${TOP}) scale(${unit})`, 'shape-rendering': 'crispEdges' },
        paint(cells, linear(low, high, 0, 1), map)
      ),
      element('rect', { class: 'edge', x: LEFT, y: TOP, width, height }),
      ...named(cells.columns).map((index) =>
        element(
          'text',
          { x: LEFT + place(index), y: TOP + height + 18, 'text-anchor': 'middle' },
          String(index)
        )
      ),
      ...named(cells.rows).map((index) =>
        element('text', { x: LEFT - 8, y: TOP + place(index) + 4, 'text-anchor': 'end' }, String(index))
      ),
      element('text', { x: LEFT, y: TOP + height + 42 }, `${label}${note}`),
      colourBar(LEFT + width + 24, height, low, high, map)
    )
  )
}
