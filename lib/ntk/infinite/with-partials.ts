import { pipe } from 'fp-ts/lib/function.js'
import type { CustomRule } from '../../graph/op.js'
import { ops } from '../../graph/ops/index.js'
import { apply, type Tensor } from '../../graph/tensor.js'

/** An elementwise function of tensors of one shape. */
export type Elementwise = (...args: readonly Tensor[]) => Tensor

/**
 * An elementwise function with given partial derivatives, for values whose own derivative would lose digits or divide by
 * zero. The partials are traced functions of the arguments, so they can be differentiated again.
 */
export const withPartials = (
  name: string,
  value: Elementwise,
  partials: (...args: readonly Tensor[]) => readonly Tensor[]
): Elementwise => {
  const rule: CustomRule = {
    name,
    vjp: (args, _out, cotangent) => partials(...args).map(ops.mul(cotangent)),
    jvp: (args, _out, tangents) =>
      partials(...args)
        .map((partial, k) => ops.mul(tangents[k]!)(partial))
        .reduce((sum, term) => ops.add(term)(sum))
  }
  return (...args) => apply({ tag: 'custom', rule }, [value(...args.map(ops.stopGradient)), ...args])
}

/** √x with derivative 0, instead of ∞, where x is 0 (or below it by rounding). */
export const rootOf = (x: Tensor): Tensor => {
  const inside = ops.greater(0)(x)
  return ops.select(inside)(ops.sqrt(ops.select(inside)(x, 1)), 0)
}

/** 1/√x where x is positive, else 0. */
export const reciprocalRootOf = (x: Tensor): Tensor => {
  const inside = ops.greater(0)(x)
  return ops.select(inside)(ops.reciprocal(ops.sqrt(ops.select(inside)(x, 1))), 0)
}

/** arccos x ≈ √(1 − x) Σ c_k xᵏ on [0, 1], to 5e-5 (Abramowitz and Stegun, "Handbook", 4.4.45). */
const coefficients = [1.5707288, -0.2121144, 0.074261, -0.0187293] as const

/** √(1 − c²) for c in [−1, 1], without cancellation near ±1. */
const sineOf = (c: Tensor): Tensor => ops.sqrt(ops.mul(ops.add(1)(c))(ops.sub(c)(ops.ones(c.shape))))

/**
 * arccos c for c in [−1, 1], accurate relative to the angle: the polynomial's angle θ is off by arcsin δ with
 * δ = sin · cos θ − cos · sin θ, and two terms of arcsin reach float64.
 */
const angleOf = (c: Tensor): Tensor => {
  const x = ops.abs(c)
  const sine = sineOf(x)
  const root = ops.sqrt(ops.sub(x)(ops.ones(x.shape)))
  const polynomial = coefficients.reduceRight<Tensor>(
    (sum, k) => ops.add(k)(ops.mul(sum)(x)),
    ops.fill(0, x.shape)
  )
  const rough = ops.mul(root)(polynomial)
  const delta = ops.sub(ops.mul(ops.sin(rough))(x))(ops.mul(ops.cos(rough))(sine))
  const angle = pipe(ops.square(delta), ops.scale(1 / 6), ops.add(1), ops.mul(delta), ops.add(rough))
  return ops.select(ops.less(0)(c))(ops.sub(angle)(ops.fill(Math.PI, c.shape)), angle)
}

/** π − arccos c. */
const supplement = (c: Tensor): Tensor => ops.sub(angleOf(c))(ops.fill(Math.PI, c.shape))

/**
 * κ₀(c) = (π − arccos c) / π = 2 E[1(u > 0) 1(v > 0)] for standard normals u, v of correlation c: the arc-cosine kernel of
 * order 0 (Cho and Saul, "Kernel methods for deep learning", NIPS 2009, eq. 4 to 6). Its derivative, infinite at c = ±1,
 * is set to 0 there: both vectors are then on one line, and the cosine is at its extreme.
 */
export const kappa0 = withPartials(
  'kappa0',
  (c) => ops.scale(1 / Math.PI)(supplement(c!)),
  (c) => {
    const squaredSine = ops.mul(ops.add(1)(c!))(ops.sub(c!)(ops.ones(c!.shape)))
    return [ops.scale(1 / Math.PI)(reciprocalRootOf(squaredSine))]
  }
)

/**
 * κ₁(c) = (√(1 − c²) + (π − arccos c) c) / π = 2 E[relu(u) relu(v)]: the arc-cosine kernel of order 1. Its derivative is
 * κ₀.
 */
export const kappa1 = withPartials(
  'kappa1',
  (c) => ops.scale(1 / Math.PI)(ops.add(sineOf(c!))(ops.mul(supplement(c!))(c!))),
  (c) => [kappa0(c!)]
)

/** arcsin z for |z| ≤ 1. */
export const arcsine = (z: Tensor): Tensor => ops.scale(Math.PI)(ops.sub(0.5)(kappa0(z)))
