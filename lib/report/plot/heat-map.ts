import { checkOptions, option, type OptionKinds } from '../../core/options.js'
import * as E from 'fp-ts/lib/Either.js'
import { entry } from '../../core/entry.js'
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

const kinds: OptionKinds<HeatMapOptions> = { title: option.text, across: option.text }

/** A matrix, or the block means of a large one. */
interface Blocks {
  readonly means: readonly (readonly number[])[]
  /** How many elements a cell is the mean of, along each side. */
  readonly block: number
}

/** More cells than this along a side are smaller than a pixel can show, and make large files. */
const MOST = 120

/** The kernel's elements by row and column, with (example, output) as rows where there are outputs. */
const blocksOf = ({ shape, data }: NdArray): Blocks | undefined => {
  const [n = 0, m = 0, o = 1, p = 1] = shape
  if ((shape.length !== 2 && shape.length !== 4) || o !== p || n === 0 || m === 0) return undefined
  const [rows, columns] = [n * o, m * o]
  const block = Math.ceil(Math.max(rows, columns) / MOST)
  const at = (i: number, j: number): number =>
    data[((Math.floor(i / o) * m + Math.floor(j / o)) * o + (i % o)) * o + (j % o)]!
  const meanOf = (row: number, column: number): number => {
    const [below, beside] = [Math.min(rows, (row + 1) * block), Math.min(columns, (column + 1) * block)]
    const count = (below - row * block) * (beside - column * block)
    let mean = 0
    for (let i = row * block; i < below; i++)
      for (let j = column * block; j < beside; j++) mean += at(i, j) / count
    return mean
  }
  const means = Array.from({ length: Math.ceil(rows / block) }, (_, row) =>
    Array.from({ length: Math.ceil(columns / block) }, (__, column) => meanOf(row, column))
  )
  return { means, block }
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
  (means: Blocks['means'], unit: number, [low, high]: readonly [number, number], colours: ColourMap): Mark =>
  ({ left, right, top, bottom }) => {
    const share = linear(low, high, 0, SHADES)
    const shades = cells(means.length, means[0]!.length, 1, (row, column) =>
      Math.min(SHADES - 1, Math.max(0, Math.floor(share(means[row]![column]!))))
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
    scale: linear(-0.5, count * block - 0.5, ...(turned ? ([end, start] as const) : ([start, end] as const))),
    ticks: roundNumbers(0, count * block - 1, 5)
      .filter(Number.isInteger)
      .map((value) => ({ value, text: String(value) })),
    label
  })

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
export const heatMap = entry(
  'plot.heatMap',
  'Either',
  1,
  (kernel: NdArray, options: HeatMapOptions = {}): E.Either<TangentError, string> => {
    const { title = 'kernel', across } = checkOptions('plot.heatMap', kinds, options)
    const blocks = blocksOf(kernel)
    if (blocks === undefined)
      return E.left(
        tangentError('ShapeError', 'plot.heatMap', 'a kernel [n, m] or [n, m, o, o]', showShape(kernel.shape))
      )
    const stray = kernel.data.findIndex((x) => !Number.isFinite(x))
    if (stray >= 0)
      return E.left(
        tangentError(
          'DataError',
          'plot.heatMap',
          'finite numbers',
          `${kernel.data[stray]}`,
          `kernel[${stray}]`
        )
      )
    const { means, block } = blocks
    const [rows, columns] = [means.length, means[0]!.length]
    const least = Math.min(...means.map((row) => Math.min(...row)))
    const most = Math.max(...means.map((row) => Math.max(...row)))
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
          marks: [colouredCells(means, unit, domain, colours), colourBar(domain, colours)]
        })
      )
    )
  }
)
