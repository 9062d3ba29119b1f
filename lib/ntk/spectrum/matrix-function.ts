import { fail } from '../../core/error.js'
import type { NdArray } from '../../core/ndarray.js'
import { type Eigen, eigenSymmetric } from './eigen.js'
import { columnsOf, type Gram, symmetricGramOf } from './gram.js'

/** A positive semi-definite kernel Θ(X, X) in its eigenbasis. */
export interface Modes {
  readonly gram: Gram
  /** One for each matrix of the kernel. */
  readonly eigens: readonly Eigen[]
  readonly largest: number
  /** Eigenvalues up to here are zero but for rounding. */
  readonly floor: number
}

/** Which eigenvalues count as zero. */
export interface ToleranceOptions {
  /**
   * Eigenvalues of at most this part of the largest are zero; their modes do not move. Unless given, the rounding of
   * the kernel's elements: max(n, 32) · 2⁻²⁴ for a float32 kernel of n rows, with 2⁻⁵² for float64.
   */
  readonly tolerance?: number
}

const roundingOf = ({ height, single }: Gram): number => Math.max(32, height) * 2 ** (single ? -24 : -52)

const toleranceOf = (operation: string, gram: Gram, given: number | undefined): number =>
  given === undefined
    ? roundingOf(gram)
    : given >= 0 && given < 1
      ? given
      : fail(
          'ArgumentError',
          operation,
          'a part of the largest eigenvalue in [0, 1)',
          `${given}`,
          'tolerance'
        )

/** The eigenbasis of Θ(X, X); a kernel with a negative eigenvalue beyond the tolerance is an ArgumentError. */
export const modesOf = (operation: string, kernel: NdArray, { tolerance }: ToleranceOptions = {}): Modes => {
  const gram = symmetricGramOf(operation, kernel)
  const part = toleranceOf(operation, gram, tolerance)
  const eigens = gram.matrices.map((matrix) => eigenSymmetric(gram.height, matrix))
  const largest = Math.max(0, ...eigens.map(({ values }) => values[0]!))
  const smallest = Math.min(...eigens.map(({ values }) => values[values.length - 1]!))
  return smallest >= -part * largest
    ? { gram, eigens, largest, floor: part * largest }
    : fail(
        'ArgumentError',
        operation,
        'a positive semi-definite kernel',
        `an eigenvalue ${smallest}`,
        'kernel'
      )
}

/**
 * g(Θ) v for a function g of the eigenvalues, v [examples, outputs]. Modes of eigenvalue zero are given `atZero`, and a mode
 * that v lacks is left out, so that an infinite g harms nothing there.
 */
export const applyFunction = (
  { gram, eigens, floor }: Modes,
  g: (eigenvalue: number) => number,
  atZero: number,
  v: Float64Array,
  outputs: number
): Float64Array => {
  const n = gram.height
  const out = new Float64Array(v.length)
  for (const { matrix, offset, stride } of columnsOf(gram, outputs)) {
    const { values, vectors } = eigens[matrix]!
    for (let k = 0; k < n; k++) {
      const factor = values[k]! > floor ? g(values[k]!) : atZero
      let coefficient = 0
      for (let i = 0; i < n; i++) coefficient += vectors[k * n + i]! * v[offset + i * stride]!
      if (coefficient === 0 || factor === 0) continue
      const weight = factor * coefficient
      for (let i = 0; i < n; i++) out[offset + i * stride]! += weight * vectors[k * n + i]!
    }
  }
  return out
}
