import type { KernelBackend } from '../../../kernels/kernel.js'
import { type Graph, rewrite, topological, withInputs } from '../../graph/graph.js'
import { apply, isOp, type Tensor, type TensorOf } from '../../graph/tensor.js'
import { normalForm } from '../../optimise/normal-form.js'
import type { Plan } from '../plan.js'

/** The fewest array arguments that every GPU grants a kernel: WebGPU has 8 storage buffers, one is the result. */
export const MAX_ARRAYS = 7

/** The plan of another graph with the same inputs. */
const withGraph = (plan: Plan, graph: Graph): Plan => {
  const own = new Set(graph.inputs)
  return {
    ...plan,
    graph,
    nodes: [...graph.inputs, ...topological(graph.outputs).filter((node) => !own.has(node))]
  }
}

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
const limitInputs = (plan: Plan, backend: KernelBackend): Plan => {
  if (backend === 'webasm' || backend === 'cpu') return plan
  if (plan.nodes.every(({ inputs }) => inputs.length <= MAX_ARRAYS)) return plan
  return withGraph(
    plan,
    rewrite(plan.graph, (node) => (isOp(node, 'concat') ? joined(node.op.axis, node.inputs) : node))
  )
}

/** For each axis of the result the operand's axis it shows, if a contraction only reorders axes. */
const permutationOf = ({ op }: TensorOf<'contract'>): readonly number[] | undefined => {
  const form = normalForm(op)
  if (form?.kind !== 'permute') return undefined
  const axes = form.from.filter((axis) => axis !== null)
  return axes.length === form.from.length ? axes : undefined
}

const consumers = ({ nodes, graph }: Plan): ReadonlyMap<Tensor, number> => {
  const counts = new Map<Tensor, number>()
  for (const node of [...nodes.flatMap(({ inputs }) => inputs), ...graph.outputs])
    counts.set(node, (counts.get(node) ?? 0) + 1)
  return counts
}

/** The product that a permutation alone reads, in the order that the permutation gives it. */
const orderedProduct = (node: Tensor, counts: ReadonlyMap<Tensor, number>): Tensor | undefined => {
  const order = isOp(node, 'contract') ? permutationOf(node) : undefined
  const [source] = node.inputs
  if (order === undefined || source === undefined || counts.get(source) !== 1) return undefined
  if (!isOp(source, 'contract') || source.inputs.length < 2) return undefined
  const { op, inputs } = source
  return apply({ ...op, output: order.map((axis) => op.output[axis]!) }, inputs)
}

/**
 * A plan whose products come out in the order in which they are wanted. The optimiser gives contractions a canonical order of
 * axes and permutes afterwards; a kernel can write any order, so a permutation that is a product's only reader is fused
 * into it.
 */
const fuseOrder = (plan: Plan): Plan => {
  const counts = consumers(plan)
  const made = new Map<Tensor, Tensor>()
  const of = (node: Tensor): Tensor => made.get(node)!
  for (const node of plan.nodes) {
    const fused = orderedProduct(node, counts) ?? node
    made.set(node, withInputs(fused, fused.inputs.map(of)))
  }
  return withGraph(plan, { inputs: plan.graph.inputs, outputs: plan.graph.outputs.map(of) })
}

/** A plan as kernels want it: few inputs a node where the device asks for that, and no permutation of a single product. */
export const adaptPlan = (plan: Plan, backend: KernelBackend): Plan => fuseOrder(limitInputs(plan, backend))
