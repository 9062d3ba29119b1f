import { requireWhole } from '../../core/check.js'
import { fail } from '../../core/error.js'
import { isHostKey } from '../../core/key.js'
import { of } from '../../core/ndarray.js'
import { checkOptions, option, type OptionKinds } from '../../core/options.js'
import { showShape } from '../../core/shape.js'
import { leaves, rebuild } from '../../core/tree.js'
import { requireCarry } from '../carry.js'
import { replaceNodes } from '../graph.js'
import { isKey, type Key, sample, type TracedKey } from '../key.js'
import { bodyOutputs, type Loop, runLoop, symbolOf } from '../loop.js'
import type { OpOf, RandomStep, TensorOf } from '../op.js'
import { apply, isOp, isTensor, ownConstant, type Tensor } from '../tensor.js'
import { dependents, topological } from '../topological.js'
import { replace, tensorsOf } from '../tree.js'

const operation = 'ops.scan'

/** The options of {@link scan}. */
export interface ScanOptions {
  /**
   * Which child of a key among `xs` step i gets: that of `split`, or `fold(i)`, as steps that are written out with a key each
   * often have.
   *
   * @defaultValue `split`
   */
  readonly keys?: 'split' | 'fold'
}

const kinds: OptionKinds<ScanOptions> = { keys: option.word('split', 'fold') }

const isLeaf = (value: unknown): value is Tensor | Key => isTensor(value) || isKey(value)

/** A leaf of the per-step inputs: a stack, or a key of which each step gets a child. */
interface StepInput {
  readonly value: Tensor | Key
  /** What the body is given: one entry, or the key of the step. */
  readonly symbol: Tensor | TracedKey
}

const stepInputs = (xs: unknown, length: number): readonly StepInput[] =>
  (xs === undefined ? [] : leaves(operation, isLeaf, xs)).map(({ path, value }) => {
    if (!isTensor(value)) {
      const source = apply({ tag: 'keyInput', name: 'key of the step' }, [])
      return { value, symbol: { _tag: 'TracedKey', source, path: [] } }
    }
    const [steps, ...shape] = value.shape
    return steps === length
      ? { value, symbol: symbolOf('entry', { shape }) }
      : fail('ShapeError', operation, `a first axis of ${length} steps`, showShape(value.shape), path)
  })

/** What a body draws from the key of its step, for all steps at once. */
const drawAll = (
  { op, inputs }: TensorOf<'random'>,
  key: Key,
  each: Extract<RandomStep, { kind: 'each' }>
): Tensor => {
  const all: OpOf<'random'> = { ...op, shape: [each.size, ...op.shape], path: [each, ...op.path] }
  const [, ids] = inputs
  if (!isHostKey(key))
    return apply({ ...all, path: [...key.path, ...all.path] }, [
      key.source,
      ...(ids === undefined ? [] : [ids])
    ])
  if (ids !== undefined && !isOp(ids, 'constant'))
    return fail('ArgumentError', 'random', 'constant ids with a host key', ids.op.tag)
  return ownConstant(of(all.shape, sample(all, key, ids?.op.value.data)))
}

/** The loop with every draw from the key of a step replaced by an entry of what is drawn for all steps. */
const drawOutside = (
  loop: Loop,
  inputs: readonly StepInput[],
  by: NonNullable<ScanOptions['keys']>
): Loop => {
  const keys = new Map<Tensor, Key>(
    inputs.flatMap(({ value, symbol }) =>
      isTensor(value) || isTensor(symbol) ? [] : [[symbol.source, value]]
    )
  )
  const order = topological(bodyOutputs(loop))
  const varying = dependents(order, [
    loop.index,
    ...[...loop.carries, ...loop.sequences].map(({ symbol }) => symbol)
  ])
  const drawn = order.flatMap((node) => {
    const key = isOp(node, 'random') ? keys.get(node.inputs[0]!) : undefined
    if (!isOp(node, 'random') || key === undefined) return []
    if (varying.has(node))
      fail('ArgumentError', 'random', 'ids from outside the loop', 'ids that change from step to step')
    return [
      {
        node,
        symbol: symbolOf('drawn', node),
        stack: drawAll(node, key, { kind: 'each', by, size: loop.length })
      }
    ]
  })
  const outputs = replaceNodes(bodyOutputs(loop), new Map(drawn.map(({ node, symbol }) => [node, symbol])))
  return {
    ...loop,
    carries: loop.carries.map((carry, k) => ({ ...carry, next: outputs[k]! })),
    sequences: [...loop.sequences, ...drawn],
    results: outputs.slice(loop.carries.length)
  }
}

/**
 * A loop of a fixed number of steps, as JAX's `lax.scan`: `scan(body, length)(carry, xs)` calls
 * `body(carry, x, index)` for index = 0 … length − 1, each on the carry that the last step left, and gives the last carry and
 * what the steps gave beside it, stacked along a new first axis. The body is traced once, so neither the graph nor the time to
 * compile it grows with the number of steps.
 *
 * Carry, `xs` and what the body gives are trees. Each tensor of `xs` has `length` entries along its first axis, of which a
 * step gets one; of each key in `xs`, step i gets child i of `split(length)`, or by an option `fold(i)`. The body may use tensors of
 * outside, which are the same in every step, and is differentiated and batched like any operation. `index` is a scalar tensor.
 *
 * Errors: a length that is no whole number of at least 1, and a body that gives no tensor, are an ArgumentError; a carry that
 * changes its shape, and stacks of another length, a ShapeError; a carry of another form a TreeError.
 *
 * @example
 * import assert from 'node:assert'
 * import { evaluateOn, grad, ndarray, ops, type Tensor } from 'tangentflow'
 *
 * // xₙ₊₁ = xₙ², three times: x⁸, whose derivative at 2 is 8 · 2⁷
 * const power = (x: Tensor) => ops.scan((y: Tensor) => [ops.square(y), y] as const, 3)(x)
 * const [last, before] = evaluateOn(power)(ndarray.scalar(2))
 * assert.equal(ndarray.toNumber(last), 256)
 * assert.deepEqual(ndarray.toNested(before), [2, 4, 16])
 * assert.equal(ndarray.toNumber(evaluateOn(grad((x: Tensor) => power(x)[0]))(ndarray.scalar(2))), 1024)
 */
export const scan =
  <Carry, Y, X = undefined>(
    body: (carry: Carry, x: X, index: Tensor) => readonly [Carry, Y],
    length: number,
    options: ScanOptions = {}
  ) =>
  (
    carry: Carry,
    ...[xs]: [X] extends [undefined] ? readonly [xs?: X] : readonly [xs: X]
  ): readonly [Carry, Y] => {
    requireWhole(operation, 'length', length, 1)
    const { keys = 'split' } = checkOptions(operation, kinds, options)
    const start = tensorsOf(operation, carry)
    const symbols = start.map((tensor) => symbolOf('carry', tensor))
    const index = symbolOf('index', { shape: [] })
    const inputs = stepInputs(xs, length)
    const symbolsOf = inputs.map(({ symbol }) => symbol)
    const x = xs === undefined ? xs : rebuild<Tensor | Key, X>(operation, isLeaf, xs, symbolsOf)
    const [next, y] = body(replace<Carry>(operation, carry, symbols), x as X, index)
    const after = requireCarry(operation, 'carry', carry, next)
    const results = tensorsOf(operation, y)
    if (after.length + results.length === 0)
      fail('ArgumentError', operation, 'a body that gives a tensor', 'none')
    const loop: Loop = {
      length,
      reverse: false,
      index,
      carries: start.map((tensor, k) => ({ symbol: symbols[k]!, start: tensor, next: after[k]! })),
      sequences: inputs.flatMap(({ value, symbol }) =>
        isTensor(value) && isTensor(symbol) ? [{ symbol, stack: value }] : []
      ),
      captured: [],
      results
    }
    const { carries, stacks } = runLoop(drawOutside(loop, inputs, keys))
    return [replace<Carry>(operation, carry, carries), replace<Y>(operation, y, stacks)]
  }
