import { fail } from '../../core/error.js'
import { showShape } from '../../core/shape.js'
import { jacrev, vmap } from '../../diff/index.js'
import * as ops from '../../graph/ops/index.js'
import type { Tensor } from '../../graph/tensor.js'
import type { Model } from '../../nn/batch.js'

/** The outputs of one example, [outputs]. */
const single =
  <P>(model: Model<P>) =>
  (params: P, x: Tensor): Tensor => {
    const out = model(params)(ops.expandDims(0)(x))
    return out.shape.length === 2 && out.shape[0] === 1
      ? ops.squeeze(0)(out)
      : fail('ShapeError', 'ntk', 'a model with outputs [n, outputs]', showShape(out.shape))
  }

/**
 * ∇f of every example: the parameter tree with leaves [n, outputs, …leaf]. A model that does not give [n, outputs], a
 * loss for one, is a ShapeError.
 *
 * @example
 * import assert from 'node:assert'
 * import { evaluateOn, ndarray, ntk, ops, type Tensor } from 'tangentflow'
 *
 * // f(x) = x w with two inputs and one output: ∂f/∂w is the input itself
 * const linear = (w: Tensor) => (x: Tensor) => ops.matmul(w)(x)
 * const slopes = (w: Tensor, x: Tensor) => ntk.jacobians(linear, w, x)
 * const found = evaluateOn(slopes)(ndarray.fromNested([[5], [7]]), ndarray.fromNested([[1, 2], [3, 4]]))
 * assert.deepEqual(ndarray.toNested(found), [[[[1], [2]]], [[[3], [4]]]])
 */
export const jacobians = <P>(model: Model<P>, params: P, x: Tensor): P =>
  vmap((example: Tensor) => jacrev((p: P) => single(model)(p, example))(params))(x)
