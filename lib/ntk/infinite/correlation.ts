import type { Shape } from '../../core/shape.js'
import { straightThrough } from '../../diff/index.js'
import * as ops from '../../graph/ops/index.js'
import type { Tensor } from '../../graph/tensor.js'
import { type Covariances, type Form, variances } from './covariances.js'
import type { Gaussians } from './dual.js'
import { reciprocalRootOf, rootOf } from './partials.js'

/** A number for every unit of one side, laid along that side's axes of a kernel. */
type Side = (perUnit: Tensor) => Tensor

const side =
  (place: (examples: number, pixels: Shape) => Shape): Side =>
  (t) =>
    ops.reshape(place(t.shape[0]!, t.shape.slice(1)))(t)

const single = (pixels: Shape): Shape => pixels.map(() => 1)

/** Where the units of the first and the second batch lie in a kernel [n1, n2, …form]. */
const acrossBatches = (form: Form): readonly [Side, Side] =>
  form === 'full'
    ? [side((n, at) => [n, 1, ...at, ...single(at)]), side((n, at) => [1, n, ...single(at), ...at])]
    : [side((n, at) => [n, 1, ...at]), side((n, at) => [1, n, ...at])]

/** Where the pixels of the first and the second copy of an image lie in [n, h, w, h, w]. */
const withinImage: readonly [Side, Side] = [
  side((n, at) => [n, ...at, ...single(at)]),
  side((n, at) => [n, ...single(at), ...at])
]

/** [h, w, h, w]: 1 where both pixels are one. */
const equalPixels = (h: number, w: number): Tensor =>
  ops.mul(ops.reshape([h, 1, h, 1])(ops.eye(h)))(ops.reshape([1, w, 1, w])(ops.eye(w)))

/** 1 where a kernel of one batch with itself pairs a unit with itself: equal examples and equal pixels. */
const equalUnits = ([n, , h, w, ...more]: Shape): Tensor => {
  const rest = h === undefined ? [] : more.length === 0 ? [1, 1] : [1, 1, 1, 1]
  const examples = ops.reshape([n!, n!, ...rest])(ops.eye(n!))
  return more.length === 0 ? examples : ops.mul(equalPixels(h!, w!))(examples)
}

/**
 * Rounding taken back into [−1, 1]. The derivative stays 1: there the correlation is at its extreme, where it has no first
 * derivative but has a second one.
 */
const within = straightThrough(ops.clip(-1, 1))

/**
 * Units of variances q1 and q2. The correlation is kept within [−1, 1], is exactly 1 where `equal` says that both units are
 * one, since rounding there would be magnified to its square root, and is 0 where a unit is constant 0.
 */
const pairs = (
  covariance: Tensor,
  [first, second]: readonly [Side, Side],
  [q1, q2]: readonly [Tensor, Tensor],
  equal: Tensor | undefined
): Gaussians => {
  const product = ops.mul(second(reciprocalRootOf(q2)))(ops.mul(first(reciprocalRootOf(q1)))(covariance))
  const c = equal === undefined ? product : ops.select(ops.broadcastTo(product.shape)(equal))(1, product)
  return { a: first(rootOf(q1)), b: second(rootOf(q2)), c: within(c) }
}

/** The pairs of units that the kernel is about. */
export const acrossPairs = ({ nngp, own1, own2, form, symmetric }: Covariances): Gaussians =>
  pairs(
    nngp,
    acrossBatches(form),
    [variances(own1, form), variances(own2, form)],
    symmetric ? equalUnits(nngp.shape) : undefined
  )

/** The pairs of units within each example of one batch: every two pixels, or each unit with itself. */
export const ownPairs = (own: Tensor, form: Form): Gaussians => {
  const q = variances(own, form)
  if (form === 'full') return pairs(own, withinImage, [q, q], equalPixels(own.shape[1]!, own.shape[2]!))
  return { a: rootOf(q), b: rootOf(q), c: ops.ones(q.shape) }
}
