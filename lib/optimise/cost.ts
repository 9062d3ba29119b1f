import { sizeOf } from '../core/shape.js'
import { type Graph, topological } from '../graph/graph.js'
import { isOp, type Tensor } from '../graph/tensor.js'
import { expectNormal } from './normal-form.js'

/** The cost of computing something. */
export interface Cost {
  /** Floating-point operations; a multiply-add counts as two. */
  readonly flops: number
  /** Bytes of float32 read and written, if every node went through memory. */
  readonly bytes: number
}

/** Whether engines read through a node, so that it costs nothing by itself. */
const isView = (node: Tensor): boolean =>
  isOp(node, 'reshape') ||
  isOp(node, 'barrier') ||
  isOp(node, 'constant') ||
  isOp(node, 'input') ||
  isOp(node, 'keyInput') ||
  (isOp(node, 'contract') && expectNormal(node.op).kind === 'permute')

const flopsOf = (node: Tensor): number => {
  if (!isOp(node, 'contract')) return sizeOf(node.shape)
  const all = sizeOf(node.op.sizes)
  return expectNormal(node.op).kind === 'matmul' ? 2 * all : all
}

const times = (count: number, { flops, bytes }: Cost): Cost => ({
  flops: count * flops,
  bytes: count * bytes
})

/** The cost of one node of an optimised graph. */
const costOfNode = (node: Tensor): Cost =>
  isView(node)
    ? { flops: 0, bytes: 0 }
    : isOp(node, 'scan')
      ? times(node.op.length, costOfGraph(node.op.body))
      : {
          flops: flopsOf(node),
          bytes: 4 * [node, ...node.inputs].reduce((total, { shape }) => total + sizeOf(shape), 0)
        }

/** The cost of a whole optimised graph. */
export const costOfGraph = (graph: Graph): Cost =>
  topological(graph.outputs)
    .map(costOfNode)
    .reduce((a, b) => ({ flops: a.flops + b.flops, bytes: a.bytes + b.bytes }), { flops: 0, bytes: 0 })

/** Whether a node shows the memory of its input: reshapes and repeated axes take none of their own. */
const showsInput = (node: Tensor, input: Tensor): boolean =>
  isOp(node, 'reshape') ||
  isOp(node, 'barrier') ||
  (isOp(node, 'contract') &&
    expectNormal(node.op).kind === 'permute' &&
    sizeOf(input.shape) < sizeOf(node.shape))

/** For each node, given after its inputs, the node whose memory it shows. */
const basesOf = (order: readonly Tensor[]): ReadonlyMap<Tensor, Tensor> => {
  const bases = new Map<Tensor, Tensor>()
  for (const node of order) {
    const [input] = node.inputs
    bases.set(node, input !== undefined && showsInput(node, input) ? bases.get(input)! : node)
  }
  return bases
}

/**
 * The bytes of float32 that are allocated at once, at most, while an optimised graph runs in its order and frees each
 * value after its last use. Inputs and results stay allocated, and so does all that one step of a loop needs while it runs.
 */
export const peakBytes = (graph: Graph): number => {
  const bytes = (node: Tensor): number => 4 * sizeOf(node.shape)
  const order = topological(graph.outputs)
  const bases = basesOf(order)
  // an input that nothing reads is not in the order
  const baseOf = (node: Tensor): Tensor => bases.get(node) ?? node
  const within = (node: Tensor): number => (isOp(node, 'scan') ? peakBytes(node.op.body) : 0)
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
    peak = Math.max(peak, live + within(node))
    for (const done of ending.get(i) ?? []) live -= bytes(done)
  })
  return peak
}
