import * as E from 'fp-ts/lib/Either.js'
import { tangentError, type TangentError } from '../../core/error.js'
import type { NdArray } from '../../core/ndarray.js'
import { showShape } from '../../core/shape.js'
import { element, fragment } from '../markup.js'
import { type AxisOn, linear, linearAxis, roundNumbers } from './axis.js'
import { type ColourMap, diverging, sequential } from './palette.js'
import { figure, layOut } from './drawing.js'
import { cells, type Mark } from './mark.js'

/** How a kernel is drawn. */
export interface HeatMapOptions {
  /** @defaultValue 'kernel' */
  readonly title?: string
  /**
   * What a row is.
   *
   * @defaultValue 'example', or 'example and output' for a kernel [n, n, o, o]
   */
  readonly across?: string
}

/** A matrix, or the block means of a large one. */
interface Blocks {
  readonly rows: number
  readonly columns: number
  /** How many elements a cell is the mean of, along each side. */
  readonly block: number
  readonly at: (row: number, column: number) => number
}

/** More cells than this along a side are smaller than a pixel can show, and make large files. */
const MOST = 120

const blocksOf = (
  rows: number,
  columns: number,
  element: (row: number, column: number) => number
): Blocks => {
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
/** Pixels of the longer side of the map. */
const SIDE = 400
/** Width of the bar of colours, and its distance from the map. */
const [BAR, BESIDE] = [16, 24]

/** The bar that says which colour is which number. */
const colourBar =
  (domain: readonly [number, number], map: ColourMap): Mark =>
  ({ top, bottom, right }) => {
    const { scale, ticks } = linearAxis({ domain, label: '' })([bottom, top])
    const step = (bottom - top) / SHADES
    const x = right + BESIDE
    return fragment(
      ...Array.from({ length: SHADES }, (_, s) =>
        element('rect', {
          x,
          y: bottom - (s + 1) * step,
          width: BAR,
          height: step + 0.5,
          fill: map((s + 0.5) / SHADES)
        })
      ),
      element('rect', { class: 'edge', x, y: top, width: BAR, height: bottom - top }),
      ...ticks.map(({ value, text }) => element('text', { x: x + BAR + 8, y: scale(value) + 4 }, text))
    )
  }

/** The cells, all of one shade in one path, and their edge. */
const colouredCells =
  (
    { rows, columns, at }: Blocks,
    unit: number,
    [low, high]: readonly [number, number],
    colours: ColourMap
  ): Mark =>
  ({ left, right, top, bottom }) => {
    const share = linear(low, high, 0, SHADES)
    const shades = cells(rows, columns, 1, (row, column) =>
      Math.min(SHADES - 1, Math.max(0, Math.floor(share(at(row, column)))))
    )
    return fragment(
      element(
        'g',
        { transform: `translate(${left} ${top}) scale(${unit})`, 'shape-rendering': 'crispEdges' },
        ...[...shades].map(([shade, d]) => element('path', { fill: colours((shade + 0.5) / SHADES), d }))
      ),
      element('rect', { class: 'edge', x: left, y: top, width: right - left, height: bottom - top })
    )
  }

/** An axis that names some of the elements, each at the middle of its place. */
const elements =
  (count: number, block: number, label: string, turned = false): AxisOn =>
  ([start, end]) => ({
    scale: turned
      ? linear(-0.5, count * block - 0.5, end, start)
      : linear(-0.5, count * block - 0.5, start, end),
    ticks: roundNumbers(0, count * block - 1, 5)
      .filter(Number.isInteger)
      .map((value) => ({ value, text: String(value) })),
    label
  })

/** The kernel's elements by row and column, with (example, output) as rows where there are outputs. */
const matrixOf = ({ shape, data }: NdArray): Blocks | undefined => {
  const [n = 0, m = 0, o = 1, p = 1] = shape
  if ((shape.length !== 2 && shape.length !== 4) || o !== p || n === 0 || m === 0) return undefined
  return blocksOf(n * o, m * o, (row, column) => {
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
  const blocks = matrixOf(kernel)
  if (blocks === undefined)
    return E.left(
      tangentError('ShapeError', 'plot.heatMap', 'a kernel [n, m] or [n, m, o, o]', showShape(kernel.shape))
    )
  const stray = kernel.data.findIndex((x) => !Number.isFinite(x))
  if (stray >= 0)
    return E.left(
      tangentError('DataError', 'plot.heatMap', 'finite numbers', `${kernel.data[stray]}`, `kernel[${stray}]`)
    )
  const { rows, columns, block } = blocks
  let [least, most] = [Infinity, -Infinity]
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) {
      least = Math.min(least, blocks.at(i, j))
      most = Math.max(most, blocks.at(i, j))
    }
  const isSigned = least < 0 && most > 0
  const reach = Math.max(most, -least)
  const domain = isSigned
    ? ([-reach, reach] as const)
    : least === most
      ? ([least - 0.5, most + 0.5] as const)
      : ([least, most] as const)
  const colours = isSigned ? diverging : sequential
  const unit = SIDE / Math.max(rows, columns)
  const label = across ?? ((kernel.shape[2] ?? 1) > 1 ? 'example and output' : 'example')
  const note = block === 1 ? '' : `; a cell is the mean of ${block} × ${block} elements`
  return E.right(
    figure(
      layOut({
        title,
        x: elements(columns, block, `${label}${note}`),
        y: elements(rows, block, '', true),
        grid: 'none',
        size: [unit * columns, unit * rows],
        room: 130,
        marks: [colouredCells(blocks, unit, domain, colours), colourBar(domain, colours)]
      })
    )
  )
}
