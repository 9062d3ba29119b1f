import { sizeOf } from '../core/shape.js'
import { type Graph, topological } from '../graph/graph.js'
import { isOp, type Tensor } from '../graph/tensor.js'
import { expectNormal } from './normal.js'

/** The node whose memory a view shows: reshapes and repeated axes take none of their own. */
const baseOf = (node: Tensor): Tensor => {
  const [input] = node.inputs
  if (input === undefined) return node
  const isView =
    isOp(node, 'reshape') ||
    isOp(node, 'barrier') ||
    (isOp(node, 'contract') &&
      expectNormal(node.op).kind === 'permute' &&
      sizeOf(input.shape) < sizeOf(node.shape))
  return isView ? baseOf(input) : node
}

/**
 * The bytes of float32 that are held at once, at most, while an optimised graph runs in its order and gives up each
 * value after its last use. Inputs and results are held throughout.
 */
export const peakBytes = (graph: Graph): number => {
  const bytes = (node: Tensor): number => 4 * sizeOf(node.shape)
  const order = topological(graph.outputs)
  const kept = new Set([...graph.inputs, ...graph.outputs].map(baseOf))
  const lastUse = new Map<Tensor, number>()
  order.forEach((node, i) => {
    for (const input of [node, ...node.inputs]) lastUse.set(baseOf(input), i)
  })
  const ending = new Map<number, Tensor[]>()
  for (const [node, i] of lastUse) if (!kept.has(node)) ending.set(i, [...(ending.get(i) ?? []), node])
  const held = [...kept].reduce((total, node) => total + bytes(node), 0)
  let live = held
  let peak = held
  order.forEach((node, i) => {
    if (baseOf(node) === node && !kept.has(node)) live += bytes(node)
    peak = Math.max(peak, live)
    for (const done of ending.get(i) ?? []) live -= bytes(done)
  })
  return peak
}
