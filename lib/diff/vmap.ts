import { fail } from '../core/error.js'
import { normaliseAxis } from '../core/shape.js'
import { leaves } from '../core/tree.js'
import { transpose } from '../graph/ops/linear.js'
import { isKey } from '../graph/key.js'
import { isTensor, type Tensor } from '../graph/tensor.js'
import { batchOutputs, placeholder } from './batch.js'
import { replace, tensorsOf } from '../graph/tree.js'

/** For each argument the axis that is mapped, or null for one that all examples share. The default is axis 0. */
export interface VmapOptions {
  readonly axes?: readonly (number | null)[]
}

const toFront = (axis: number, x: Tensor): Tensor => {
  const at = normaliseAxis('vmap', x.shape.length, axis)
  return transpose([at, ...x.shape.map((_, a) => a).filter((a) => a !== at)])(x)
}

/** An argument with its mapped tensors replaced by symbols of one example. */
const splitArgument = (arg: unknown, axis: number | null, seeds: Map<Tensor, Tensor>): unknown => {
  const isLeaf = (value: unknown): value is Tensor => isTensor(value) || isKey(value)
  const tensors = axis === null ? [] : leaves('vmap', isLeaf, arg).map((leaf) => leaf.value)
  if (axis === null) return arg
  const examples = tensors.map((tensor) => {
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
    const seeds = new Map<Tensor, Tensor>()
    const examples = args.map((arg, i) => splitArgument(arg, axisOf(options, i), seeds))
    const sizes = new Set([...seeds.values()].map((batch) => batch.shape[0]!))
    if (sizes.size !== 1) {
      fail(
        'ShapeError',
        'vmap',
        'mapped axes of one size',
        sizes.size === 0 ? 'no mapped tensor' : [...sizes].join(' and ')
      )
    }
    const out = f(...(examples as unknown[] as readonly unknown[] as Args))
    const [size] = sizes
    return replace('vmap', out, batchOutputs(tensorsOf('vmap', out), seeds, size!))
  }

const axisOf = (options: VmapOptions, argument: number): number | null => {
  const axis = options.axes?.[argument]
  return axis === undefined ? 0 : axis
}
