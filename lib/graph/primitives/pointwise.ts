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
  pow: rounded((a, b) => a ** b),
  /** 1 where a < b, else 0: `less(b)(a)`. Comparisons have derivative 0. */
  less: exact((a, b) => (a < b ? 1 : 0)),
  /** 1 where a ≤ b, else 0. */
  lessEqual: exact((a, b) => (a <= b ? 1 : 0)),
  /** 1 where a = b, else 0. */
  equal: exact((a, b) => (a === b ? 1 : 0))
}

/** All pointwise functions; `select(condition, a, b)` is a where the condition is not 0, else b. */
export const functions = {
  ...unaryFunctions,
  ...binaryFunctions,
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
