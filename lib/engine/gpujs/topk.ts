import * as bisection from '../../../kernels/bisection.js'
import { lastTie, threshold, type TopK } from '../../../kernels/topk.js'
import type { LoweringContext } from './lowering-context.js'

/** Halvings that one cell makes over its row at most. */
const WALKS = 40

/**
 * The buffers of each row's k-th largest score and of the last tie that belongs to the k largest. One cell a row does it where
 * a cell may walk that long; on GPUs long rows are bisected step by step, all cells at work.
 */
export const kthLargest = (
  top: TopK,
  scores: number,
  { backend, variants: { longest }, staged }: LoweringContext
): readonly [thresholds: number, lasts: number] => {
  if (top.size * WALKS <= longest) {
    const thresholds = staged(threshold(top, scores))
    return [thresholds, staged(lastTie(top, scores, thresholds))]
  }
  const chunks = staged(bisection.chunkBounds(top, scores))
  let bounds = staged(bisection.firstBounds(top, chunks))
  for (let round = 0; round < bisection.ROUNDS; round++) {
    const counts = staged(bisection.countAbove(top, scores, bounds))
    bounds = staged(bisection.nextBounds(top, bounds, counts))
  }
  const tallies = staged(bisection.tally(top, scores, bounds))
  return [bounds, staged(bisection.lastTieOf(top, scores, bounds, tallies, backend))]
}
