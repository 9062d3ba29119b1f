import { fail } from '../core/error.js'
import { showShape } from '../core/shape.js'
import { constant, isTensor, type Tensor } from '../graph/tensor.js'
import { jvpOf, vjpOf } from './linearize.js'

const requireScalar = (operation: string, value: unknown): void => {
  if (!isTensor(value) || value.shape.length !== 0) {
    const received = isTensor(value) ? `shape ${showShape(value.shape)}` : typeof value
    fail('DiffError', operation, 'a function with one scalar result', received)
  }
}

/** As {@link valueAndGrad}, for an operation that names itself in errors. */
const valueAndGradOf = <X>(operation: string, f: (x: X) => Tensor, x: X): readonly [Tensor, X] => {
  const [value, pull] = vjpOf(operation, f)(x)
  requireScalar(operation, value)
  return [value, pull(constant(1))]
}

/**
 * The value of a scalar function and its gradient with respect to the first argument, a tree of any form. Further
 * arguments are passed through.
 */
export const valueAndGrad =
  <X, Rest extends readonly unknown[]>(f: (x: X, ...rest: Rest) => Tensor) =>
  (x: X, ...rest: Rest): readonly [Tensor, X] =>
    valueAndGradOf('valueAndGrad', (point: X) => f(point, ...rest), x)

/**
 * The gradient of a scalar function with respect to its first argument: reverse mode, so its cost is a small multiple
 * of the function's. A leaf that the function does not use has gradient 0.
 *
 * @example
 * import assert from 'node:assert'
 * import { evaluateOn, grad, ndarray, ops, type Tensor } from 'tangentflow'
 *
 * const cube = (x: Tensor) => ops.mul(ops.square(x))(x)
 * assert.equal(ndarray.toNumber(evaluateOn(grad(cube))(ndarray.scalar(2))), 12)
 * assert.equal(ndarray.toNumber(evaluateOn(grad(grad(cube)))(ndarray.scalar(2))), 12)
 * assert.equal(ndarray.toNumber(evaluateOn(grad(grad(grad(cube))))(ndarray.scalar(2))), 6)
 */
export const grad =
  <X, Rest extends readonly unknown[]>(f: (x: X, ...rest: Rest) => Tensor) =>
  (x: X, ...rest: Rest): X =>
    valueAndGradOf('grad', (point: X) => f(point, ...rest), x)[1]

/**
 * The Hessian–vector product of a scalar function, forward over reverse: `hvp(f)(x, v, ...rest)`. Its cost is a small
 * multiple of the function's; no Hessian is formed.
 */
export const hvp =
  <X, Rest extends readonly unknown[]>(f: (x: X, ...rest: Rest) => Tensor) =>
  (x: X, v: X, ...rest: Rest): X =>
    jvpOf('hvp', (point: X) => grad(f)(point, ...rest))(x, v)[1]
