import { polynomial } from './literal.js'
import type { ScalarCode } from './scalar.js'

/**
 * exp, log, sin, cos and pow for GPUs, whose own are too rough to differentiate through: WGSL grants exp an error of 3 + 2|x|
 * units in the last place, log 2⁻²¹ and sin and cos 2⁻¹¹ (WGSL, "Floating Point Accuracy"), and adapters make use of it.
 * These are within 4 units in the last place (sin and cos: 2⁻²² for |x| ≤ 8192), by arithmetic that is exact or
 * rounded once. Coefficients of exp, sin and cos: Moshier, Cephes, `expf.c` and `sinf.c`.
 */

/** A number in pieces whose products with whole numbers of a few digits are exact. */
const LN2 = [0.693359375, -2.12194440054690583e-4] as const
const HALF_PI = [1.5703125, 4.837512969970703125e-4, 7.54978995489188216e-8] as const

const reduced = (x: string, n: string, pieces: readonly number[], keep: (text: string) => string): string =>
  pieces.reduce((rest, piece) => keep(`${rest} ${piece < 0 ? '+' : '-'} ${n} * ${Math.abs(piece)}`), x)

/** The text of e · 2ⁿ for a whole n. */
type Scaling = (e: string, n: string, keep: (text: string) => string) => string

/** 2ⁿ eʳ with n whole and |r| ≤ ln 2 / 2. */
const expWith =
  (scaled: Scaling): ScalarCode =>
  ([x], keep) => {
    const t = keep(`Math.max(-104, Math.min(89, ${x!}))`)
    const n = keep(`Math.floor(${t} * 1.44269504088896341 + 0.5)`)
    const r = reduced(t, n, LN2, keep)
    const tail = polynomial(
      r,
      [1.98756915e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1]
    )
    const e = keep(`${tail} * ${r} * ${r} + ${r} + 1`)
    return scaled(e, n, keep)
  }

/** Two factors for large n, because 2¹²⁸ is no float32; one for others, because a GPU has no 2⁻¹²⁷. */
export const exp = expWith((e, n, keep) => {
  const one = keep(`((${n} > 0) ? 1 : 0)`)
  return `(${e} * (1 + ${one}) * Math.pow(2, ${n} - ${one}))`
})

/**
 * For |n| < 192 by the binary digits of n: selections and products, which stay in vector lanes where a power is a call. The
 * largest factors come last, so that only the result is rounded where it underflows; 2¹²⁸, no float32, is two factors.
 */
const byDigits: Scaling = (e, n, keep) => {
  let rest = keep(`Math.abs(${n})`)
  const factors: string[] = []
  for (const digit of [128, 64, 32, 16, 8, 4, 2, 1]) {
    const half = Math.min(digit, 64)
    const power = keep(`((${n} < 0) ? ${2 ** -half} : ${2 ** half})`)
    factors.unshift(keep(`((${rest} >= ${digit}) ? ${power} : 1)`))
    if (digit > half) factors.unshift(factors[0]!)
    if (digit > 1) rest = keep(`((${rest} >= ${digit}) ? (${rest} - ${digit}) : ${rest})`)
  }
  return factors.reduce((product, factor) => keep(`${product} * ${factor}`), e)
}

/** exp by arithmetic alone, in vector lanes. */
export const expInLanes = expWith(byDigits)

/**
 * 2 artanh((x − 1) / (x + 1)) by its series where log x is small and the adapter's is not exact relative to it. At 0 an
 * adapter may give −88, so that is brought down to −∞; below, the root gives the NaN that the logarithm may not.
 */
export const log: ScalarCode = ([x], keep) => {
  const s = keep(`(${x!} - 1) / (${x!} + 1)`)
  const z = keep(`${s} * ${s}`)
  const series = keep(
    `2 * ${s} * ${polynomial(
      z,
      [15, 13, 11, 9, 7, 5, 3, 1].map((k) => 1 / k)
    )}`
  )
  const own = keep(`Math.log(${x!})`)
  const near = keep(`((${x!} > 0.5) ? ((${x!} < 2) ? ${series} : ${own}) : ${own})`)
  return `((${x!} > 0) ? ${near} : ((${x!} < 0) ? Math.sqrt(${x!}) : (${own} * 3.4e38)))`
}

/** The sine of x + quarter · π/2, by the quadrant that x falls into. */
const wave =
  (quarter: number): ScalarCode =>
  ([x], keep) => {
    const n = keep(`Math.floor(${x!} * 0.636619772367581343 + 0.5)`)
    // far out nothing is left of the fraction, but a sine stays within ±1
    const r = keep(`Math.max(-0.79, Math.min(0.79, ${reduced(x!, n, HALF_PI, keep)}))`)
    const z = keep(`${r} * ${r}`)
    const sine = keep(
      `${polynomial(z, [-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1])} * ${z} * ${r} + ${r}`
    )
    const cosine = keep(
      `${polynomial(z, [2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2])} * ${z} * ${z} - 0.5 * ${z} + 1`
    )
    const turned = quarter === 0 ? n : keep(`${n} + ${quarter}`)
    const quadrant = keep(`${turned} - 4 * Math.floor(${turned} * 0.25)`)
    const half = keep(`((${quadrant} < 2) ? ${quadrant} : (${quadrant} - 2))`)
    const value = keep(`((${half} < 0.5) ? ${sine} : ${cosine})`)
    return `((${quadrant} < 1.5) ? ${value} : (-${value}))`
  }

/**
 * xʸ as the adapter's |x|ʸ = 2 to the power y log₂ |x|, with what that has no place for: 0ʸ = 0 for y > 0, the sign of whole
 * powers of negative numbers, and NaN (a root below 0) for other ones.
 */
export const pow: ScalarCode = ([x, y], keep) => {
  const own = keep(`Math.pow(Math.abs(${x!}), ${y!})`)
  const odd = keep(`${y!} - 2 * Math.floor(${y!} * 0.5)`)
  const below = keep(`((${odd} === 0) ? ${own} : ((${odd} === 1) ? (-${own}) : Math.sqrt(${x!})))`)
  return `((${x!} > 0) ? ${own} : ((${x!} < 0) ? ${below} : ((${y!} > 0) ? 0 : ${own})))`
}

export const sin = wave(0)
export const cos = wave(1)
