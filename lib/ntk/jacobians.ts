import { fail } from '../core/error.js'
import { showShape } from '../core/shape.js'
import { jacrev, vmap } from '../diff/index.js'
import * as ops from '../graph/ops/index.js'
import type { Tensor } from '../graph/tensor.js'
import type { Model } from '../nn/batch.js'

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
 */
export const jacobians = <P>(model: Model<P>, params: P, x: Tensor): P =>
  vmap((example: Tensor) => jacrev((p: P) => single(model)(p, example))(params))(x)
