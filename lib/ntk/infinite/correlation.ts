import { pipe } from 'fp-ts/lib/function.js'
import { ops } from '../../graph/ops/index.js'
import { apply, type Tensor } from '../../graph/tensor.js'
import { type CorrelationGaps, reciprocalRootOf, rootOf } from './arc-cosine.js'

/** Applies a map to both distances. */
export const mapCorrelation = (
  { below, above }: CorrelationGaps,
  f: (t: Tensor) => Tensor
): CorrelationGaps => ({
  below: f(below),
  above: f(above)
})

/** A smooth result, whatever was decided by rounding on the way to it. */
export const settled = (t: Tensor): Tensor => apply({ tag: 'barrier', precise: true }, [t])

/** The correlation of a covariance, given 1/a and 1/b: to rounding of c only. 0 where a unit is constantly 0. */
export const roundedCorrelation = (covariance: Tensor, perA: Tensor, perB: Tensor): CorrelationGaps => {
  const c = ops.clip(-1, 1)(ops.mul(ops.mul(perB)(perA))(covariance))
  return mapCorrelation({ below: ops.sub(c)(ops.ones(c.shape)), above: ops.add(1)(c) }, settled)
}

/** Multiples of a power of two, and what is left of x. */
const split = (unit: number, x: Tensor): readonly [Tensor, Tensor] => {
  const head = pipe(x, ops.scale(1 / unit), ops.add(0.5), ops.floor, ops.scale(unit))
  return [head, ops.sub(head)(x)]
}

/** The unit vectors along axis 1, zero where x is. */
const unitVectors = (x: Tensor): Tensor => {
  const squares = ops.reshape(x.shape.with(1, 1))(ops.sum(1)(ops.square(x)))
  return ops.mul(reciprocalRootOf(squares))(x)
}

/** How two batches of vectors along axis 1 are paired. */
export interface Pairing {
  /** The products of all pairs. */
  readonly cross: (x1: Tensor, x2: Tensor) => Tensor
  /** The products of each vector with its own, in the axes of the first or the second batch. */
  readonly own: readonly [(x: Tensor, y: Tensor) => Tensor, (x: Tensor, y: Tensor) => Tensor]
}

/**
 * The correlations of vectors of two batches: 1 − c = ‖x̂ − x̂′‖²/2, as matrix products whose sums are exact in float32 where
 * they cancel (Ozaki et al., "Error-free transformations of matrix multiplication", 2012). A unit vector is h + m + l, in
 * multiples of 2⁻¹¹, of a smaller unit, and the rest. Sums of h h′ are multiples of 2⁻²² below 2, and those of h m′ + m h′ are
 * multiples of 2⁻¹¹ of that unit, below its 2¹³ at most: both have no more than the 24 digits of float32.
 */
export const vectorCorrelation = (x1: Tensor, x2: Tensor, { cross, own }: Pairing): CorrelationGaps => {
  const unit = 2 ** (Math.ceil(Math.log2(x1.shape[1]!) / 2) - 24)
  const piecesOf = (x: Tensor): readonly (readonly [Tensor, Tensor])[] => {
    const vector = ops.stopGradient(unitVectors(x))
    const [h, rest] = split(2 ** -11, vector)
    const [m, l] = split(unit, rest)
    const join = (...parts: readonly Tensor[]): Tensor => ops.concat(1)(parts)
    return [
      [h, h],
      [join(h, m), join(m, h)],
      [join(h, l, rest), join(l, h, rest)]
    ]
  }
  const [first, second] = [piecesOf(x1), piecesOf(x2)]
  const distances = (sign: 1 | -1): Tensor =>
    first
      .map(([a, b], k) => {
        const [c, d] = second[k]!
        const lengths = ops.scale(0.5)(ops.add(own[1](c, d))(own[0](a, b)))
        return ops.add(ops.scale(sign)(cross(a, d)))(lengths)
      })
      .reduce((sum, part) => ops.add(part)(sum))
  return mapCorrelation({ below: distances(-1), above: distances(1) }, (t) => settled(ops.max(0)(t)))
}

/** Units of deviations a and b, and their correlation. All broadcast to its shape. */
export interface CorrelatedUnits extends CorrelationGaps {
  readonly a: Tensor
  readonly b: Tensor
}

/** c = 0 where a product of deviations is 0. */
export const whereMoving = (ab: Tensor, { below, above }: CorrelationGaps): CorrelationGaps => {
  const moving = ops.broadcastTo(below.shape)(ops.greater(0)(ab))
  return mapCorrelation({ below, above }, (t) => ops.where(moving)(t, 1))
}

const length = (x: Tensor, y: Tensor): Tensor => rootOf(ops.add(ops.square(y))(ops.square(x)))

/** Pairs of units with ab, ab (1 − c) and ab (1 + c). */
interface Sum extends CorrelatedUnits {
  readonly ab: Tensor
}

/** What is to be divided by; what it divides is 0 where it is 0. */
const orOne = (x: Tensor): Tensor => ops.where(ops.greater(0)(x))(x, 1)

/** Deviations in units of the largest of them, so that products of four neither overflow nor vanish, and that unit. */
const inUnits = (parts: readonly Tensor[]): { readonly unit: Tensor; readonly shares: readonly Tensor[] } => {
  const unit = ops.stopGradient(parts.reduce((most, part) => ops.max(part)(most)))
  return { unit, shares: parts.map(ops.div(orOne(unit))) }
}

/**
 * The sum of uncorrelated pairs of units, as of a layer and its bias: (1 − c) ab = Σ a_k b_k (1 − c_k) + (ab − Σ a_k b_k). For two
 * the last bracket is (a₁b₂ − a₂b₁)² / (ab + Σ a_k b_k) by Lagrange's identity. No term is negative.
 */
export const directSum = (units: readonly CorrelatedUnits[]): CorrelatedUnits => {
  if (units.length === 1) return units[0]!
  const [first, second] = [inUnits(units.map(({ a }) => a)), inUnits(units.map(({ b }) => b))]
  const sums = units.map(({ below, above }, k): Sum => {
    const [a, b] = [first.shares[k]!, second.shares[k]!]
    const ab = ops.mul(b)(a)
    return { a, b, ab, ...mapCorrelation({ below, above }, ops.mul(ab)) }
  })
  const { ab, a, b, ...unscaled } = sums.reduce((p, q): Sum => {
    const [one, other] = [length(p.a, q.a), length(p.b, q.b)]
    const product = ops.mul(other)(one)
    const bend = ops.square(ops.sub(ops.mul(p.b)(q.a))(ops.mul(q.b)(p.a)))
    const extra = ops.div(orOne(pipe(product, ops.add(p.ab), ops.add(q.ab))))(bend)
    const plus = (x: Tensor, y: Tensor): Tensor => pipe(x, ops.add(y), ops.add(extra))
    return { a: one, b: other, ab: product, below: plus(p.below, q.below), above: plus(p.above, q.above) }
  })
  const correlation = mapCorrelation(unscaled, ops.div(orOne(ab)))
  return { a: ops.mul(first.unit)(a), b: ops.mul(second.unit)(b), ...whereMoving(ab, correlation) }
}
