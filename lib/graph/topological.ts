import type { Graph, Op, Tensor } from './op.js'

/**
 * Every node that the outputs need, each after its inputs. Nodes in `stop` are leaves: nothing behind them is visited.
 */
export const topological = (outputs: readonly Tensor[], stop?: ReadonlySet<Tensor>): Tensor[] =>
  topologicalBy(outputs, (node) => (stop?.has(node) === true ? [] : node.inputs))

/** As {@link topological}, along other edges than the nodes' own. */
export const topologicalBy = (
  outputs: readonly Tensor[],
  inputsOf: (node: Tensor) => readonly Tensor[]
): Tensor[] => {
  const order: Tensor[] = []
  const seen = new Set<Tensor>()
  const stack: { node: Tensor; inputs: readonly Tensor[]; next: number }[] = []
  const visit = (node: Tensor): void => {
    if (seen.has(node)) return
    seen.add(node)
    stack.push({ node, inputs: inputsOf(node), next: 0 })
  }
  for (const output of outputs) {
    visit(output)
    while (stack.length > 0) {
      const frame = stack[stack.length - 1]!
      if (frame.next < frame.inputs.length) visit(frame.inputs[frame.next++]!)
      else order.push(stack.pop()!.node)
    }
  }
  return order
}

/** The nodes of an order that are, or depend on, one of the roots. */
export const dependents = (order: readonly Tensor[], roots: Iterable<Tensor>): ReadonlySet<Tensor> => {
  const found = new Set(roots)
  for (const node of order) if (node.inputs.some((input) => found.has(input))) found.add(node)
  return found
}

/** Text that is equal for two graphs exactly when they compute the same thing in the same way, by the text of a primitive. */
export const graphKeyBy =
  (opKey: (op: Op) => string) =>
  (graph: Graph): string => {
    const ids = new Map<Tensor, number>(graph.inputs.map((input, i) => [input, i]))
    const lines = graph.inputs.map((input) => `${input.op.tag}[${input.shape.join(',')}]`)
    for (const node of topological(graph.outputs)) {
      if (ids.has(node)) continue
      ids.set(node, ids.size)
      lines.push(`${opKey(node.op)}(${node.inputs.map((input) => ids.get(input)).join(',')})`)
    }
    return `${lines.join('\n')}\n=> ${graph.outputs.map((output) => ids.get(output)).join(',')}`
  }
