import { ops } from '../../graph/ops/index.js'
import type { Tensor } from '../../graph/tensor.js'
import { type CorrelationGaps, reciprocalRootOf } from './arc-cosine.js'
import { whereMoving } from './correlation.js'
import type { GaussianPairs } from './covariances.js'

/** How an activation φ maps covariances: E φ(u) φ(v), and E φ′(u) φ′(v); and the correlation of φ(u) and φ(v), as a value. */
export interface Dual {
  readonly correlation: (uv: GaussianPairs) => CorrelationGaps
  readonly covariance: (uv: GaussianPairs) => Tensor
  readonly derivative: (uv: GaussianPairs) => Tensor
}

/** 1/x where x is positive, else 0. */
export const reciprocal = (x: Tensor): Tensor => ops.square(reciprocalRootOf(x))

/**
 * The correlation of φ(u) and φ(v) from E (φ(u) ∓ φ(v))², of deviations a and b whose difference is known apart:
 * 2ab (1 ∓ c) = E (φ(u) ∓ φ(v))² − (a − b)².
 */
export const correlationFrom = (
  distances: readonly [minus: Tensor, plus: Tensor],
  difference: Tensor,
  [qa, qb]: readonly [Tensor, Tensor]
): CorrelationGaps => {
  const per = ops.scale(0.5)(ops.mul(reciprocalRootOf(qb))(reciprocalRootOf(qa)))
  const [below, above] = distances.map((t) => ops.mul(per)(ops.max(0)(ops.sub(ops.square(difference))(t))))
  return whereMoving(per, { below: below!, above: above! })
}

/** a − b of deviations, from the difference of their squares. */
export const rootDifference = (difference: Tensor, qa: Tensor, qb: Tensor): Tensor =>
  ops.mul(reciprocal(ops.add(ops.sqrt(qb))(ops.sqrt(qa))))(difference)
