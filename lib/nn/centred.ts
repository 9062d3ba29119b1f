import { isNdArray, type NdArray } from '../core/ndarray.js'
import { leaves, rebuild } from '../core/tree.js'
import { ops } from '../graph/ops/index.js'
import type { Concrete } from '../graph/spec.js'
import type { Model } from './model.js'
import { checked, ofModel } from './require.js'

const operation = 'nn.centred'

/** Concrete parameters as constants of a trace. */
const constants = <P>(at: Concrete<P>): P =>
  rebuild<NdArray, P>(
    operation,
    isNdArray,
    at,
    leaves(operation, isNdArray, at).map(({ value }) => ops.constant(value))
  )

/**
 * The model less its outputs at given parameters, f(θ) − f(θ₀): its outputs at θ₀ are 0, its tangent kernel is the same. Wide
 * networks that start so train as their kernels say, without the noise of the random function they start as (Chizat, Oyallon
 * and Bach, "On lazy training in differentiable programming", arXiv:1812.07956, section 2).
 *
 * @example
 * import assert from 'node:assert'
 * import { evaluateOn, key, ndarray, nn, type Tensor } from 'tangentflow'
 *
 * const net = nn.serial(nn.dense(8), nn.relu, nn.dense(1))
 * const start = net.init(key(0), [2])
 * const outputs = (p: nn.Params, x: Tensor) => nn.centred(net.apply, start)(p)(x)
 * const x = ndarray.fromNested([[1, 2]])
 * assert.deepEqual(ndarray.toNested(evaluateOn(outputs)(start, x)), [[0]])
 */
export const centred = checked(
  'nn.centred',
  ofModel,
  <P>(model: Model<P>, at: Concrete<P>): Model<P> =>
    (params, key) =>
    (x) =>
      ops.sub(model(constants<P>(at), key)(x))(model(params, key)(x))
)
