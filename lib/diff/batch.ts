import { topological } from '../graph/graph.js'
import { apply, type Tensor } from '../graph/tensor.js'
import { batchedTo, type BatchTensors } from './rule.js'
import { ruleOf } from './rules/index.js'

/** A fresh symbol that stands for one example while a function is batched, or for a tangent while it is transposed. */
export const placeholder = (name: string, like: { readonly shape: readonly number[] }): Tensor =>
  apply({ tag: 'input', name, shape: like.shape }, [])

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
