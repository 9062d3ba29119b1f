import { showShape } from '../core/shape.js'
import { opKey, opName, showAttributes } from './primitives/index.js'
import { isOp, type Tensor } from './tensor.js'

/** A closed computation: its arguments in order and its results. Nodes are shared wherever they are equal. */
export interface Graph {
  readonly inputs: readonly Tensor[]
  readonly outputs: readonly Tensor[]
}

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

/** The same primitive on other inputs; the node itself when nothing changed. The shape is known to stay. */
export const withInputs = (node: Tensor, inputs: readonly Tensor[]): Tensor =>
  inputs.every((input, i) => input === node.inputs[i]) ? node : { ...node, inputs }

/** Rebuilds a graph bottom-up: `visit` gets each node with its inputs already rebuilt. */
export const rewrite = (graph: Graph, visit: (node: Tensor) => Tensor): Graph => {
  const done = new Map<Tensor, Tensor>()
  const of = (node: Tensor): Tensor => done.get(node)!
  for (const node of topological(graph.outputs)) done.set(node, visit(withInputs(node, node.inputs.map(of))))
  return { inputs: graph.inputs, outputs: graph.outputs.map(of) }
}

/**
 * Recovers sharing: of equal nodes one remains, and nodes that carry meaning only for derivatives (`alias`,
 * `stopGradient`, `custom`) give way to their value. Inputs are never merged.
 */
export const deduplicate = (graph: Graph): Graph => {
  const ids = new Map<Tensor, number>()
  const known = new Map<string, Tensor>()
  const canonical = (node: Tensor): Tensor => {
    if (isOp(node, 'alias') || isOp(node, 'stopGradient') || isOp(node, 'custom')) return node.inputs[0]!
    if (ids.has(node)) return node
    const isInput = isOp(node, 'input') || isOp(node, 'keyInput')
    const name = isInput
      ? `input ${graph.inputs.indexOf(node)}`
      : `${opKey(node.op)}(${node.inputs.map((input) => ids.get(input)).join(',')})`
    const first = known.get(name)
    if (first !== undefined) return first
    known.set(name, node)
    ids.set(node, ids.size)
    return node
  }
  return rewrite(graph, canonical)
}

/** Text that is equal for two graphs exactly when they compute the same thing in the same way. */
export const graphKey = (graph: Graph): string => {
  const ids = new Map<Tensor, number>(graph.inputs.map((input, i) => [input, i]))
  const lines = graph.inputs.map((input) => `${input.op.tag}[${input.shape.join(',')}]`)
  for (const node of topological(graph.outputs)) {
    if (ids.has(node)) continue
    ids.set(node, ids.size)
    lines.push(`${opKey(node.op)}(${node.inputs.map((input) => ids.get(input)).join(',')})`)
  }
  return `${lines.join('\n')}\n=> ${graph.outputs.map((output) => ids.get(output)).join(',')}`
}

/** The path of an input of a graph among the arguments: `[0].layers[1].w`. */
export const inputName = (input: Tensor): string =>
  isOp(input, 'input') || isOp(input, 'keyInput') ? input.op.name : ''

const number = (
  graph: Graph
): { readonly nodes: readonly Tensor[]; readonly id: (node: Tensor) => number } => {
  const inputs = new Set(graph.inputs)
  const nodes = [...graph.inputs, ...topological(graph.outputs).filter((node) => !inputs.has(node))]
  const ids = new Map(nodes.map((node, i) => [node, i]))
  return { nodes, id: (node) => ids.get(node)! }
}

/**
 * A graph as text, one line a node.
 *
 * @example
 * import assert from 'node:assert'
 * import * as E from 'fp-ts/lib/Either.js'
 * import { ops, print, spec, type Tensor, trace } from 'tangentflow'
 *
 * const traced = trace((a: Tensor) => ops.sum()(ops.tanh(a)), [spec([3])])
 * assert.ok(E.isRight(traced))
 * assert.equal(
 *   print(traced.right.graph),
 *   '%0: f32[3] = input [0]\n%1: f32[3] = tanh %0\n%2: f32[] = contract %1 {a->}\nreturn %2'
 * )
 */
export const print = (graph: Graph): string => {
  const { nodes, id } = number(graph)
  const lines = nodes.map((node) => {
    const inputs = node.inputs.map((input) => ` %${id(input)}`).join(',')
    const text = showAttributes(node.op)
    const isLeaf = node.op.tag === 'input' || node.op.tag === 'keyInput'
    const suffix = text === '' ? '' : isLeaf ? ` ${text}` : ` {${text}}`
    return `%${id(node)}: f32${showShape(node.shape)} = ${opName(node.op)}${inputs}${suffix}`
  })
  return [...lines, `return ${graph.outputs.map((output) => `%${id(output)}`).join(', ')}`].join('\n')
}

/** A graph in the dot language of Graphviz. */
export const printDot = (graph: Graph): string => {
  const { nodes, id } = number(graph)
  const label = (node: Tensor): string =>
    [opName(node.op), showAttributes(node.op), showShape(node.shape)]
      .filter((part) => part !== '')
      .join('\\n')
  const outputs = new Set(graph.outputs)
  const vertices = nodes.map(
    (node) => `  n${id(node)} [label="${label(node)}"${outputs.has(node) ? ', peripheries=2' : ''}]`
  )
  const edges = nodes.flatMap((node) => node.inputs.map((input) => `  n${id(input)} -> n${id(node)}`))
  return ['digraph {', '  node [shape=box, fontname=monospace]', ...vertices, ...edges, '}'].join('\n')
}
