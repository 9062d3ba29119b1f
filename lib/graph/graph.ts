import { plain } from '../core/plain.js'
import { showShape } from '../core/shape.js'
import type { Graph } from './op.js'
import { opKey, opName, showAttributes } from './primitives/index.js'
import { isOp, type Tensor } from './tensor.js'
import { graphKeyBy, topological } from './topological.js'

export type { Graph } from './op.js'
export { topological, topologicalBy } from './topological.js'

/** The same primitive on other inputs; the node itself when nothing changed. The shape is known to stay. */
export const withInputs = (node: Tensor, inputs: readonly Tensor[]): Tensor =>
  inputs.every((input, i) => input === node.inputs[i]) ? node : { ...node, inputs }

/** A graph of the same inputs with other outputs; the graph itself when nothing changed. */
export const withOutputs = (graph: Graph, outputs: readonly Tensor[]): Graph =>
  outputs.every((output, i) => output === graph.outputs[i]) ? graph : { inputs: graph.inputs, outputs }

/** Rebuilds a graph bottom-up: `visit` gets each node with its inputs already rebuilt. The graph itself when nothing changed. */
export const rewrite = (graph: Graph, visit: (node: Tensor) => Tensor): Graph => {
  const done = new Map<Tensor, Tensor>()
  const of = (node: Tensor): Tensor => done.get(node)!
  for (const node of topological(graph.outputs)) done.set(node, visit(withInputs(node, node.inputs.map(of))))
  return withOutputs(graph, graph.outputs.map(of))
}

/** Outputs in which some nodes give way to others; what is behind those is not visited. */
export const replaceNodes = (
  outputs: readonly Tensor[],
  replacements: ReadonlyMap<Tensor, Tensor>
): readonly Tensor[] => {
  const done = new Map(replacements)
  const of = (node: Tensor): Tensor => done.get(node)!
  for (const node of topological(outputs, new Set(replacements.keys())))
    if (!done.has(node)) done.set(node, withInputs(node, node.inputs.map(of)))
  return outputs.map(of)
}

/** A scan with another body of the same inputs and outputs; any other node as it is. */
export const withBody = (node: Tensor, change: (body: Graph) => Graph): Tensor =>
  isOp(node, 'scan') ? { ...node, op: { ...node.op, body: change(node.op.body) } } : node

/**
 * Recovers sharing: of equal nodes one remains, and nodes that carry meaning only for derivatives (`alias`,
 * `stopGradient`, `custom`) give way to their value. Inputs are never merged.
 */
export const deduplicate = (graph: Graph): Graph => {
  const places = new Map(graph.inputs.map((input, i) => [input, i]))
  const ids = new Map<Tensor, number>()
  const known = new Map<string, Tensor>()
  const canonical = (rebuilt: Tensor): Tensor => {
    if (isOp(rebuilt, 'alias') || isOp(rebuilt, 'stopGradient') || isOp(rebuilt, 'custom'))
      return rebuilt.inputs[0]!
    if (ids.has(rebuilt)) return rebuilt
    const node = withBody(rebuilt, deduplicate)
    const isInput = isOp(node, 'input') || isOp(node, 'keyInput')
    const name = isInput
      ? `input ${places.get(node)}`
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
export const graphKey: (graph: Graph) => string = graphKeyBy(opKey)

/** The path of an input of a graph among the arguments: `[0].layers[1].w`. */
export const inputName = (input: Tensor): string =>
  isOp(input, 'input') || isOp(input, 'keyInput') ? input.op.name : ''

/** The nodes of a graph in the order in which they are printed, and the number of each. */
export const numberNodes = (
  graph: Graph
): { readonly nodes: readonly Tensor[]; readonly id: (node: Tensor) => number } => {
  const inputs = new Set(graph.inputs)
  const nodes = [...graph.inputs, ...topological(graph.outputs).filter((node) => !inputs.has(node))]
  const ids = new Map(nodes.map((node, i) => [node, i]))
  return { nodes, id: (node) => ids.get(node)! }
}

/**
 * A graph as text, one line a node; the body of a loop is indented below it.
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
export const print = plain('print', (graph: Graph): string => {
  const { nodes, id } = numberNodes(graph)
  const lines = nodes.flatMap((node) => {
    const inputs = node.inputs.map((input) => ` %${id(input)}`).join(',')
    const text = showAttributes(node.op)
    const isLeaf = node.op.tag === 'input' || node.op.tag === 'keyInput'
    const suffix = text === '' ? '' : isLeaf ? ` ${text}` : ` {${text}}`
    const line = `%${id(node)}: f32${showShape(node.shape)} = ${opName(node.op)}${inputs}${suffix}`
    return isOp(node, 'scan')
      ? [
          line,
          ...print(node.op.body)
            .split('\n')
            .map((inner) => `  ${inner}`)
        ]
      : [line]
  })
  return [...lines, `return ${graph.outputs.map((output) => `%${id(output)}`).join(', ')}`].join('\n')
})

/** A graph in the dot language of Graphviz. */
export const printDot = plain('printDot', (graph: Graph): string => {
  const { nodes, id } = numberNodes(graph)
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
})
