import { straightThrough } from '../diff/index.js'
import * as ops from '../graph/ops/index.js'
import type { Tensor } from '../graph/tensor.js'
import { each, together } from './rows.js'

/** How the derivative passes through the choice. */
export interface TopKOptions {
  /**
   * `identity`: straight-through, the mask's gradient is the scores' (the default; Ramanujan et al.,
   * arXiv:1911.13299). `zero`: a hard decision that nothing learns through.
   */
  readonly derivative?: 'identity' | 'zero'
}

const select = (k: number, { derivative = 'identity' }: TopKOptions): ((scores: Tensor) => Tensor) =>
  derivative === 'identity' ? straightThrough(ops.topKMask(k)) : ops.topKMask(k)

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
    together(select(k, options))(scores)

/** As {@link topK} with a count for each leaf, in leaf order: densities are fixed layer by layer. */
export const topKPerLayer =
  (counts: readonly number[], options: TopKOptions = {}) =>
  <T>(scores: T): T =>
    each('mask.topKPerLayer', counts, (k) => select(k, options))(scores)
