import type { ScalarCode, ScalarFunction } from './kernel.js'
import { choice } from './choice.js'
import { float, polynomial } from './literal.js'
import { pow } from './power.js'

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

/** x = n ln 2 + r with n whole and |r| ≤ ln 2 / 2, and the text of eʳ − 1. */
const expParts: (...args: Parameters<ScalarCode>) => { readonly n: string; readonly less: string } = (
  [x],
  keep
) => {
  const t = keep(`Math.max(-104, Math.min(89, ${x!}))`)
  const n = keep(`Math.floor(${t} * 1.44269504088896341 + 0.5)`)
  const r = reduced(t, n, LN2, keep)
  const tail = polynomial(
    r,
    [1.98756915e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1]
  )
  return { n, less: `${tail} * ${r} * ${r} + ${r}` }
}

/** 2ⁿ eʳ. */
const expWith =
  (scaled: Scaling): ScalarCode =>
  (operands, keep) => {
    const { n, less } = expParts(operands, keep)
    return scaled(keep(`${less} + 1`), n, keep)
  }

/** 2ⁿ (eʳ − 1) + (2ⁿ − 1), of which nothing cancels; twice its half, because 2¹²⁸ is no float32. */
const expm1With =
  (scaled: Scaling): ScalarCode =>
  (operands, keep) => {
    const { n, less } = expParts(operands, keep)
    const half = keep(scaled('0.5', n, keep))
    return `((${half} * ${keep(less)} + (${half} - 0.5)) * 2)`
  }

/** Two factors for large n, because 2¹²⁸ is no float32; one for others, because a GPU has no 2⁻¹²⁷. */
const byPower: Scaling = (e, n, keep) => {
  const one = keep(choice(`${n} > 0`, '1', '0', keep))
  return `(${e} * (1 + ${one}) * Math.pow(2, ${n} - ${one}))`
}

/**
 * For |n| < 192 by the binary digits of n: selections and products, which stay in vector lanes where a power is a call. The
 * largest factors come last, so that only the result is rounded where it underflows; 2¹²⁸, no float32, is two factors.
 */
const byDigits: Scaling = (e, n, keep) => {
  let rest = keep(`Math.abs(${n})`)
  const factors: string[] = []
  for (const digit of [128, 64, 32, 16, 8, 4, 2, 1]) {
    const half = Math.min(digit, 64)
    const power = keep(choice(`${n} < 0`, `${2 ** -half}`, `${2 ** half}`, keep))
    factors.unshift(keep(choice(`${rest} >= ${digit}`, power, '1', keep)))
    if (digit > half) factors.unshift(factors[0]!)
    if (digit > 1) rest = keep(choice(`${rest} >= ${digit}`, `(${rest} - ${digit})`, rest, keep))
  }
  return factors.reduce((product, factor) => keep(`${product} * ${factor}`), e)
}

/** 2 artanh s by its series, for |s| ≤ 1/3. */
const twiceArtanh = (s: string, keep: (text: string) => string): string => {
  const z = keep(`${s} * ${s}`)
  const series = polynomial(
    z,
    [15, 13, 11, 9, 7, 5, 3, 1].map((k) => 1 / k)
  )
  return keep(`2 * ${s} * ${series}`)
}

/**
 * 2 artanh((x − 1) / (x + 1)) by its series where log x is small and the adapter's is not exact relative to it. At 0 an
 * adapter may give −88, so that is brought down to −∞; below, the root gives the NaN that the logarithm may not.
 */
const logOnGpu: ScalarCode = ([x], keep) => {
  const series = twiceArtanh(keep(`(${x!} - 1) / (${x!} + 1)`), keep)
  const own = keep(`Math.log(${x!})`)
  const near = choice(`${x!} > 0.5`, choice(`${x!} < 2`, series, own, keep), own, keep)
  const below = choice(`${x!} < 0`, `Math.sqrt(${x!})`, `${own} * 3.4e38`, keep)
  return choice(`${x!} > 0`, near, below, keep)
}

/** log(1 + x) as 2 artanh(x / (x + 2)) near 0; elsewhere 1 + x is exact enough for the logarithm. */
const log1pWith =
  (logarithm: ScalarCode): ScalarCode =>
  ([x], keep) => {
    const near = twiceArtanh(keep(`${x!} / (${x!} + 2)`), keep)
    const far = keep(logarithm([keep(`1 + ${x!}`)], keep))
    return choice(`${x!} > -0.5`, choice(`${x!} < 1`, near, far, keep), far, keep)
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
    const half = keep(choice(`${quadrant} < 2`, quadrant, `${quadrant} - 2`, keep))
    const value = keep(choice(`${half} < 0.5`, sine, cosine, keep))
    return choice(`${quadrant} < 1.5`, value, `(-${value})`, keep)
  }

const TANH_LIMIT = 7.90531110763549805

/**
 * tanh as x P(x²) / Q(x²) on the range where float32 is not yet ±1 (the coefficients of Eigen's float32 tanh). Only
 * arithmetic, so it stays in vector lanes, and it cannot overflow as a quotient of exponentials does.
 */
const tanh: ScalarCode = ([x], keep) => {
  const t = keep(`Math.max(${float(-TANH_LIMIT)}, Math.min(${float(TANH_LIMIT)}, ${x!}))`)
  const s = keep(`${t} * ${t}`)
  const p = polynomial(
    s,
    [
      -2.76076847742355e-16, 2.00018790482477e-13, -8.60467152213735e-11, 5.12229709037114e-8,
      1.48572235717979e-5, 6.37261928875436e-4, 4.89352455891786e-3
    ]
  )
  const q = polynomial(s, [1.19825839466702e-6, 1.18534705686654e-4, 2.268434632439e-3, 4.89352518554385e-3])
  const ratio = keep(`${t} * ${p} / ${q}`)
  return choice(`Math.abs(${x!}) < 0.0004`, x!, ratio, keep)
}

/** erf as x P(x²) / Q(x²), clamped where float32 is ±1 (the coefficients of Eigen's float32 erf). */
const erf: ScalarCode = ([x], keep) => {
  const t = keep(`Math.max(-4, Math.min(4, ${x!}))`)
  const s = keep(`${t} * ${t}`)
  const p = polynomial(
    s,
    [
      -2.72614225801306e-10, 2.77068142495902e-8, -2.10102402082508e-6, -5.69250639462346e-5,
      -7.34990630326855e-4, -2.954599808540251e-3, -1.60960333262415e-2
    ]
  )
  const q = polynomial(
    s,
    [
      -1.45660718464996e-5, -2.13374055278905e-4, -1.68282697438203e-3, -7.37332916720468e-3,
      -1.42647390514189e-2
    ]
  )
  // the quotient first: it is near 1, where the product of a tiny number would lose digits
  return `(${t} * (${p} / ${q}))`
}

/** 1 / (1 + e^(−x)) from e^(−|x|), which does not overflow. */
const sigmoidWith =
  (exponential: ScalarCode): ScalarCode =>
  ([x], keep) => {
    const e = keep(exponential([keep(`-Math.abs(${x!})`)], keep))
    return `(${choice(`${x!} < 0`, e, '1', keep)} / (1 + ${e}))`
  }

/** log(1 + eˣ) as max(x, 0) + log(1 + e^(−|x|)). */
const softplusWith =
  (exponential: ScalarCode, logarithm: ScalarCode): ScalarCode =>
  ([x], keep) => {
    const e = keep(exponential([keep(`-Math.abs(${x!})`)], keep))
    return `(Math.max(${x!}, 0) + ${logarithm([e], keep)})`
  }

/** The coefficients of the exponent P(t) of {@link erfcWith}, the highest power first. */
export const ERFC_TAIL: readonly [number, ...number[]] = [
  0.17087277, -0.82215223, 1.48851587, -1.13520398, 0.27886807, -0.18628806, 0.09678418, 0.37409196,
  1.00002368, -1.26551223
]

/**
 * erfc(x √power): t exp(−power x² + P(t)) with t = 1 / (1 + |x| √power / 2) (Press and others, "Numerical Recipes", `erfcc`:
 * 1.2e-7 of the value), and 1 − erf near 0. x² is hi² − (hi − x)(hi + x) for the sixteenths hi of x, so that the rounding of
 * the square does not show.
 */
const erfcWith =
  (exponential: ScalarCode, power: number): ScalarCode =>
  ([x], keep) => {
    const root = Math.sqrt(power)
    const a = keep(`Math.min(${10.5 / root}, Math.abs(${x!}))`)
    const t = keep(`1 / (1 + ${0.5 * root} * ${a})`)
    const hi = keep(`Math.floor(${a} * 16) * 0.0625`)
    const p = polynomial(t, ERFC_TAIL)
    const rest = keep(exponential([keep(`${power} * (${hi} - ${a}) * (${hi} + ${a}) + ${p}`)], keep))
    const far = keep(`${t} * ${keep(exponential([keep(`-${power} * ${hi} * ${hi}`)], keep))} * ${rest}`)
    const near = keep(`1 - ${erf([keep(`${x!} * ${root}`)], keep)}`)
    const tail = choice(`${x!} > 0`, far, `2 - ${far}`, keep)
    return choice(`${a} < ${0.5 / root}`, near, tail, keep)
  }

/** Φ(x) = erfc(−x / √2) / 2. */
const ndtrWith =
  (exponential: ScalarCode): ScalarCode =>
  ([x], keep) =>
    `(0.5 * ${erfcWith(exponential, 0.5)([keep(`-${x!}`)], keep)})`

const call =
  (name: string): ScalarCode =>
  ([x]) =>
    `Math.${name}(${x!})`

const code = (
  portable: ScalarCode,
  cost: number,
  own: Pick<ScalarFunction, 'cpu' | 'gpu' | 'webasm'> = {}
): ScalarFunction => ({ code: portable, rounds: true, cost, ...own })

const expOn = { webasm: expWith(byDigits), gpu: expWith(byPower) }

/** The functions that are more than an operator of the language: one row each. */
export const elementary = {
  exp: code(call('exp'), 25, expOn),
  log: code(call('log'), 25, { gpu: logOnGpu }),
  expm1: code(expm1With(byDigits), 25, { cpu: call('expm1'), gpu: expm1With(byPower) }),
  log1p: code(log1pWith(call('log')), 25, { cpu: call('log1p'), gpu: log1pWith(logOnGpu) }),
  sqrt: code(call('sqrt'), 2),
  tanh: code(tanh, 20, { cpu: call('tanh') }),
  sin: code(call('sin'), 25, { gpu: wave(0) }),
  cos: code(call('cos'), 25, { gpu: wave(1) }),
  erf: code(erf, 15),
  erfc: code(erfcWith(call('exp'), 1), 70, {
    webasm: erfcWith(expOn.webasm, 1),
    gpu: erfcWith(expOn.gpu, 1)
  }),
  ndtr: code(ndtrWith(call('exp')), 70, { webasm: ndtrWith(expOn.webasm), gpu: ndtrWith(expOn.gpu) }),
  sigmoid: code(sigmoidWith(call('exp')), 28, {
    webasm: sigmoidWith(expOn.webasm),
    gpu: sigmoidWith(expOn.gpu)
  }),
  softplus: code(softplusWith(call('exp'), call('log1p')), 50, {
    webasm: softplusWith(expOn.webasm, log1pWith(call('log'))),
    gpu: softplusWith(expOn.gpu, log1pWith(logOnGpu))
  }),
  pow: code(pow.host, 25, { gpu: pow.gpu })
}
