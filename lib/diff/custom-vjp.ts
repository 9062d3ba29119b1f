import { plain } from '../core/plain.js'
import { fail } from '../core/error.js'
import { requireShape, sameShape, showShape } from '../core/shape.js'
import { zerosLike } from '../graph/contract.js'
import type { JvpRule, OpTag, VjpRule } from '../graph/op.js'
import { apply, type Tensor, type TensorFunction, withRule } from '../graph/tensor.js'
import { batchedInputs, type BatchTensors, type DiffRule } from './diff-rule.js'

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
export const customVjp = (name: string, f: TensorFunction, vjp: VjpRule['vjp']): TensorFunction =>
  withRule({ name, vjp }, f, `customVjp ${name}`)

/**
 * A function with a tangent of your own: `jvp(args, out, tangents)` gives the tangent of the result, and is linear in the
 * tangents (zeros where an argument is constant); reverse mode transposes it, so both modes and all orders follow. The rule
 * must not capture tensors of the surrounding trace.
 *
 * @example
 * import assert from 'node:assert'
 * import { customJvp, evaluateOn, grad, ndarray, ops, type Tensor } from 'tangentflow'
 *
 * const root = customJvp('root', ops.sqrt, ([x], out, [t]) =>
 *   ops.where(ops.equal(0)(x!))(0, ops.div(ops.scale(2)(ops.where(ops.equal(0)(x!))(1, out)))(t!))
 * )
 * const f = (x: Tensor) => ops.sum()(root(x))
 * assert.deepEqual(ndarray.toNested(evaluateOn(grad(f))(ndarray.fromNested([0, 4]))), [0, 0.25])
 */
export const customJvp = (name: string, f: TensorFunction, jvp: JvpRule['jvp']): TensorFunction =>
  withRule({ name, jvp }, f, `customJvp ${name}`)

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
export const straightThrough = plain('straightThrough', (f: (x: Tensor) => Tensor): ((x: Tensor) => Tensor) =>
  withRule({ name: 'straightThrough', jvp: (_args, _out, tangents) => tangents[0]! }, (x) => keepsShape(f, x))
)

/** A user's rules on a batch: each batched over all that it is given. */
const batchVjp = ({ name, vjp }: VjpRule, size: number, batchTensors: BatchTensors): VjpRule => ({
  name,
  vjp: (args, out, cotangent) =>
    batchTensors(
      (xs) => vjp(xs.slice(0, args.length), xs[args.length]!, xs[args.length + 1]!),
      [...args, out, cotangent],
      size
    )
})

const batchJvp = ({ name, jvp }: JvpRule, size: number, batchTensors: BatchTensors): JvpRule => ({
  name,
  jvp: (args, out, tangents) =>
    batchTensors(
      (xs) => [jvp(xs.slice(0, args.length), xs[args.length]!, xs.slice(args.length + 1))],
      [...args, out, ...tangents],
      size
    )[0]!
})

/** A user's rule has to give what it promised; a missing cotangent would pass for a zero. */
const requireLike = (name: string, given: readonly Tensor[], like: readonly Tensor[]): void => {
  if (given.length !== like.length)
    fail('DiffError', `customVjp ${name}`, `${like.length} cotangents`, `${given.length}`)
  given.forEach(({ shape }, k) =>
    requireShape(`customVjp ${name}`, `cotangent ${k}`, shape, like[k]!.shape, 'shape')
  )
}

const custom: DiffRule<'custom'> = {
  formula: { value: 'y = f(x)', tangent: 'by the rule: its jvp, or customLinear', transpose: 'not linear' },
  jvp: (node, tangents) => {
    if (tangents.slice(1).every((t) => t === undefined)) return undefined
    const args = node.inputs.slice(1)
    const given = args.map((arg, k) => tangents[k + 1] ?? zerosLike(arg))
    const { rule } = node.op
    if (!('jvp' in rule))
      return apply({ tag: 'customLinear', rule, arity: args.length }, [node, ...args, ...given])
    const tangent = rule.jvp(args, node, given)
    return sameShape(tangent.shape, node.shape)
      ? tangent
      : fail(
          'ShapeError',
          `customJvp ${rule.name}`,
          showShape(node.shape),
          showShape(tangent.shape),
          'tangent'
        )
  },
  transpose: 'not linear',
  batch: ({ op: { rule } }, inputs, batched, size, batchTensors) =>
    apply(
      {
        tag: 'custom',
        rule: 'jvp' in rule ? batchJvp(rule, size, batchTensors) : batchVjp(rule, size, batchTensors)
      },
      batchedInputs(inputs, batched, size)
    )
}

const customLinear: DiffRule<'customLinear'> = {
  formula: { value: 'the tangent of a rule with a vjp', tangent: 'itself', transpose: 'by the rule: vjp' },
  jvp: ({ op, inputs }, tangents) => {
    const fixed = inputs.slice(0, op.arity + 1)
    if (tangents.slice(0, op.arity + 1).some((t) => t !== undefined)) {
      return fail('DiffError', 'jvp', 'a rule with a jvp', `forward mode through customVjp ${op.rule.name}`)
    }
    const given = inputs.slice(op.arity + 1).map((input, k) => tangents[op.arity + 1 + k] ?? zerosLike(input))
    return apply(op, [...fixed, ...given])
  },
  transpose: ({ op, inputs }, cotangent, linear) => {
    const [out, ...args] = inputs.slice(0, op.arity + 1)
    const cotangents = op.rule.vjp(args, out!, cotangent)
    requireLike(op.rule.name, cotangents, args)
    return inputs.map((_, k) => (linear[k] === true ? cotangents[k - op.arity - 1] : undefined))
  },
  batch: ({ op }, inputs, batched, size, batchTensors) =>
    apply({ ...op, rule: batchVjp(op.rule, size, batchTensors) }, batchedInputs(inputs, batched, size))
}

/** Values with a derivative of the user's own. */
export const customs = { custom, customLinear } satisfies { readonly [T in OpTag]?: DiffRule<T> }
