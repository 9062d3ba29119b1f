import { fail } from '../core/error.js'
import { sameShape, showShape } from '../core/shape.js'
import { stopGradient } from '../graph/ops/structure.js'
import type { CustomRule } from '../graph/op.js'
import { apply, type Tensor } from '../graph/tensor.js'

const withRule =
  (f: (...args: readonly Tensor[]) => Tensor, rule: CustomRule) =>
  (...args: readonly Tensor[]): Tensor =>
    apply({ tag: 'custom', rule }, [f(...args.map(stopGradient)), ...args])

/**
 * A function with a derivative of your own: `vjp(args, out, cotangent)` gives one cotangent for each argument. Forward
 * mode through it is a DiffError. The rule must not capture tensors of the surrounding trace.
 *
 * @example
 * import assert from 'node:assert'
 * import { customVjp, evaluateOn, grad, ndarray, ops, type Tensor } from 'tangentflow'
 *
 * const clipped = customVjp('clipGradient', (x: Tensor) => x, (_args, _out, ct) => [ops.clip(-1, 1)(ct)])
 * const f = (x: Tensor) => ops.scale(10)(clipped(x))
 * assert.equal(ndarray.toNumber(evaluateOn(grad(f))(ndarray.scalar(2))), 1)
 */
export const customVjp = (
  name: string,
  f: (...args: readonly [Tensor, ...Tensor[]]) => Tensor,
  vjp: CustomRule['vjp']
): ((...args: readonly [Tensor, ...Tensor[]]) => Tensor) =>
  withRule(f as (...args: readonly Tensor[]) => Tensor, { name, vjp })

const keepsShape = (f: (x: Tensor) => Tensor, x: Tensor): Tensor => {
  const out = f(x)
  return sameShape(out.shape, x.shape)
    ? out
    : fail(
        'ShapeError',
        'straightThrough',
        `a function that keeps shape ${showShape(x.shape)}`,
        showShape(out.shape)
      )
}

/**
 * The value of `f` with the derivative of the identity, in both modes (Bengio, Léonard, Courville, "Estimating or
 * propagating gradients through stochastic neurons", arXiv:1308.3432): a hard decision that a search can learn through.
 * `f` must keep the shape.
 *
 * @example
 * import assert from 'node:assert'
 * import { evaluateOn, grad, ndarray, ops, straightThrough, type Tensor } from 'tangentflow'
 *
 * const hard = straightThrough(ops.topKMask(1))
 * const f = (s: Tensor) => ops.dot(ops.constant(ndarray.fromNested([3, 5])))(hard(s))
 * assert.deepEqual(ndarray.toNested(evaluateOn(grad(f))(ndarray.fromNested([2, 1]))), [3, 5])
 */
export const straightThrough =
  (f: (x: Tensor) => Tensor) =>
  (x: Tensor): Tensor =>
    withRule((first) => keepsShape(f, first!), {
      name: 'straightThrough',
      vjp: (_args, _out, cotangent) => [cotangent],
      jvp: (_args, _out, tangents) => tangents[0]!
    })(x)

export { stopGradient }
