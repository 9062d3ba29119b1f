import { requireWhole } from '../../core/check.js'
import { jvp } from '../../diff/index.js'
import { ops } from '../../graph/ops/index.js'
import { table, type Tensor } from '../../graph/tensor.js'
import { type CorrelationGaps, rootOf, withPartials } from './arc-cosine.js'

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

/** f(a, u) and g(b, v) at the nodes of a quadrature, and its weights: u = αx + βy, v = αx − βy, α² = (1 + c)/2, β² = (1 − c)/2. */
const atNodes = (
  rule: Quadrature,
  [f, g]: readonly [Profile, Profile],
  [a, b, { below, above }]: readonly [Tensor, Tensor, CorrelationGaps]
): readonly [left: Tensor, right: Tensor] => {
  const m = rule.nodes.length
  const grid = [...below.shape, m, m]
  const spread = (t: Tensor): Tensor => ops.broadcastTo(grid)(ops.reshape([...t.shape, 1, 1])(t))
  const half = (t: Tensor): Tensor => spread(rootOf(ops.scale(0.5)(t)))
  const common = ops.mul(table([m, 1], rule.nodes))(half(above))
  const apart = ops.mul(table([1, m], rule.nodes))(half(below))
  return [f(spread(a), ops.add(apart)(common)), g(spread(b), ops.sub(apart)(common))]
}

/** Σ weights x y over the nodes of a quadrature, in the last two axes. */
const weighted = (rule: Quadrature, x: Tensor, y: Tensor): Tensor => {
  const m = rule.nodes.length
  const weights = table([m], rule.weights)
  const flat = (t: Tensor): Tensor => ops.reshape([-1, m, m])(t)
  return ops.reshape(x.shape.slice(0, -2))(ops.einsum('nij,nij,i,j->n')(flat(x), flat(y), weights, weights))
}

/**
 * E f(a, u) g(b, v) for standard normals u, v of correlation c, by quadrature over x, y with u = αx + βy and v = αx − βy, so
 * that swapping the two sides gives the same sum. The derivative along c is E ∂f/∂u ∂g/∂v (Price, "A useful theorem for
 * nonlinear devices having Gaussian inputs", 1958): that of the sum itself would divide by zero at c = ±1.
 */
export const expectation =
  (rule: Quadrature, f: Profile, g: Profile) =>
  (a: Tensor, b: Tensor, { below, above }: CorrelationGaps): Tensor =>
    withPartials(
      'expectation',
      (s, t, one, other) =>
        weighted(rule, ...atNodes(rule, [f, g], [s!, t!, { below: one!, above: other! }])),
      (s, t, one, other) => {
        const c = { below: one!, above: other! }
        const half = ops.scale(0.5)(expectation(rule, alongNumber(f), alongNumber(g))(s!, t!, c))
        return [
          expectation(rule, alongScale(f), g)(s!, t!, c),
          expectation(rule, f, alongScale(g))(s!, t!, c),
          ops.neg(half),
          half
        ]
      }
    )(a, b, below, above)

/** E (f(a, u) + sign · f(b, v))², as {@link expectation}; a sum of squares, so that it keeps its digits where it is small. */
export const squaredDistance =
  (rule: Quadrature, f: Profile, sign: 1 | -1) =>
  (a: Tensor, b: Tensor, c: CorrelationGaps): Tensor => {
    const [left, right] = atNodes(rule, [f, f], [a, b, c])
    const sum = ops.add(ops.scale(sign)(right))(left)
    return weighted(rule, sum, sum)
  }
