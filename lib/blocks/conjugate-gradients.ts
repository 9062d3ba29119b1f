import { fail } from '../core/error.js'
import { GROUP, type Grouped } from './block-product.js'

/** The state of conjugate gradients: solution, residual, direction, and rᵀ M⁻¹ r of every output. */
export interface State {
  /** Steps that were taken. */
  readonly iteration: number
  readonly x: Grouped
  readonly r: Grouped
  readonly p: Grouped
  readonly rho: Float64Array
}

/** Σ a b of every output. */
export const dots = (a: Grouped, b: Grouped): Float64Array => {
  const sums = new Float64Array(a.length * GROUP)
  a.forEach((group, g) => {
    const other = b[g]!
    for (let i = 0; i < group.length; i++) sums[g * GROUP + (i % GROUP)]! += group[i]! * other[i]!
  })
  return sums
}

/** The largest |a| of every output. */
export const largestOf = (a: Grouped): Float64Array => {
  const most = new Float64Array(a.length * GROUP)
  a.forEach((group, g) =>
    group.forEach((value, i) => {
      const o = g * GROUP + (i % GROUP)
      most[o] = Math.max(most[o]!, Math.abs(value))
    })
  )
  return most
}

/** c a, with a number c for every output. */
export const times = (a: Grouped, c: Float64Array): Grouped =>
  a.map((group, g) => group.map((value, i) => c[g * GROUP + (i % GROUP)]! * value))

/** a + c b, with a number c for every output. */
export const plus = (a: Grouped, c: Float64Array, b: Grouped): Grouped =>
  a.map((group, g) => group.map((value, i) => value + c[g * GROUP + (i % GROUP)]! * b[g]![i]!))

/** a / b; 0 where there is nothing left to do, as for outputs that only fill up a group. */
const ratios = (a: Float64Array, b: Float64Array): Float64Array => a.map((x, o) => (x === 0 ? 0 : x / b[o]!))

/** One step for all outputs (Golub and Van Loan, "Matrix computations", 4th edition, algorithm 11.5.1). */
export const stepFrom = (
  { iteration, x, r, p, rho }: State,
  product: Grouped,
  shift: number,
  inverse: (r: Grouped) => Grouped
): State => {
  const q = plus(product, new Float64Array(rho.length).fill(shift), p)
  const curvature = dots(p, q)
  if (curvature.some((value, o) => rho[o]! > 0 && !(value > 0)))
    fail(
      'ArgumentError',
      'blocks.solve',
      'a larger ridge: the kernel and this one are not positive definite',
      'pᵀ(K + nρI)p ≤ 0',
      'ridge'
    )
  const step = ratios(rho, curvature)
  const residual = plus(
    r,
    step.map((value) => -value),
    q
  )
  const z = inverse(residual)
  const next = dots(residual, z)
  return {
    iteration: iteration + 1,
    x: plus(x, step, p),
    r: residual,
    p: plus(z, ratios(next, rho), p),
    rho: next
  }
}

/** The largest of the residuals, each as a part of its y. */
export const residualOf = (r: Grouped, squares: Float64Array): number =>
  dots(r, r).reduce((most, square, o) => Math.max(most, Math.sqrt(square / (squares[o]! || 1))), 0)
