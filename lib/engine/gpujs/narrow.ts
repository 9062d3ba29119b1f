import type { KernelBackend } from '../../../kernels/kernel.js'
import { rewrite, topological } from '../../graph/graph.js'
import { apply, isOp, type Tensor } from '../../graph/tensor.js'
import type { Plan } from '../plan.js'

/** The fewest array arguments that every GPU grants a kernel: WebGPU has 8 storage buffers, one is the result. */
export const MAX_ARRAYS = 7

const groupsOf = (inputs: readonly Tensor[]): readonly (readonly Tensor[])[] =>
  Array.from({ length: Math.ceil(inputs.length / MAX_ARRAYS) }, (_, i) =>
    inputs.slice(i * MAX_ARRAYS, (i + 1) * MAX_ARRAYS)
  )

/** A concatenation of no more tensors than a kernel may read, of concatenations. */
const joined = (axis: number, inputs: readonly Tensor[]): Tensor =>
  inputs.length === 1
    ? inputs[0]!
    : inputs.length <= MAX_ARRAYS
      ? apply({ tag: 'concat', axis }, inputs)
      : joined(
          axis,
          groupsOf(inputs).map((group) => joined(axis, group))
        )

/**
 * A plan in which no node has more inputs than a kernel may read on a GPU. Concatenation is the one primitive that takes any
 * number; the host's own processor reads as many arrays as it likes.
 */
export const narrow = (plan: Plan, backend: KernelBackend): Plan => {
  if (backend === 'webasm' || backend === 'cpu') return plan
  if (plan.nodes.every(({ inputs }) => inputs.length <= MAX_ARRAYS)) return plan
  const graph = rewrite(plan.graph, (node) =>
    isOp(node, 'concat') ? joined(node.op.axis, node.inputs) : node
  )
  const own = new Set(graph.inputs)
  return {
    ...plan,
    graph,
    nodes: [...graph.inputs, ...topological(graph.outputs).filter((node) => !own.has(node))]
  }
}
