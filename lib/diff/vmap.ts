import { checkOptions, option, type OptionKinds } from '../core/options.js'
import { fail } from '../core/error.js'
import { normaliseAxis } from '../core/shape.js'
import { leaves } from '../core/tree.js'
import { indicesOf } from '../graph/contract.js'
import { topological } from '../graph/graph.js'
import { isKey, type Key } from '../graph/key.js'
import { transpose } from '../graph/ops/einsum.js'
import { isTensor, type Tensor } from '../graph/tensor.js'
import { replace, tensorsOf } from '../graph/tree.js'
import { batchedTo, type BatchTensors, placeholder } from './diff-rule.js'
import { ruleOf } from './rules/index.js'

/**
 * Replaces symbols by batches and pushes the batch, as axis 0, through everything that depends on them. Results that
 * depend on none are repeated.
 */
export const batchOutputs = (
  outputs: readonly Tensor[],
  seeds: ReadonlyMap<Tensor, Tensor>,
  size: number
): readonly Tensor[] => {
  const batches = new Map<Tensor, Tensor>(seeds)
  for (const node of topological(outputs, new Set(seeds.keys()))) {
    if (batches.has(node)) continue
    const batched = node.inputs.map((input) => batches.has(input))
    if (!batched.includes(true)) continue
    const inputs = node.inputs.map((input) => batches.get(input) ?? input)
    batches.set(node, ruleOf(node.op.tag).batch(node, inputs, batched, size, batchTensors))
  }
  return outputs.map((output) => batches.get(output) ?? batchedTo(output, false, size))
}

const batchTensors: BatchTensors = (f, batches, size) => {
  const examples = batches.map((batch) => placeholder('example', { shape: batch.shape.slice(1) }))
  return batchOutputs(f(examples), new Map(examples.map((example, k) => [example, batches[k]!])), size)
}

/** What {@link vmap} maps over. */
export interface VmapOptions {
  /**
   * For each argument the axis that is mapped, or null for one that all examples share.
   *
   * @defaultValue 0 for every argument
   */
  readonly axes?: readonly (number | null)[]
}

const toFront = (axis: number, x: Tensor): Tensor => {
  const at = normaliseAxis('vmap', x.shape.length, axis)
  return transpose([at, ...indicesOf(x.shape).filter((a) => a !== at)])(x)
}

/** An argument with its mapped tensors replaced by symbols of one example. */
const splitArgument = (arg: unknown, axis: number | null, seeds: Map<Tensor, Tensor>): unknown => {
  if (axis === null) return arg
  const isLeaf = (value: unknown): value is Tensor | Key => isTensor(value) || isKey(value)
  const examples = leaves('vmap', isLeaf, arg).map(({ value: tensor }) => {
    if (!isTensor(tensor)) return fail('DiffError', 'vmap', 'tensors to map, and null for keys', 'a key')
    const batch = toFront(axis, tensor)
    const example = placeholder('example', { shape: batch.shape.slice(1) })
    seeds.set(example, batch)
    return example
  })
  return replace('vmap', arg, examples)
}

/**
 * A function of one example, applied to every entry of an axis at once; the results carry that axis first. It rewrites
 * the graph, so nothing loops when it runs, and nests with every derivative.
 *
 * @example
 * import assert from 'node:assert'
 * import { evaluateOn, ndarray, ops, type Tensor, vmap } from 'tangentflow'
 *
 * const norms = vmap((row: Tensor) => ops.dot(row)(row))
 * assert.deepEqual(ndarray.toNested(evaluateOn(norms)(ndarray.fromNested([[3, 4], [0, 2]]))), [25, 4])
 */
export const vmap =
  <Args extends readonly unknown[], Out>(f: (...args: Args) => Out, options: VmapOptions = {}) =>
  (...args: Args): Out => {
    const kinds: OptionKinds<VmapOptions> = { axes: option.list }
    checkOptions('vmap', kinds, options)
    const seeds = new Map<Tensor, Tensor>()
    const examples = args.map((arg, i) => {
      const axis = options.axes?.[i]
      return splitArgument(arg, axis === undefined ? 0 : axis, seeds)
    })
    const sizes = new Set([...seeds.values()].map((batch) => batch.shape[0]!))
    if (sizes.size !== 1) {
      fail(
        'ShapeError',
        'vmap',
        'mapped axes of one size',
        sizes.size === 0 ? 'no mapped tensor' : [...sizes].join(' and ')
      )
    }
    const out = f(...(examples as readonly unknown[] as Args))
    const [size] = sizes
    return replace('vmap', out, batchOutputs(tensorsOf('vmap', out), seeds, size!))
  }
