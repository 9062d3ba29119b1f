import type { PointwiseName } from '../op.js'

/**
 * erf in float64. For |x| < 3 the series 2/√π e^(−x²) Σ 2ⁿ x^(2n+1) / (2n+1)!! has only positive terms, so nothing
 * cancels; beyond, the continued fraction of erfc (Abramowitz and Stegun 7.1.6 and 7.1.14).
 */
const erf = (x: number): number => {
  const a = Math.abs(x)
  if (Number.isNaN(x)) return x
  if (a >= 6) return Math.sign(x)
  if (a < 3) {
    let term = x
    let sum = x
    for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
      term *= (2 * x * x) / (2 * n + 1)
      sum += term
    }
    return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum
  }
  let tail = a
  for (let n = 60; n >= 1; n--) tail = a + n / 2 / tail
  return Math.sign(x) * (1 - Math.exp(-a * a) / (tail * Math.sqrt(Math.PI)))
}

type Scalar = (a: number, b: number, c: number) => number

/** What each pointwise function means, on float64 numbers. */
export const pointwise: { readonly [F in PointwiseName]: Scalar } = {
  neg: (a) => -a,
  exp: Math.exp,
  log: Math.log,
  sqrt: Math.sqrt,
  tanh: Math.tanh,
  sin: Math.sin,
  cos: Math.cos,
  erf,
  sign: Math.sign,
  abs: Math.abs,
  floor: Math.floor,
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  div: (a, b) => a / b,
  max: (a, b) => Math.max(a, b),
  min: (a, b) => Math.min(a, b),
  pow: (a, b) => a ** b,
  less: (a, b) => (a < b ? 1 : 0),
  lessEqual: (a, b) => (a <= b ? 1 : 0),
  equal: (a, b) => (a === b ? 1 : 0),
  select: (a, b, c) => (a !== 0 ? b : c)
}
