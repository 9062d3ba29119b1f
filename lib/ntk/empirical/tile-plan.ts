import { option, type OptionKinds } from '../../core/options.js'
import { requireWhole } from '../../core/check.js'
import { fail, refuseWith } from '../../core/error.js'
import { isNdArray, type NdArray, takeRows } from '../../core/ndarray.js'
import { requireShape, type Shape, showShape, sizeOf } from '../../core/shape.js'
import { leaves, partOf } from '../../core/tree.js'
import { type Concrete, spec, type Specs, specsOf } from '../../graph/spec.js'
import type { Tensor } from '../../graph/tensor.js'
import { traceOrThrow } from '../../graph/trace.js'
import type { Model } from '../../nn/model.js'
import { optimise } from '../../optimise/index.js'
import { peakBytes } from '../../optimise/cost.js'
import { requireFiniteElements } from '../spectrum/gram.js'
import { empiricalNtk, kernelKinds, type KernelOptions } from './empirical-ntk.js'
import type { MaskTree } from './kernel-problem.js'

/** Which kernel is computed, and in blocks of which size. */
export interface TileOptions extends KernelOptions {
  /**
   * The most examples along one side of a block.
   *
   * @defaultValue as many as fit, at most 64
   */
  readonly tile?: number
  /**
   * The most bytes that a block's program and a whole kernel may take at once, by prediction. The process and its engine
   * come on top.
   *
   * @defaultValue 2³⁰
   */
  readonly maxBytes?: number
}

/** The kinds of {@link TileOptions}. */
export const tileKinds: OptionKinds<TileOptions> = {
  ...kernelKinds,
  tile: option.number,
  maxBytes: option.number
}

/** The part of a kernel that is one block: rows [row, row + rows) against columns [column, column + columns). */
export interface Tile {
  readonly row: number
  readonly rows: number
  readonly column: number
  readonly columns: number
}

/** The arguments of a block's program: parameters, examples of rows and columns, the mask. */
export type BlockArguments<P> = [params: P, left: Tensor, right: Tensor, mask: MaskTree]

/** Everything about a tiled kernel that is known before anything is compiled. */
export interface TilePlan<P> {
  readonly kernel: (...args: BlockArguments<P>) => Tensor
  readonly specs: Specs<BlockArguments<P>>
  readonly args: (left: NdArray, right: NdArray) => Concrete<BlockArguments<P>>
  readonly x1: NdArray
  readonly x2: NdArray
  readonly isSymmetric: boolean
  /** The rows and columns of the blocks that the program computes, padding included. */
  readonly lengths: readonly [number, number]
  readonly tiles: readonly Tile[]
  /** The shape of the whole kernel. */
  readonly shape: Shape
}

/**
 * The length of the parts of an axis if none is longer than `most`, there are as few as possible and all but the last are
 * equal: 65 examples in tiles of at most 64 are parts of 33 and 32.
 */
export const partLength = (count: number, most: number): number =>
  Math.ceil(count / Math.ceil(count / Math.min(count, most)))

const partsOf = (
  count: number,
  length: number
): readonly { readonly start: number; readonly length: number }[] =>
  Array.from({ length: Math.ceil(count / length) }, (_, i) => ({
    start: i * length,
    length: Math.min(length, count - i * length)
  }))

/** `length` examples from `start` on; where there are too few, the last one is repeated. */
export const paddedRows = (x: NdArray, start: number, length: number): NdArray =>
  takeRows(
    'ntk.tiled',
    x,
    Array.from({ length }, (_, i) => Math.min(start + i, x.shape[0]! - 1))
  )

/** The tiles of a kernel of n1 × n2 examples, row by row; of a symmetric one those on and above the diagonal. */
export const tilesOf = (
  [n1, n2]: readonly [number, number],
  length: readonly [number, number],
  isSymmetric: boolean
): readonly Tile[] =>
  partsOf(n1, length[0]).flatMap((row) =>
    partsOf(n2, length[1])
      .filter((column) => !isSymmetric || column.start >= row.start)
      .map((column) => ({ row: row.start, rows: row.length, column: column.start, columns: column.length }))
  )

const operation = 'ntk.tiled'

/** Requires finite elements in all arrays of a tree. */
export const requireFiniteLeaves = (operation: string, what: string, tree: unknown): void => {
  for (const { path, value } of leaves(operation, isNdArray, tree))
    requireFiniteElements(operation, value.data, `${what} ${path}`)
}

/** Requires two batches of at least one example of the same shape each. */
export const requireExamples = (operation: string, x1: NdArray, x2: NdArray): void => {
  for (const { shape } of [x1, x2])
    if (shape.length < 2 || shape.some((n) => n < 1))
      fail('ShapeError', operation, 'examples [n, …] with n of at least 1', showShape(shape))
  requireShape(operation, 'x2', x2.shape, [...x2.shape.slice(0, 1), ...x1.shape.slice(1)], 'examples')
}

const DEFAULT_TILE = 64
const DEFAULT_BYTES = 2 ** 30

const refuse = refuseWith('ArgumentError', operation)

const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toPrecision(3)} MiB`

/** Checks all arguments and chooses the tiles; `isWhole` if the whole kernel is in memory as well. */
export const planTiles =
  <P>(model: Model<P>, { tile, maxBytes = DEFAULT_BYTES, ...options }: TileOptions, isWhole: boolean) =>
  (
    params: Concrete<P>,
    x1: NdArray,
    x2: NdArray = x1,
    mask: Concrete<MaskTree> = partOf('ntk.tiled', isNdArray, params, () => false)
  ): TilePlan<P> => {
    if (tile !== undefined) requireWhole(operation, 'tile', tile, 1)
    if (!(maxBytes > 0)) fail('ArgumentError', operation, 'a number above 0', `${maxBytes}`, 'maxBytes')
    requireExamples(operation, x1, x2)
    requireFiniteLeaves(operation, 'params', params)
    requireFiniteLeaves(operation, 'mask', mask)
    requireFiniteLeaves(operation, 'x1', x1)
    if (x2 !== x1) requireFiniteLeaves(operation, 'x2', x2)
    const [n1, n2] = [x1.shape[0]!, x2.shape[0]!]

    const kernel = (...[p, left, right, m]: BlockArguments<P>): Tensor =>
      empiricalNtk(model, options)(p, left, right, m)
    const [paramSpecs, , , maskSpecs] = specsOf<BlockArguments<P>>(operation, [params, x1, x2, mask])
    const lengthsFor = (most: number): TilePlan<P>['lengths'] => [partLength(n1, most), partLength(n2, most)]
    const batchSpec = (length: number) => spec([length, ...x1.shape.slice(1)])
    const specsFor = ([rows, columns]: TilePlan<P>['lengths']): Specs<BlockArguments<P>> => [
      paramSpecs,
      batchSpec(rows),
      batchSpec(columns),
      maskSpecs
    ]
    /** The predicted peak of a block's program, and the axes of its result after those of the examples. */
    const predictFor = (most: number): { readonly bytes: number; readonly inner: Shape } => {
      const { graph, out } = traceOrThrow(kernel, specsFor(lengthsFor(most)))
      return { bytes: peakBytes(optimise(graph)), inner: out.shape.slice(2) }
    }

    const wanted = Math.min(tile ?? DEFAULT_TILE, Math.max(n1, n2))
    const predicted = predictFor(wanted)
    const shape = [n1, n2, ...predicted.inner]
    const resident = isWhole ? 4 * sizeOf(shape) : 0
    if (resident > maxBytes)
      refuse(
        `a kernel of at most ${mebibytes(maxBytes)} (maxBytes), or blocks by forEachBlock`,
        `one of ${mebibytes(resident)}`
      )
    /** The largest tile that fits, by halves. */
    const largestFit = (most: number, bytes: number): number | undefined =>
      bytes + resident <= maxBytes
        ? most
        : most === 1
          ? undefined
          : largestFit(most >> 1, predictFor(most >> 1).bytes)
    const fit = largestFit(wanted, predicted.bytes)
    if (fit === undefined || (tile !== undefined && fit < wanted))
      return refuse(
        `at most ${mebibytes(maxBytes)} (maxBytes): ${fit === undefined ? 'no tile fits' : `tile ${fit} fits`}`,
        `${mebibytes(predicted.bytes + resident)} predicted`,
        `tile ${wanted}`
      )
    const lengths = lengthsFor(fit)
    const isSymmetric = x2 === x1
    return {
      kernel,
      specs: specsFor(lengths),
      args: (left, right) => [params, left, right, mask] as Concrete<BlockArguments<P>>,
      x1,
      x2,
      isSymmetric,
      lengths,
      tiles: tilesOf([n1, n2], lengths, isSymmetric),
      shape
    }
  }
