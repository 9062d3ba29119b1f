import * as bisection from '../../../kernels/bisection.js'
import { divides, type Index, range } from '../../../kernels/coordinate.js'
import type { Kernel } from '../../../kernels/kernel.js'
import { flat, type Layout, layouts } from '../../../kernels/layout.js'
import { pointwise } from '../../../kernels/pointwise.js'
import { reduce } from '../../../kernels/reduce.js'
import { lastTie, threshold, type TopK, topKMask } from '../../../kernels/topk.js'
import type { Value } from '../../../kernels/value.js'
import { sameShape } from '../../core/shape.js'
import type { Tensor } from '../../graph/tensor.js'
import { lanes } from './lanes.js'
import {
  bufferOf,
  dividesIn,
  type LoweringContext,
  reader,
  type Stage,
  type StagedKernel
} from './lowering-context.js'
import { reduction } from './reduction.js'

/** The layouts in which the arrays of a pointwise kernel already lie: what is written like what is read needs no division. */
const inherited = (context: LoweringContext, root: Tensor): readonly Layout[] => {
  const { schedule } = context
  if (schedule.rows.has(root)) return []
  const seen = new Set<Tensor>()
  const found: Layout[] = []
  const visit = (node: Tensor): void => {
    for (const input of node.inputs) {
      if (seen.has(input)) continue
      seen.add(input)
      if (!schedule.stored.has(input)) visit(input)
      else if (sameShape(input.shape, root.shape) && !bufferOf(context, input).layout.isRowMajor)
        found.push(bufferOf(context, input).layout)
    }
  }
  visit(root)
  return found
}

/** The first layout in which no index needs a division, or else the last row-major one, and the root's value in it. */
const layoutOf = (
  context: LoweringContext,
  root: Tensor,
  reduces: boolean
): { readonly layout: Layout; readonly value: Value } => {
  const tries = layouts(root.shape, context.backend)
  const last = tries.at(-1)!
  const valueIn = ({ coordinates }: Layout): Value => reader(context, root)(root, coordinates)
  for (const layout of [...tries.slice(0, -1), ...inherited(context, root)]) {
    const value = valueIn(layout)
    if (!dividesIn(value) && !(reduces && layout.coordinates.some(divides))) return { layout, value }
  }
  return { layout: last, value: valueIn(last) }
}

/** Halvings that one cell makes over its row at most. */
const WALKS = 40

const partial = (write: (arrays: readonly number[]) => Kernel): Stage => ({ kind: 'partial', write })

/**
 * The mask of the k largest of each row, from each row's k-th largest score and the last tie that belongs to the k largest.
 * One cell a row finds these where a cell may walk that long; on GPUs long rows are bisected step by step, all cells at work.
 */
const stagedTopK = (context: LoweringContext, node: Tensor, top: TopK): StagedKernel => {
  const { backend, variants } = context
  const scores = bufferOf(context, node.inputs[0]!).number
  const layout = flat(node.shape)
  if (top.size * WALKS <= variants.longest)
    return {
      before: [
        partial(() => threshold(top, scores)),
        partial(([thresholds]) => lastTie(top, scores, thresholds!))
      ],
      write: ([thresholds, lasts]) => ({
        kernel: topKMask(top, scores, thresholds!, lasts!, backend),
        layout
      })
    }
  const round = [
    partial((arrays) => bisection.countAbove(top, scores, arrays.at(-1)!)),
    partial((arrays) => bisection.nextBounds(top, arrays.at(-2)!, arrays.at(-1)!))
  ]
  return {
    before: [
      partial(() => bisection.chunkBounds(top, scores)),
      partial(([chunks]) => bisection.firstBounds(top, chunks!)),
      ...range(bisection.ROUNDS).flatMap(() => round),
      partial((arrays) => bisection.tally(top, scores, arrays.at(-1)!)),
      partial((arrays) => bisection.lastTieOf(top, scores, arrays.at(-2)!, arrays.at(-1)!, backend))
    ],
    write: (arrays) => ({
      kernel: topKMask(top, scores, arrays.at(-3)!, arrays.at(-1)!, backend),
      layout
    })
  }
}

/**
 * The kernel that computes a stored node, with the arrays that are filled before it: a sum of products in lanes where the
 * backend gains from that, else the first layout that needs no division, or else the last row-major one.
 */
export const stagedKernel = (context: LoweringContext, root: Tensor): StagedKernel => {
  const { backend, lowered, schedule, variants } = context
  const inner = schedule.reductions.get(root) ?? root
  const rule = lowered.get(inner)!
  if (rule.kind === 'topK') return stagedTopK(context, root, rule)
  const inLanes = variants.lanes ? lanes(context, root) : undefined
  if (inLanes !== undefined) return inLanes
  const { layout, value } = layoutOf(context, root, rule.kind === 'reduce')
  const { output, coordinates } = layout
  if (rule.kind !== 'reduce')
    return { before: [], write: () => ({ kernel: pointwise({ output, value }, backend), layout }) }
  const { combine } = rule
  const { unroll } = variants
  const { before, loops, body } = reduction(context, root, inner, rule)
  return {
    before,
    write: (arrays) => {
      const element = (at: readonly Index[]): Value => body(coordinates, at, arrays)
      const form = { output, combine, loops, body: element, lanes: 1, unroll, epilogue: value }
      return { kernel: reduce(form, backend), layout }
    }
  }
}
