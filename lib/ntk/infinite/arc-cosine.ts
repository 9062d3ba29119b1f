import { pipe } from 'fp-ts/lib/function.js'
import { ops } from '../../graph/ops/index.js'
import { apply, type Tensor, type TensorFunction, withRule } from '../../graph/tensor.js'

/**
 * How far a correlation c is from its bounds, each to its last digits: near c = 1 the angle is √(2(1 − c)), so a 1 − c that was
 * subtracted from a rounded c would leave half of the digits of the angle.
 */
export interface CorrelationGaps {
  /** 1 − c. */
  readonly below: Tensor
  /** 1 + c. */
  readonly above: Tensor
}

/**
 * An elementwise function of tensors of one shape with given partial derivatives, for values whose own derivative would lose
 * digits or divide by zero. The partials are traced functions of the arguments, so they can be differentiated again.
 */
export const withPartials = (
  name: string,
  value: TensorFunction,
  partials: (...args: readonly Tensor[]) => readonly Tensor[]
): TensorFunction =>
  withRule(
    {
      name,
      jvp: (args, _out, tangents) =>
        partials(...args)
          .map((partial, k) => ops.mul(tangents[k]!)(partial))
          .reduce((sum, term) => ops.add(term)(sum))
    },
    value
  )

/** f(x) where x is positive, else 0, with derivative 0 instead of ∞. */
const wherePositive =
  (f: (x: Tensor) => Tensor) =>
  (x: Tensor): Tensor => {
    const inside = ops.greater(0)(x)
    return ops.where(inside)(f(ops.where(inside)(x, 1)), 0)
  }

/** √x with derivative 0, instead of ∞, where x is 0 (or below it by rounding). */
export const rootOf = wherePositive(ops.sqrt)

/** 1/√x where x is positive, else 0. */
export const reciprocalRootOf = wherePositive((x) => ops.reciprocal(ops.sqrt(x)))

/** The value of one tensor with the derivative of another, which is the same number less precisely. */
export const preciseAs = (value: Tensor, differentiable: Tensor): Tensor =>
  apply({ tag: 'custom', rule: { name: 'preciseAs', jvp: (_args, _out, [tangent]) => tangent! } }, [
    ops.stopGradient(value),
    differentiable
  ])

/** arccos x ≈ √(1 − x) Σ c_k xᵏ on [0, 1], to 5e-5 (Abramowitz and Stegun, "Handbook", 4.4.45). */
const coefficients = [1.5707288, -0.2121144, 0.074261, -0.0187293] as const

/** c from 1 − c and 1 + c. */
export const cosineOf = ({ below, above }: CorrelationGaps): Tensor => ops.scale(0.5)(ops.sub(below)(above))

/** 1 − c², without cancellation near ±1. */
export const squaredSine = ({ below, above }: CorrelationGaps): Tensor => ops.mul(below)(above)

/** 1 where c ≥ 0. */
export const isAcute = ({ below, above }: CorrelationGaps): Tensor => ops.lessEqual(above)(below)

/**
 * The angle in [−π/2, π/2] of a sine and a cosine ≥ 0, accurate relative to the angle: the polynomial's angle θ is off by
 * arcsin δ with δ = sin · cos θ − cos · sin θ, and two terms of arcsin reach float64.
 */
export const angleWith = (sine: Tensor, cosine: Tensor): Tensor => {
  const polynomial = coefficients.reduceRight<Tensor>(
    (sum, k) => ops.add(k)(ops.mul(sum)(cosine)),
    ops.fill(0, cosine.shape)
  )
  const rough = ops.mul(ops.div(ops.sqrt(ops.add(1)(cosine)))(sine))(polynomial)
  const delta = ops.sub(ops.mul(ops.sin(rough))(cosine))(ops.mul(ops.cos(rough))(sine))
  return pipe(ops.square(delta), ops.scale(1 / 6), ops.add(1), ops.mul(delta), ops.add(rough))
}

/** arccos |c| in [0, π/2]. Its half has the sine √((1 − |c|)/2) and the cosine √((1 + |c|)/2). */
const acuteAngle = ({ below, above }: CorrelationGaps): Tensor =>
  ops.scale(2)(
    angleWith(
      ops.sqrt(ops.scale(0.5)(ops.min(above)(below))),
      ops.sqrt(ops.scale(0.5)(ops.max(above)(below)))
    )
  )

/** A function of c whose derivative is another one; 1 − c falls and 1 + c grows with it. */
const along =
  (name: string, value: (c: CorrelationGaps) => Tensor, slope: (c: CorrelationGaps) => Tensor) =>
  ({ below, above }: CorrelationGaps): Tensor =>
    withPartials(
      name,
      (one, other) => value({ below: one!, above: other! }),
      (one, other) => {
        const half = ops.scale(0.5)(slope({ below: one!, above: other! }))
        return [ops.neg(half), half]
      }
    )(below, above)

/**
 * κ₀(c) = (π − arccos c) / π = 2 E[1(u > 0) 1(v > 0)] for standard normals u, v of correlation c: the arc-cosine kernel of
 * order 0 (Cho and Saul, "Kernel methods for deep learning", NIPS 2009, eq. 4 to 6). Its derivative, infinite at c = ±1,
 * is set to 0 there: both vectors are then on one line, and the cosine is at its extreme.
 */
export const kappa0 = along(
  'kappa0',
  (c) => {
    const part = ops.scale(1 / Math.PI)(acuteAngle(c))
    return ops.where(isAcute(c))(ops.sub(part)(ops.ones(part.shape)), part)
  },
  (c) => ops.scale(1 / Math.PI)(reciprocalRootOf(squaredSine(c)))
)

/** (sin θ − θ cos θ) / π for θ = arccos |c|: what κ₁ is larger than max(c, 0). */
export const overlap = (c: CorrelationGaps): Tensor =>
  pipe(
    ops.sqrt(squaredSine(c)),
    ops.sub(ops.mul(ops.abs(cosineOf(c)))(acuteAngle(c))),
    ops.scale(1 / Math.PI)
  )

/**
 * κ₁(c) = (√(1 − c²) + (π − arccos c) c) / π = 2 E[relu(u) relu(v)]: the arc-cosine kernel of order 1. Its derivative is
 * κ₀.
 */
export const kappa1 = along('kappa1', (c) => ops.add(overlap(c))(ops.max(0)(cosineOf(c))), kappa0)

/** arcsin z for |z| ≤ 1, given √(1 − z²); its derivative along z is the inverse of that. */
export const arcsine = (z: Tensor, cosine: Tensor): Tensor =>
  withPartials(
    'arcsine',
    (s, k) => angleWith(s!, k!),
    (s, k) => [ops.mul(reciprocalRootOf(k!))(reciprocalRootOf(k!)), ops.fill(0, s!.shape)]
  )(z, cosine)
