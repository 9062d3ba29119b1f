import { EigenvalueDecomposition, Matrix } from 'ml-matrix'
import { requireFraction } from '../../core/check.js'
import { fail } from '../../core/error.js'
import type { NdArray } from '../../core/ndarray.js'
import { columnsOf, type Gram, peakOf, symmetricGramOf } from './gram.js'

/** A symmetric matrix in its eigenbasis: eigenvalues from the largest down, and row k of `vectors` the k-th unit vector. */
export interface Eigen {
  readonly values: Float64Array
  /** [n, n], row-major. */
  readonly vectors: Float64Array
}

/**
 * The eigendecomposition of a symmetric matrix [n, n] by Householder reduction and implicit QL (ml-matrix, after
 * EISPACK's tred2 and tql2). The elements must be finite. They are scaled to at most 1 first, so that squares of very
 * large or small ones neither overflow nor underflow.
 */
export const eigenSymmetric = (n: number, matrix: Float64Array): Eigen => {
  const peak = peakOf(matrix) || 1
  const scaled = Matrix.from1DArray(
    n,
    n,
    matrix.map((x) => x / peak)
  )
  const found = new EigenvalueDecomposition(scaled, { assumeSymmetric: true })
  const ascending = found.realEigenvalues
  const columns = found.eigenvectorMatrix
  return {
    values: Float64Array.from({ length: n }, (_, k) => ascending[n - 1 - k]! * peak),
    vectors: Float64Array.from({ length: n * n }, (_, at) => columns.get(at % n, n - 1 - Math.floor(at / n)))
  }
}

/** A positive semi-definite kernel Θ(X, X) in its eigenbasis. */
export interface Modes {
  readonly gram: Gram
  /** One for each matrix of the kernel. */
  readonly eigens: readonly Eigen[]
  readonly largest: number
  /** Eigenvalues up to this one are zero but for rounding. */
  readonly floor: number
}

/** Which eigenvalues count as zero. */
export interface ToleranceOptions {
  /**
   * Eigenvalues of at most this part of the largest are zero; their modes do not move.
   *
   * @defaultValue the rounding of the kernel's elements: for n rows max(n, 32) · 2⁻²⁴ in float32, max(n, 32) · 2⁻⁵² in float64
   */
  readonly tolerance?: number
}

const roundingOf = ({ height, single }: Gram): number => Math.max(32, height) * 2 ** (single ? -24 : -52)

/** The eigenbasis of Θ(X, X); a kernel with a negative eigenvalue beyond the tolerance is an ArgumentError. */
export const modesOf = (operation: string, kernel: NdArray, { tolerance }: ToleranceOptions = {}): Modes => {
  const gram = symmetricGramOf(operation, kernel)
  const part =
    tolerance === undefined ? roundingOf(gram) : requireFraction(operation, 'tolerance', tolerance, '[0, 1)')
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
 * Applies a function of a kernel to a vector: g(Θ) v with g a function of the eigenvalues and v [examples, outputs]. g is
 * not evaluated at eigenvalues of zero, where its value is 0. A mode that v lacks is left out, so an infinite g is harmless
 * there.
 */
export const matrixFunction = (
  { gram, eigens, floor }: Modes,
  g: (eigenvalue: number) => number,
  v: Float64Array,
  outputs: number
): Float64Array => {
  const n = gram.height
  const out = new Float64Array(v.length)
  for (const { matrix, offset, stride } of columnsOf(gram, outputs)) {
    const { values, vectors } = eigens[matrix]!
    for (let k = 0; k < n; k++) {
      const factor = values[k]! > floor ? g(values[k]!) : 0
      let coefficient = 0
      for (let i = 0; i < n; i++) coefficient += vectors[k * n + i]! * v[offset + i * stride]!
      if (coefficient === 0 || factor === 0) continue
      const weight = factor * coefficient
      for (let i = 0; i < n; i++) out[offset + i * stride]! += weight * vectors[k * n + i]!
    }
  }
  return out
}
