import { pipe } from 'fp-ts/lib/function.js'
import { requireWhole } from '../../core/check.js'
import { jvp } from '../../diff/index.js'
import { apply, table, type Tensor } from '../../graph/tensor.js'
import type { JvpRule } from '../../graph/op.js'
import { ops } from '../../graph/ops/index.js'

/** An elementwise function of tensors of one shape. */
export type Elementwise = (...args: readonly Tensor[]) => Tensor

/**
 * An elementwise function with given partial derivatives, for values whose own derivative would lose digits or divide by
 * zero. The partials are traced functions of the arguments, so they can be differentiated again.
 */
const withPartials = (
  name: string,
  value: Elementwise,
  partials: (...args: readonly Tensor[]) => readonly Tensor[]
): Elementwise => {
  const rule: JvpRule = {
    name,
    jvp: (args, _out, tangents) =>
      partials(...args)
        .map((partial, k) => ops.mul(tangents[k]!)(partial))
        .reduce((sum, term) => ops.add(term)(sum))
  }
  return (...args) => apply({ tag: 'custom', rule }, [value(...args.map(ops.stopGradient)), ...args])
}

/** f(x) where x is positive, else 0, with derivative 0 instead of ∞. */
const wherePositive =
  (f: (x: Tensor) => Tensor) =>
  (x: Tensor): Tensor => {
    const inside = ops.greater(0)(x)
    return ops.select(inside)(f(ops.select(inside)(x, 1)), 0)
  }

/** √x with derivative 0, instead of ∞, where x is 0 (or below it by rounding). */
export const rootOf = wherePositive(ops.sqrt)

/** 1/√x where x is positive, else 0. */
export const reciprocalRootOf = wherePositive((x) => ops.reciprocal(ops.sqrt(x)))

/** arccos x ≈ √(1 − x) Σ c_k xᵏ on [0, 1], to 5e-5 (Abramowitz and Stegun, "Handbook", 4.4.45). */
const coefficients = [1.5707288, -0.2121144, 0.074261, -0.0187293] as const

/** 1 − c² for c in [−1, 1], without cancellation near ±1. */
export const squaredSine = (c: Tensor): Tensor => ops.mul(ops.add(1)(c))(ops.sub(c)(ops.ones(c.shape)))

/**
 * arccos c for c in [−1, 1], accurate relative to the angle: the polynomial's angle θ is off by arcsin δ with
 * δ = sin · cos θ − cos · sin θ, and two terms of arcsin reach float64.
 */
const angleOf = (c: Tensor): Tensor => {
  const x = ops.abs(c)
  const sine = ops.sqrt(squaredSine(x))
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
  (c) => [ops.scale(1 / Math.PI)(reciprocalRootOf(squaredSine(c!)))]
)

/**
 * κ₁(c) = (√(1 − c²) + (π − arccos c) c) / π = 2 E[relu(u) relu(v)]: the arc-cosine kernel of order 1. Its derivative is
 * κ₀.
 */
export const kappa1 = withPartials(
  'kappa1',
  (c) => ops.scale(1 / Math.PI)(ops.add(ops.sqrt(squaredSine(c!)))(ops.mul(supplement(c!))(c!))),
  (c) => [kappa0(c!)]
)

/** arcsin z for |z| ≤ 1. */
export const arcsine = (z: Tensor): Tensor => ops.scale(Math.PI)(ops.sub(0.5)(kappa0(z)))

/** Nodes and weights of a quadrature against the standard normal density. */
export interface Quadrature {
  readonly nodes: readonly number[]
  readonly weights: readonly number[]
}

/** The orthonormal Hermite polynomials of degree n and n − 1 for the standard normal density, at x. */
const hermite = (n: number, x: number): readonly [number, number] => {
  let [value, before] = [1, 0]
  for (let k = 0; k < n; k++) {
    const next = (x * value - Math.sqrt(k) * before) / Math.sqrt(k + 1)
    before = value
    value = next
  }
  return [value, before]
}

/** The root of degree n between low and high, where the polynomial changes sign, to a tolerance or all digits. */
const bisect = (n: number, low: number, high: number, tolerance: number): number => {
  const rising = hermite(n, high)[0] > 0
  let [a, b] = [low, high]
  for (;;) {
    const middle = (a + b) / 2
    if (b - a <= tolerance || middle <= a || middle >= b) return middle
    if (hermite(n, middle)[0] > 0 === rising) b = middle
    else a = middle
  }
}

/** The tolerance of roots that only separate those of the next degree: neighbours are more than 0.1 apart. */
const FENCE = 1e-3

/** The roots of degree n; those of degree n − 1 lie between them. */
const roots = (degree: number): readonly number[] => {
  let known: readonly number[] = []
  for (let n = 1; n <= degree; n++) {
    // every root of degree n lies within √(4n + 2)
    const bound = Math.sqrt(4 * n + 2)
    const fences = [-bound, ...known, bound]
    const tolerance = n === degree ? 0 : FENCE
    known = Array.from({ length: n }, (_, i) => bisect(n, fences[i]!, fences[i + 1]!, tolerance))
  }
  return known
}

/**
 * Gauss–Hermite quadrature for E f(z), z standard normal: exact for polynomials of degree 2n − 1 (Abramowitz and Stegun,
 * "Handbook", 25.4.46). Nodes and weights are made symmetric about 0, which the roots are only to rounding.
 */
export const gaussHermite = (count: number): Quadrature => {
  requireWhole('infinite.elementwise', 'nodes', count, 1, 100)
  const found = roots(count)
  const nodes = found.map((x, i) => (x - found[count - 1 - i]!) / 2)
  return { nodes, weights: nodes.map((x) => 1 / (count * hermite(count, x)[1] ** 2)) }
}

/** A function of a scale and a standard normal number, elementwise: (a, z) ↦ φ(a z). */
export type Profile = (scale: Tensor, z: Tensor) => Tensor

/** The derivative of an elementwise function. */
export const slopeOf =
  (f: (u: Tensor) => Tensor) =>
  (u: Tensor): Tensor =>
    jvp(f)(u, ops.ones(u.shape))[1]

const alongScale =
  (f: Profile): Profile =>
  (scale, z) =>
    slopeOf((a) => f(a, z))(scale)

const alongNumber =
  (f: Profile): Profile =>
  (scale, z) =>
    slopeOf((x) => f(scale, x))(z)

/**
 * E f(a, u) g(b, v) for standard normals u, v of correlation c, by quadrature over x, y with u = αx + βy and v = αx − βy,
 * α² = (1 + c)/2, β² = (1 − c)/2, so that swapping the two sides gives the same sum. The derivative along c is
 * E ∂f/∂u ∂g/∂v (Price, "A useful theorem for nonlinear devices having Gaussian inputs", 1958): that of the sum itself
 * would divide by zero at c = ±1.
 */
export const expectation = (rule: Quadrature, f: Profile, g: Profile): Elementwise =>
  withPartials(
    'expectation',
    (a, b, c) => {
      const m = rule.nodes.length
      const grid = [...c!.shape, m, m]
      const spread = (t: Tensor): Tensor => ops.broadcastTo(grid)(ops.reshape([...t.shape, 1, 1])(t))
      const x = table([m, 1], rule.nodes)
      const y = table([1, m], rule.nodes)
      const half = (t: Tensor): Tensor => rootOf(ops.scale(0.5)(ops.add(1)(t)))
      const common = ops.mul(x)(spread(half(c!)))
      const apart = ops.mul(y)(spread(half(ops.neg(c!))))
      const left = f(spread(a!), ops.add(apart)(common))
      const right = g(spread(b!), ops.sub(apart)(common))
      const weights = table([m], rule.weights)
      const flat = (t: Tensor): Tensor => ops.reshape([-1, m, m])(t)
      return ops.reshape(c!.shape)(ops.einsum('nij,nij,i,j->n')(flat(left), flat(right), weights, weights))
    },
    (a, b, c) => [
      expectation(rule, alongScale(f), g)(a!, b!, c!),
      expectation(rule, f, alongScale(g))(a!, b!, c!),
      expectation(rule, alongNumber(f), alongNumber(g))(a!, b!, c!)
    ]
  )
