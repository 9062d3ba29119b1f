import { commonShape, type Shape } from '../../core/shape.js'

/** A function of numbers, applied to tensors element by element. */
interface PointwiseFunction {
  /** What it means, in float64. */
  readonly value: (a: number, b: number, c: number) => number
  /** Whether float32 holds the result exactly when it holds the arguments: nothing is rounded. */
  readonly exact: boolean
}

const exact = (value: PointwiseFunction['value']): PointwiseFunction => ({ value, exact: true })
const rounded = (value: PointwiseFunction['value']): PointwiseFunction => ({ value, exact: false })

/** exp(−power a²), the square in two parts so that nothing of it is rounded away: that of a float32 number is exact. */
const gaussian = (a: number, power: number): number => {
  const head = Math.fround(a)
  return Math.exp(-power * head * head) * Math.exp(power * (head - a) * (head + a))
}

/**
 * erfc(a √power) for arguments of at least 1: its continued fraction (Abramowitz and Stegun 7.1.14), from the term where
 * float64 no longer sees the rest.
 */
const erfcTail = (a: number, power = 1): number => {
  const z = a * Math.sqrt(power)
  let tail = z
  for (let n = Math.ceil(30 + 220 / (z * z)); n >= 1; n--) tail = z + n / 2 / tail
  return z < 40 ? gaussian(a, power) / (tail * Math.sqrt(Math.PI)) : 0
}

/** erf by its series 2/√π e^(−x²) Σ 2ⁿ x^(2n+1) / (2n+1)!! (Abramowitz and Stegun 7.1.6), whose terms have one sign. */
const erfSeries = (x: number): number => {
  let term = x
  let sum = x
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1)
    sum += term
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum
}

const erf = (x: number): number =>
  Math.abs(x) >= 1 ? Math.sign(x) * (1 - erfcTail(Math.abs(x))) : erfSeries(x)

const erfc = (x: number): number => (x >= 1 ? erfcTail(x) : 1 - erf(x))

const ndtr = (x: number): number => (x <= -2 ? erfcTail(-x, 0.5) / 2 : (1 + erf(x * Math.SQRT1_2)) / 2)

/** 1 / (1 + e^(−x)) without a difference and without an overflow. */
const sigmoid = (x: number): number => {
  const e = Math.exp(-Math.abs(x))
  return (x < 0 ? e : 1) / (1 + e)
}

/** aᵇ as IEEE 754 has it; JavaScript's is NaN for 1 to an infinity or to NaN, and for −1 to an infinity. */
const pow = (a: number, b: number): number => (a === 1 || (a === -1 && Math.abs(b) === Infinity) ? 1 : a ** b)

/** Functions of one argument; `ops` has one of each name. */
export const unaryFunctions = {
  /** −x. */
  neg: exact((a) => -a),
  /** eˣ, elementwise. */
  exp: rounded(Math.exp),
  /** Natural logarithm. */
  log: rounded(Math.log),
  /** eˣ − 1, to the last digits near 0 too. */
  expm1: rounded(Math.expm1),
  /** log(1 + x) for x > −1, to the last digits near 0 too. */
  log1p: rounded(Math.log1p),
  /** √x, elementwise, for x ≥ 0; the derivative at 0 is infinite. */
  sqrt: rounded(Math.sqrt),
  /** The hyperbolic tangent, elementwise. */
  tanh: rounded(Math.tanh),
  /** The sine of x in radians, elementwise. */
  sin: rounded(Math.sin),
  /** The cosine of x in radians, elementwise. */
  cos: rounded(Math.cos),
  /** The error function, 2/√π ∫₀ˣ exp(−t²) dt. */
  erf: rounded(erf),
  /** 1 − erf(x), to the last digits where that is tiny too. */
  erfc: rounded(erfc),
  /** Φ(x), the distribution function of the standard normal, to the last digits in its lower tail. */
  ndtr: rounded(ndtr),
  /** 1 / (1 + e^(−x)), to the last digits in both tails. */
  sigmoid: rounded(sigmoid),
  /** log(1 + eˣ), to the last digits in both tails. */
  softplus: rounded((a) => Math.max(a, 0) + Math.log1p(Math.exp(-Math.abs(a)))),
  /** max(x, 0); the derivative at 0 is 0. */
  relu: exact((a) => Math.max(a, 0)),
  /** −1, 0 or 1; sign(0) = 0. Its derivative is 0. */
  sign: exact(Math.sign),
  /** |x|; its derivative is sign(x). */
  abs: exact(Math.abs),
  /** The largest whole number not above x; its derivative is 0. */
  floor: exact(Math.floor)
}

/** Functions of two arguments of equal shape; `ops` has one of each name, with broadcasting. */
export const binaryFunctions = {
  /**
   * a + b with broadcasting: `add(b)(a)`.
   *
   * @example
   * import assert from 'node:assert'
   * import { pipe } from 'fp-ts/lib/function.js'
   * import { evaluateOn, ndarray, ops, type Tensor } from 'tangentflow'
   *
   * const f = (a: Tensor, b: Tensor) => pipe(a, ops.add(b))
   * const out = evaluateOn(f)(ndarray.fromNested([[1, 2], [3, 4]]), ndarray.fromNested([10, 20]))
   * assert.deepEqual(ndarray.toNested(out), [[11, 22], [13, 24]])
   */
  add: rounded((a, b) => a + b),
  /** a − b: `sub(b)(a)`. */
  sub: rounded((a, b) => a - b),
  /** a / b: `div(b)(a)`. */
  div: rounded((a, b) => a / b),
  /** The larger of the two; at a tie the derivative is split evenly. */
  max: exact((a, b) => Math.max(a, b)),
  /** The smaller of the two; at a tie the derivative is split evenly. */
  min: exact((a, b) => Math.min(a, b)),
  /** aᵇ: `pow(b)(a)`, for a > 0, or any a when b is a whole number. */
  pow: rounded(pow),
  /** 1 where a < b, else 0: `less(b)(a)`. Comparisons have derivative 0. */
  less: exact((a, b) => (a < b ? 1 : 0)),
  /** 1 where a ≤ b, else 0. */
  lessEqual: exact((a, b) => (a <= b ? 1 : 0)),
  /** 1 where a = b, else 0. */
  equal: exact((a, b) => (a === b ? 1 : 0))
}

/**
 * All pointwise functions; `select(condition, a, b)` is a where the condition is not 0, else b, and `gate(condition, a)`
 * is a where it is not 0, else 0: what derivative rules use, and the optimiser may make a product of.
 */
export const functions = {
  ...unaryFunctions,
  ...binaryFunctions,
  gate: exact((a, b) => (a !== 0 ? b : 0)),
  select: exact((a, b, c) => (a !== 0 ? b : c))
}

export type UnaryName = keyof typeof unaryFunctions
export type BinaryName = keyof typeof binaryFunctions
export type PointwiseName = keyof typeof functions

/** The attributes of a pointwise node. */
interface Named {
  readonly fn: PointwiseName
}

/** The primitive that applies one of the {@link functions}. */
export const pointwise = {
  shape: ({ fn }: Named, inputs: readonly Shape[]): Shape => commonShape(fn, inputs),
  evaluate: ({ fn }: Named, [a, b, c]: readonly Float64Array[]): Float64Array => {
    const { value } = functions[fn]
    const out = new Float64Array(a!.length)
    for (let i = 0; i < out.length; i++)
      out[i] = value(a![i]!, b === undefined ? 0 : b[i]!, c === undefined ? 0 : c[i]!)
    return out
  },
  key: ({ fn }: Named): string => fn,
  show: (): string => ''
}
