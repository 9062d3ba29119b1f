import { showShape } from '../core/shape.js'
import { type Graph, topological } from './graph.js'
import { opName, showAttributes } from './primitives/index.js'
import type { Tensor } from './tensor.js'

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
