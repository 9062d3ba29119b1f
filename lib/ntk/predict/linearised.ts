import { isNdArray, type NdArray } from '../../core/ndarray.js'
import { leaves, rebuild } from '../../core/tree.js'
import { linearize } from '../../diff/index.js'
import { constant } from '../../graph/constant.js'
import { ops } from '../../graph/ops/index.js'
import type { Concrete } from '../../graph/spec.js'
import { isTensor, type Tensor } from '../../graph/tensor.js'
import * as tree from '../../graph/tree.js'
import type { Model } from '../../nn/model.js'

const isParameter = (value: unknown): value is Tensor | NdArray => isTensor(value) || isNdArray(value)

/** Concrete parameters as constants of the graph; traced ones as they are. */
const asTensors = <P>(params: P | Concrete<P>): P =>
  rebuild<Tensor | NdArray, P>(
    'ntk.linearised',
    isParameter,
    params,
    leaves('ntk.linearised', isParameter, params).map(({ value }) =>
      isNdArray(value) ? constant(value) : value
    )
  )

/**
 * The model as its first-order expansion around parameters p₀: f_lin(p)(x) = f(p₀)(x) + ∇f(p₀)(x) (p − p₀), by one
 * Jacobian–vector product and no Jacobian (Lee et al., arXiv:1902.06720, eq. 3). It is a model like any other, for kernels,
 * attacks, losses and `train.fit`; its kernel is that of f at p₀ wherever p is. p₀ may be concrete, and is then a
 * constant of the graph, or an argument of the traced function. A p₀ of another form than p is a TreeError.
 *
 * @example
 * import assert from 'node:assert'
 * import { evaluateOn, ndarray, ntk, ops, type Tensor } from 'tangentflow'
 *
 * const square = (p: Tensor) => (x: Tensor) => ops.mul(x)(ops.square(p)) // p² x ≈ p₀² x + 2p₀x (p − p₀)
 * const f = (p: Tensor, x: Tensor) => ntk.linearised(square, ndarray.scalar(3))(p)(x)
 * assert.equal(ndarray.toNumber(evaluateOn(f)(ndarray.scalar(4), ndarray.scalar(1))), 9 + 6)
 */
export const linearised =
  <P>(model: Model<P>, start: P | Concrete<P>): Model<P> =>
  (params) => {
    const origin = asTensors<P>(start)
    const moved = tree.zipWith(origin, (p, p0) => ops.sub(p0)(p))(params)
    return (x) => {
      const [out, push] = linearize((p: P) => model(p)(x))(origin)
      return ops.add(push(moved))(out)
    }
  }
