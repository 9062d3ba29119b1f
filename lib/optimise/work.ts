import { sizeOf } from '../core/shape.js'
import type { Graph } from '../graph/graph.js'
import { topological } from '../graph/graph.js'
import { isOp, type Tensor } from '../graph/tensor.js'
import { expectNormal } from './normal.js'

/** What computing something takes. */
export interface Work {
  /** Floating-point operations; a multiply-add counts as two. */
  readonly flops: number
  /** Bytes of float32 read and written, if every node went through memory. */
  readonly bytes: number
}

/** Nodes that are seen through: they cost nothing by themselves. */
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

/** The work of one node of an optimised graph. */
const workOf = (node: Tensor): Work =>
  isView(node)
    ? { flops: 0, bytes: 0 }
    : {
        flops: flopsOf(node),
        bytes: 4 * [node, ...node.inputs].reduce((total, { shape }) => total + sizeOf(shape), 0)
      }

/** The work of a whole optimised graph. */
export const workOfGraph = (graph: Graph): Work =>
  topological(graph.outputs)
    .map(workOf)
    .reduce((a, b) => ({ flops: a.flops + b.flops, bytes: a.bytes + b.bytes }), { flops: 0, bytes: 0 })
