import { topological, withInputs } from '../../graph/graph.js'
import { apply, isOp, type Tensor, type TensorOf } from '../../graph/tensor.js'
import type { Plan } from '../plan.js'

/** Whether a contraction only reorders the axes of its operand. */
const isPermutation = (node: TensorOf<'contract'>): boolean => {
  const [indices, ...others] = node.op.operands
  return (
    indices !== undefined &&
    others.length === 0 &&
    indices.length === node.op.output.length &&
    new Set(indices).size === indices.length &&
    indices.every((index) => node.op.output.includes(index))
  )
}

const consumers = ({ nodes, graph }: Plan): ReadonlyMap<Tensor, number> => {
  const counts = new Map<Tensor, number>()
  for (const node of [...nodes.flatMap(({ inputs }) => inputs), ...graph.outputs])
    counts.set(node, (counts.get(node) ?? 0) + 1)
  return counts
}

/** The product that a permutation alone reads, in the order that the permutation gives it. */
const productBehind = (
  node: Tensor,
  counts: ReadonlyMap<Tensor, number>
): { readonly op: TensorOf<'contract'>['op']; readonly inputs: readonly Tensor[] } | undefined => {
  if (!isOp(node, 'contract') || !isPermutation(node)) return undefined
  const [source] = node.inputs
  const [indices] = node.op.operands
  if (source === undefined || !isOp(source, 'contract') || counts.get(source) !== 1) return undefined
  const { op, inputs } = source
  if (inputs.length < 2 || new Set(op.output).size < op.output.length) return undefined
  return { op: { ...op, output: node.op.output.map((index) => op.output[indices!.indexOf(index)]!) }, inputs }
}

/**
 * Lets products come out in the order in which they are wanted. The optimiser gives contractions a canonical order of
 * axes and permutes afterwards; a kernel can write any order, so a permutation that is a product's only reader is drawn
 * into it.
 */
export const withOrderedProducts = (plan: Plan): Plan => {
  const { inputs, outputs } = plan.graph
  const counts = consumers(plan)
  const made = new Map<Tensor, Tensor>()
  const of = (node: Tensor): Tensor => made.get(node)!
  for (const node of plan.nodes) {
    const product = productBehind(node, counts)
    made.set(
      node,
      product === undefined
        ? withInputs(node, node.inputs.map(of))
        : apply(product.op, product.inputs.map(of))
    )
  }
  const results = outputs.map(of)
  const own = new Set(inputs)
  return {
    ...plan,
    graph: { inputs, outputs: results },
    nodes: [...inputs, ...topological(results).filter((node) => !own.has(node))]
  }
}
