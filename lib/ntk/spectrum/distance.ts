import * as ops from '../../graph/ops/index.js'
import type { Tensor } from '../../graph/tensor.js'

/**
 * ‖a − b‖ / ‖b‖ over all elements (Frobenius, for kernels): how far a kernel (or an output) is from the one it should
 * match. 0 where they are equal, 1 for a = 0.
 *
 * @example
 * import assert from 'node:assert'
 * import { evaluateOn, ndarray, ntk, type Tensor } from 'tangentflow'
 *
 * const far = evaluateOn((a: Tensor, b: Tensor) => ntk.relativeDistance(b)(a))
 * assert.equal(ndarray.toNumber(far(ndarray.fromNested([3, 1.5]), ndarray.fromNested([3, 4]))), 0.5)
 */
export const relativeDistance =
  (b: Tensor) =>
  (a: Tensor): Tensor => {
    const d = ops.sub(b)(a)
    return ops.sqrt(ops.div(ops.dot(b)(b))(ops.dot(d)(d)))
  }

/**
 * ⟨a, b⟩ / (‖a‖ ‖b‖) over all elements: the uncentred alignment of two kernels (Cristianini, Shawe-Taylor, Elisseeff,
 * Kandola, "On kernel-target alignment", eq. 1). 1 where one is a positive multiple of the other.
 *
 * @example
 * import assert from 'node:assert'
 * import { evaluateOn, ndarray, ntk, type Tensor } from 'tangentflow'
 *
 * const cosine = evaluateOn((a: Tensor, b: Tensor) => ntk.cosineSimilarity(b)(a))
 * assert.equal(ndarray.toNumber(cosine(ndarray.fromNested([3, 4]), ndarray.fromNested([6, 8]))), 1)
 */
export const cosineSimilarity =
  (b: Tensor) =>
  (a: Tensor): Tensor =>
    ops.div(ops.sqrt(ops.mul(ops.dot(b)(b))(ops.dot(a)(a))))(ops.dot(b)(a))
