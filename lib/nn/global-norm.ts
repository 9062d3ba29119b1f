import { customJvp } from '../diff/index.js'
import { ops } from '../graph/ops/index.js'
import type { Tensor } from '../graph/tensor.js'
import * as tree from '../graph/tree.js'

/** √v with derivative 0 at 0, so that a step has a derivative where a gradient is 0: a dead unit, an unused input. */
export const rootOrZero = customJvp('rootOrZero', ops.sqrt, ([v], root, [t]) => {
  const isZero = ops.equal(0)(v!)
  return ops.where(isZero)(0, ops.div(ops.where(isZero)(1, ops.scale(2)(root)))(t!))
})

/** √ Σ g² over all leaves of a tree, divided by the largest first: what is large has no square in float32. Derivative 0 at 0. */
export const globalNorm = (vectors: unknown): Tensor => {
  const parts = tree.tensors(vectors)
  const peak = ops.stopGradient(
    parts.map((g) => ops.reduceMax()(ops.abs(g))).reduce((most, part) => ops.max(part)(most))
  )
  const unit = ops.where(ops.greater(0)(peak))(peak, 1)
  const squares = parts.map((g) => ops.sum()(ops.square(ops.div(unit)(g))))
  return ops.mul(unit)(rootOrZero(squares.reduce((total, part) => ops.add(part)(total))))
}
