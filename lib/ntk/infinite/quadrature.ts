import { fail } from '../../core/error.js'

/** Nodes and weights of a quadrature against the standard normal density. */
export interface Rule {
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

/** Roots that only separate those of the next degree need not be exact: neighbours are more than 0.1 apart. */
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
export const gaussHermite = (count: number): Rule => {
  if (!(Number.isInteger(count) && count >= 1 && count <= 100))
    return fail('ArgumentError', 'infinite.elementwise', 'a whole number of nodes in [1, 100]', `${count}`)
  const found = roots(count)
  const nodes = found.map((x, i) => (x - found[count - 1 - i]!) / 2)
  return { nodes, weights: nodes.map((x) => 1 / (count * hermite(count, x)[1] ** 2)) }
}
