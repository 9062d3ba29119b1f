import { checkOptions, option, type OptionKinds } from '../core/options.js'
import { fail } from '../core/error.js'
import { isNdArray, type NdArray, of } from '../core/ndarray.js'
import { sizeOf } from '../core/shape.js'
import { leaves, rebuild } from '../core/tree.js'
import { straightThrough } from '../diff/index.js'
import { evaluateOn } from '../graph/evaluate.js'
import { ops } from '../graph/ops/index.js'
import type { Tensor } from '../graph/tensor.js'
import * as tree from '../graph/tree.js'
import { allocate, type Allocation, type LayerAllocation } from './allocation.js'
import { weightShapes } from './masked-leaves.js'

/** A function of all scores together, as one row: they are laid end to end and the image is cut up again. */
const together =
  (f: (row: Tensor) => Tensor) =>
  <T>(scores: T): T => {
    const parts = tree.tensors(scores)
    const image = f(ops.concat(0)(parts.map(ops.reshape([-1]))))
    let start = 0
    const images = parts.map((part) => {
      const piece = ops.sliceAxis(0, start, start + sizeOf(part.shape))(image)
      start += sizeOf(part.shape)
      return ops.reshape(part.shape)(piece)
    })
    return tree.replace<T>('mask', scores, images)
  }

/** A function of one row of scores, of which `count` are kept, to a row of the same length. */
type OnRow = (count: number) => (row: Tensor) => Tensor

/** A function of each leaf's scores as a row, with the leaf's count. */
const each =
  (operation: string, counts: readonly number[], f: OnRow) =>
  <T>(scores: T): T => {
    const parts = tree.tensors(scores)
    if (parts.length !== counts.length)
      fail('ArgumentError', operation, `${parts.length} counts`, `${counts.length}`)
    const images = parts.map((part, l) => ops.reshape(part.shape)(f(counts[l]!)(ops.reshape([-1])(part))))
    return tree.replace<T>(operation, scores, images)
  }

/** A function of the rows that an allocation makes of a tree of scores. */
export const overRows =
  (operation: string, allocation: Allocation, f: OnRow) =>
  <T>(scores: T): T =>
    allocation.kind === 'together'
      ? together(f(allocation.count))(scores)
      : each(operation, allocation.counts, f)(scores)

/** How the derivative passes through the choice. */
export interface TopKOptions {
  /**
   * `identity`: straight-through, the mask's gradient is the scores' (Ramanujan et al., arXiv:1911.13299). `zero`: a hard
   * decision that nothing learns through.
   *
   * @defaultValue `identity`
   */
  readonly derivative?: 'identity' | 'zero'
}

const kinds: OptionKinds<TopKOptions> = { derivative: option.word('identity', 'zero') }

const select = (operation: string, options: TopKOptions): OnRow => {
  const { derivative = 'identity' } = checkOptions(operation, kinds, options)
  return (k) => (derivative === 'identity' ? straightThrough(ops.topKMask(k)) : ops.topKMask(k))
}

/**
 * The mask, 0 or 1, of the k largest scores of a whole tree: exactly k of them, of equal scores the first in leaf
 * order. A k outside [1, size] is an ArgumentError.
 *
 * @example
 * import assert from 'node:assert'
 * import { evaluateOn, mask, ndarray, type Tensor } from 'tangentflow'
 *
 * const best = (scores: readonly Tensor[]) => mask.topK(2)(scores)
 * const kept = evaluateOn(best)([ndarray.fromNested([3, 1]), ndarray.fromNested([[2], [2]])])
 * assert.deepEqual(kept.map(ndarray.toNested), [[1, 0], [[1], [0]]])
 */
export const topK =
  (k: number, options: TopKOptions = {}) =>
  <T>(scores: T): T =>
    together(select('mask.topK', options)(k))(scores)

/** As {@link topK} with a count for each leaf, in leaf order: densities are fixed layer by layer. */
export const topKPerLayer =
  (counts: readonly number[], options: TopKOptions = {}) =>
  <T>(scores: T): T =>
    each('mask.topKPerLayer', counts, select('mask.topKPerLayer', options))(scores)

/** How many weights a mask keeps, and how they are allocated to layers. */
export interface Sparsity {
  /** The fraction of weights that the mask keeps, in (0, 1]. */
  readonly density: number
  /** @defaultValue `global` */
  readonly layers?: LayerAllocation
}

/** The mask of the best scores, as many as a sparsity asks for, as a traced function. */
export const keepBest =
  (operation: string, { layers = 'global', density }: Sparsity) =>
  <W>(scores: W): W =>
    overRows(
      operation,
      allocate(operation, layers, density, weightShapes(scores)),
      select(operation, {})
    )(scores)

/**
 * The mask of the best of concrete scores: exactly as many as the density and its layers ask for, of equal scores the
 * first. A score that is NaN is an ArgumentError.
 *
 * @example
 * import assert from 'node:assert'
 * import { mask, ndarray } from 'tangentflow'
 *
 * const scores = [{ w: ndarray.fromNested([[3, 1], [0, 2]]) }, {}, { w: ndarray.fromNested([[9, 8]]) }]
 * const together = mask.topKMaskOf({ layers: 'global', density: 0.5 })(scores)
 * assert.deepEqual(together.map(({ w }) => w && Array.from(w.data)), [[1, 0, 0, 0], undefined, [1, 1]])
 * const evenly = mask.topKMaskOf({ layers: 'uniform', density: 0.5 })(scores)
 * assert.deepEqual(evenly.map(({ w }) => w && Array.from(w.data)), [[1, 0, 0, 1], undefined, [1, 0]])
 */
export const topKMaskOf =
  (sparsity: Sparsity) =>
  <C>(scores: C): C => {
    const operation = 'mask.topKMaskOf'
    requireScores(operation, scores)
    return inFloat32<C>(evaluateOn((s: unknown) => keepBest(operation, sparsity)(s))(scores))
  }

/** Requires scores that are numbers, of which alone there is an order. */
export const requireScores = (operation: string, scores: unknown): void => {
  for (const { path, value } of leaves(operation, isNdArray, scores)) {
    const at = value.data.findIndex(Number.isNaN)
    if (at >= 0) fail('ArgumentError', operation, 'scores that are numbers', 'NaN', `${path}, ${at}`)
  }
}

/** Concrete values of float32, as engines other than the reference give them. */
export const inFloat32 = <C>(values: unknown): C =>
  rebuild<NdArray, C>(
    'mask',
    isNdArray,
    values,
    leaves('mask', isNdArray, values).map(({ value }) => of(value.shape, Float32Array.from(value.data)))
  )
