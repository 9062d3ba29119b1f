import * as E from 'fp-ts/lib/Either.js'
import { fail, TangentFailure } from '../../core/error.js'
import { isNdArray, type NdArray } from '../../core/ndarray.js'
import { sameShape, type Shape, showShape, sizeOf } from '../../core/shape.js'
import { leaves } from '../../core/tree.js'
import { type Concrete, spec, type Specs, specsOf } from '../../graph/spec.js'
import type { Tensor } from '../../graph/tensor.js'
import { trace } from '../../graph/trace.js'
import type { Model } from '../../nn/batch.js'
import { optimise } from '../../optimise/index.js'
import { peakBytes } from '../../optimise/cost.js'
import { empiricalNtk, type KernelOptions } from '../empirical/empirical-ntk.js'
import type { MaskTree } from '../empirical/masked.js'
import { partLength, type Tile, tilesOf } from './tiles.js'

const operation = 'ntk.tiled'

/** What a block's program is given: parameters, examples of rows and columns, the mask. */
export type BlockArguments<P> = [params: P, left: Tensor, right: Tensor, mask: MaskTree]

/** Everything about a tiled kernel that is known before anything is compiled. */
export interface TiledPlan<P> {
  readonly kernel: (...args: BlockArguments<P>) => Tensor
  readonly specs: Specs<BlockArguments<P>>
  readonly args: (left: NdArray, right: NdArray) => Concrete<BlockArguments<P>>
  readonly x1: NdArray
  readonly x2: NdArray
  readonly isSymmetric: boolean
  readonly lengths: readonly [number, number]
  readonly tiles: readonly Tile[]
  /** The shape of the whole kernel. */
  readonly shape: Shape
}

const refuseStrange = (what: string, tree: unknown): void => {
  for (const { path, value } of leaves(operation, isNdArray, tree)) {
    const at = value.data.findIndex((x: number) => !Number.isFinite(x))
    if (at >= 0)
      fail('DataError', operation, 'finite numbers', String(value.data[at]), `${what} ${path}[${at}]`)
  }
}

/** The examples of two arrays, which have to be of one shape. */
const requireExamples = (x1: NdArray, x2: NdArray): void => {
  for (const { shape } of [x1, x2])
    if (shape.length < 2 || shape.some((n) => n < 1))
      fail('ShapeError', operation, 'examples [n, …] with n of at least 1', showShape(shape))
  if (!sameShape(x1.shape.slice(1), x2.shape.slice(1)))
    fail('ShapeError', operation, `examples as of ${showShape(x1.shape)}`, showShape(x2.shape), 'x2')
}

/** The predicted peak of one block's program, and the shape of its result. */
interface Predicted {
  readonly bytes: number
  readonly inner: Shape
}

const DEFAULT_TILE = 64
const DEFAULT_BYTES = 2 ** 30

const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toPrecision(3)} MiB`

/** Checks everything there is to check, and lays out the tiles. `isWhole`: the whole kernel is held as well. */
export const planTiles =
  <P>(
    model: Model<P>,
    {
      tile,
      maxBytes = DEFAULT_BYTES,
      ...options
    }: KernelOptions & { readonly tile?: number; readonly maxBytes?: number },
    isWhole: boolean
  ) =>
  (
    params: Concrete<P>,
    x1: NdArray,
    other: NdArray | undefined,
    given: Concrete<MaskTree> | undefined
  ): TiledPlan<P> => {
    const x2 = other ?? x1
    const mask = given ?? []
    if (tile !== undefined && !(Number.isInteger(tile) && tile >= 1))
      fail('ArgumentError', operation, 'a whole number of at least 1', String(tile), 'tile')
    requireExamples(x1, x2)
    refuseStrange('params', params)
    refuseStrange('mask', mask)
    refuseStrange('x1', x1)
    if (x2 !== x1) refuseStrange('x2', x2)
    const [n1, n2] = [x1.shape[0]!, x2.shape[0]!] as const

    const kernel = (...[p, left, right, m]: BlockArguments<P>): Tensor =>
      empiricalNtk(model, options)(p, left, right, m)
    const lengthsFor = (most: number): readonly [number, number] => [
      partLength(n1, most),
      partLength(n2, most)
    ]
    const specsFor = ([rows, columns]: readonly [number, number]): Specs<BlockArguments<P>> => {
      const [ofParams, , , ofMask] = specsOf<BlockArguments<P>>(operation, [params, x1, x2, mask])
      const inner = x1.shape.slice(1)
      return [ofParams, spec([rows, ...inner]), spec([columns, ...inner]), ofMask]
    }
    const predictFor = (most: number): Predicted => {
      const traced = trace(kernel, specsFor(lengthsFor(most)))
      if (E.isLeft(traced)) throw new TangentFailure(traced.left)
      const { graph, out } = traced.right
      return { bytes: peakBytes(optimise(graph)), inner: out.shape.slice(2) }
    }

    const wanted = Math.min(tile ?? DEFAULT_TILE, Math.max(n1, n2))
    const predicted = predictFor(wanted)
    const shape = [n1, n2, ...predicted.inner]
    const held = isWhole ? 4 * sizeOf(shape) : 0
    if (held > maxBytes)
      fail(
        'ArgumentError',
        operation,
        `a kernel of at most ${mebibytes(maxBytes)} (maxBytes), or blocks by forEachBlock`,
        `one of ${mebibytes(held)}`
      )
    /** The largest tile that fits, by halves. */
    const fitting = (most: number, { bytes }: Predicted): number | undefined =>
      bytes + held <= maxBytes ? most : most === 1 ? undefined : fitting(most >> 1, predictFor(most >> 1))
    const fit = fitting(wanted, predicted)
    if (fit === undefined || (tile !== undefined && fit < wanted))
      return fail(
        'ArgumentError',
        operation,
        `at most ${mebibytes(maxBytes)} (maxBytes): ${fit === undefined ? 'no tile fits' : `tile ${fit} fits`}`,
        `${mebibytes(predicted.bytes + held)} predicted`,
        `tile ${wanted}`
      )
    const lengths = lengthsFor(fit)
    return {
      kernel,
      specs: specsFor(lengths),
      args: (left, right) => [params, left, right, mask] as Concrete<BlockArguments<P>>,
      x1,
      x2,
      isSymmetric: x2 === x1,
      lengths,
      tiles: tilesOf([n1, n2], lengths, x2 === x1),
      shape
    }
  }
