import { requireWhole } from '../../core/check.js'
import { jvp } from '../../diff/index.js'
import { table } from '../../graph/constant.js'
import { ops } from '../../graph/ops/index.js'
import type { Tensor } from '../../graph/tensor.js'
import { type Elementwise, rootOf, withPartials } from './with-partials.js'

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

const alongScale =
  (f: Profile): Profile =>
  (scale, z) =>
    jvp((a: Tensor) => f(a, z))(scale, ops.ones(scale.shape))[1]

const alongNumber =
  (f: Profile): Profile =>
  (scale, z) =>
    jvp((x: Tensor) => f(scale, x))(z, ops.ones(z.shape))[1]

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
