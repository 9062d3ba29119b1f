import { fail } from '../core/error.js'
import { requireShape } from '../core/shape.js'
import { zerosLike } from '../graph/contract.js'
import { opName } from '../graph/primitives/index.js'
import { apply, isOp, type Tensor } from '../graph/tensor.js'
import { dependents, topological, topologicalBy } from '../graph/topological.js'
import { replace, tensorsOf } from '../graph/tree.js'
import { placeholder, plus, type PullBack, type PushForward, type Tangent } from './diff-rule.js'
import { ruleOf } from './rules/index.js'

/**
 * Linearisation: the tangents of the outputs when each node in `seeds` moves by its tangent and everything else is
 * held constant.
 */
const pushForward: PushForward = (outputs, seeds) => {
  const tangents = new Map<Tensor, Tensor>(seeds)
  // what only a constant needs has no tangent that anything reads: that of an attack in a loss would be as long as the attack
  const read = (node: Tensor): readonly Tensor[] =>
    seeds.has(node) || isOp(node, 'stopGradient') ? [] : node.inputs
  for (const node of topologicalBy(outputs, read)) {
    if (tangents.has(node)) continue
    const given = node.inputs.map((input) => tangents.get(input))
    if (given.every((t) => t === undefined)) continue
    const tangent = ruleOf(node.op.tag).jvp(node, given, pushForward)
    if (tangent !== undefined) tangents.set(node, tangent)
  }
  return outputs.map((output) => tangents.get(output))
}

/**
 * Transposition: for outputs that are linear in `args`, the cotangents of `args` that belong to the cotangents of the
 * outputs. Symbolic zeros stay symbolic.
 */
export const pullBack: PullBack = (outputs, args, cotangents) => {
  const present = outputs.filter((output) => output !== undefined)
  const wanted = new Set(args)
  const order = topological(present, wanted)
  const linear = dependents(order, wanted)
  const sums = new Map<Tensor, Tensor>()
  const accumulate = (node: Tensor, cotangent: Tangent): void => {
    const total = plus(sums.get(node), cotangent)
    if (total !== undefined) sums.set(node, total)
  }
  outputs.forEach((output, i) => {
    if (output !== undefined && linear.has(output)) accumulate(output, cotangents[i])
  })
  for (const node of order.reverse()) {
    const cotangent = sums.get(node)
    if (cotangent === undefined || wanted.has(node)) continue
    const { transpose } = ruleOf(node.op.tag)
    const flags = node.inputs.map((input) => linear.has(input))
    const given = transpose === 'not linear' ? [] : transpose(node, cotangent, flags, pullBack)
    if (given.length !== node.inputs.length) {
      fail('DiffError', 'transpose', 'a linear operation', opName(node.op))
    }
    given.forEach((part, k) => {
      if (flags[k] === true) accumulate(node.inputs[k]!, part)
    })
  }
  return args.map((arg) => sums.get(arg))
}

/** Replaces symbolic zeros by tensors of zeros, which is what every public function returns. */
export const materialise = (tangents: readonly Tangent[], like: readonly Tensor[]): readonly Tensor[] =>
  tangents.map((tangent, i) => tangent ?? zerosLike(like[i]!))

/** A function at a point: its value as a tree and as tensors, and the tensors that move. */
interface Point<Out> {
  readonly out: Out
  readonly outputs: readonly Tensor[]
  readonly args: readonly Tensor[]
}

const pointOf = <X, Out>(operation: string, f: (x: X) => Out, x: X): Point<Out> => {
  // under an identity of its own, so that a derivative with respect to a value sees no other use of it
  const args = tensorsOf(operation, x).map((tensor) => apply({ tag: 'alias' }, [tensor]))
  const out = f(replace<X>(operation, x, args))
  return { out, outputs: tensorsOf(operation, out), args }
}

const matching = (operation: string, given: unknown, like: readonly Tensor[]): readonly Tensor[] => {
  const tensors = tensorsOf(operation, given)
  if (tensors.length !== like.length)
    fail('TreeError', operation, `${like.length} tensors`, `${tensors.length}`)
  tensors.forEach(({ shape }, i) => requireShape(operation, `leaf ${i}`, shape, like[i]!.shape, 'shape'))
  return tensors
}

/** As {@link linearize}, for an operation that names itself in errors. */
export const linearizeOf =
  <X, Out>(operation: string, f: (x: X) => Out) =>
  (x: X): readonly [Out, (tangent: X) => Out] => {
    const { out, outputs, args } = pointOf(operation, f, x)
    const push = (tangent: X): Out => {
      const tangents = matching(operation, tangent, args)
      const moved = pushForward(outputs, new Map(args.map((arg, i) => [arg, tangents[i]!])))
      return replace(operation, out, materialise(moved, outputs))
    }
    return [out, push]
  }

/** As {@link jvp}, for an operation that names itself in errors. */
export const jvpOf =
  <X, Out>(operation: string, f: (x: X) => Out) =>
  (x: X, tangent: X): readonly [Out, Out] => {
    const [out, push] = linearizeOf(operation, f)(x)
    return [out, push(tangent)]
  }

/** As {@link vjp}, for an operation that names itself in errors. */
export const vjpOf =
  <X, Out>(operation: string, f: (x: X) => Out) =>
  (x: X): readonly [Out, (cotangent: Out) => X] => {
    const { out, outputs, args } = pointOf(operation, f, x)
    const tangents = args.map((arg) => placeholder('tangent', arg))
    const moved = pushForward(outputs, new Map(args.map((arg, i) => [arg, tangents[i]!])))
    const pull = (cotangent: Out): X => {
      const given = matching(operation, cotangent, outputs)
      return replace(operation, x, materialise(pullBack(moved, tangents, given), args))
    }
    return [out, pull]
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
  (x: X, tangent: X): readonly [Out, Out] =>
    jvpOf('jvp', f)(x, tangent)

/** The value and the linear map of tangents: `const [y, push] = linearize(f)(x)`. */
export const linearize =
  <X, Out>(f: (x: X) => Out) =>
  (x: X): readonly [Out, (tangent: X) => Out] =>
    linearizeOf('linearize', f)(x)

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
  (x: X): readonly [Out, (cotangent: Out) => X] =>
    vjpOf('vjp', f)(x)
