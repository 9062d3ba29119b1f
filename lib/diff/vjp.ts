import { fail } from '../core/error.js'
import { sameShape, showShape } from '../core/shape.js'
import { apply, type Tensor } from '../graph/tensor.js'
import { placeholder } from './batch.js'
import { replace, tensorsOf } from '../graph/tree.js'
import { materialise, pullBack, pushForward } from './linear.js'

/** One function at one point: its value, and the tensors that move. */
interface Point<Out> {
  readonly out: Out
  readonly outputs: readonly Tensor[]
  readonly args: readonly Tensor[]
}

const at = <X, Out>(operation: string, f: (x: X) => Out, x: X): Point<Out> => {
  // under an identity of its own, so that a derivative with respect to a value sees no other use of it
  const args = tensorsOf(operation, x).map((tensor) => apply({ tag: 'alias' }, [tensor]))
  const out = f(replace<X>(operation, x, args))
  return { out, outputs: tensorsOf(operation, out), args }
}

const matching = (operation: string, given: unknown, like: readonly Tensor[]): readonly Tensor[] => {
  const tensors = tensorsOf(operation, given)
  if (tensors.length !== like.length) {
    fail('TreeError', operation, `${like.length} tensors`, `${tensors.length}`)
  }
  tensors.forEach((tensor, i) => {
    if (!sameShape(tensor.shape, like[i]!.shape)) {
      fail(
        'ShapeError',
        operation,
        `shape ${showShape(like[i]!.shape)}`,
        showShape(tensor.shape),
        `leaf ${i}`
      )
    }
  })
  return tensors
}

/**
 * The Jacobian–vector product: `jvp(f)(x, tangent)` is `[f(x), J tangent]`. Trees in and out.
 *
 * @example
 * import assert from 'node:assert'
 * import { evaluateOn, jvp, ndarray, ops, type Tensor } from 'tangentflow'
 *
 * const slope = (x: Tensor, t: Tensor) => jvp(ops.square)(x, t)[1]
 * assert.equal(ndarray.toNumber(evaluateOn(slope)(ndarray.scalar(3), ndarray.scalar(1))), 6)
 */
export const jvp =
  <X, Out>(f: (x: X) => Out) =>
  (x: X, tangent: X): readonly [Out, Out] => {
    const [out, push] = linearize(f)(x)
    return [out, push(tangent)]
  }

/** The value and the linear map of tangents: `const [y, push] = linearize(f)(x)`. */
export const linearize =
  <X, Out>(f: (x: X) => Out) =>
  (x: X): readonly [Out, (tangent: X) => Out] => {
    const { out, outputs, args } = at('linearize', f, x)
    const push = (tangent: X): Out => {
      const tangents = matching('linearize', tangent, args)
      const moved = pushForward(outputs, new Map(args.map((arg, i) => [arg, tangents[i]!])))
      return replace('linearize', out, materialise(moved, outputs))
    }
    return [out, push]
  }

/**
 * The value and the map of cotangents, Jᵀ: `const [y, pull] = vjp(f)(x)`. It is the linearisation, transposed.
 *
 * @example
 * import assert from 'node:assert'
 * import { evaluateOn, ndarray, ops, type Tensor, vjp } from 'tangentflow'
 *
 * const pullOnes = (x: Tensor) => vjp(ops.square)(x)[1](ops.ones([2]))
 * assert.deepEqual(ndarray.toNested(evaluateOn(pullOnes)(ndarray.fromNested([1, 5]))), [2, 10])
 */
export const vjp =
  <X, Out>(f: (x: X) => Out) =>
  (x: X): readonly [Out, (cotangent: Out) => X] => {
    const { out, outputs, args } = at('vjp', f, x)
    const tangents = args.map((arg) => placeholder('tangent', arg))
    const moved = pushForward(outputs, new Map(args.map((arg, i) => [arg, tangents[i]!])))
    const pull = (cotangent: Out): X => {
      const given = matching('vjp', cotangent, outputs)
      return replace('vjp', x, materialise(pullBack(moved, tangents, given), args))
    }
    return [out, pull]
  }
