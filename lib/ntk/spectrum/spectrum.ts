import type { Either } from 'fp-ts/lib/Either.js'
import { EigenvalueDecomposition, Matrix } from 'ml-matrix'
import { requireFraction } from '../../core/check.js'
import { entry } from '../../core/entry.js'
import { fail, type TangentError } from '../../core/error.js'
import { type NdArray, of } from '../../core/ndarray.js'
import { requireShape } from '../../core/shape.js'
import { unitBelow } from '../../core/unit-below.js'
import { attempt } from '../../graph/trace.js'
import { columnsOf, finite, type Gram, outputCount, peakOf, symmetricGramOf } from './gram.js'

/** A symmetric matrix in its eigenbasis: eigenvalues from the largest down, and row k of `vectors` the k-th unit vector. */
interface Eigen {
  readonly values: Float64Array
  /** [n, n], row-major. */
  readonly vectors: Float64Array
}

/**
 * The eigendecomposition of a symmetric matrix [n, n] by Householder reduction and implicit QL (ml-matrix, after
 * EISPACK's tred2 and tql2). The elements must be finite. They are scaled to at most 1 first, so that squares of very
 * large or small ones neither overflow nor underflow.
 */
const eigenSymmetric = (n: number, matrix: Float64Array): Eigen => {
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
  /** For each matrix, up to where its eigenvalues are zero but for rounding. */
  readonly floors: readonly number[]
}

/** Which eigenvalues count as zero. */
export interface ToleranceOptions {
  /**
   * Eigenvalues of at most this part of the largest of their matrix are zero; their modes do not move.
   *
   * @defaultValue the rounding of the kernel's elements: for n rows max(n, 32) · 2⁻²⁴ in float32, max(n, 32) · 2⁻⁵² in float64;
   * more where the most negative eigenvalue is further from zero, by up to 2e-6 of the trace in float32 and 1e-9 in float64
   */
  readonly tolerance?: number
}

/**
 * How far the elements of a kernel of correct arithmetic may be off, as a part of √(Θ(x, x) Θ(x′, x′)): that of
 * infinite kernels. Eigenvalues move by that part of the trace at most.
 */
const ELEMENT_ERROR = { single: 2e-6, double: 1e-9 } as const

const traceOf = (matrix: Float64Array, n: number): number => {
  let trace = 0
  for (let i = 0; i < n; i++) trace += Math.max(0, matrix[i * n + i]!)
  return trace
}

const roundingOf = ({ height, single }: Gram): number => Math.max(32, height) * 2 ** (single ? -24 : -52)

/**
 * The eigenbasis of Θ(X, X). Negative eigenvalues that the error of the elements explains count as zero, and positive ones that
 * are no larger; a kernel with others is an ArgumentError. A tolerance of the caller's holds as it is.
 */
export const modesOf = (operation: string, kernel: NdArray, { tolerance }: ToleranceOptions = {}): Modes => {
  const gram = symmetricGramOf(operation, kernel)
  const part =
    tolerance === undefined ? roundingOf(gram) : requireFraction(operation, 'tolerance', tolerance, '[0, 1)')
  const eigens = gram.matrices.map((matrix) => eigenSymmetric(gram.height, matrix))
  const error = ELEMENT_ERROR[gram.single ? 'single' : 'double']
  const floors = eigens.map(({ values }, m) => {
    const [largest, smallest] = [part * Math.max(0, values[0]!), values.at(-1)!]
    const explained =
      tolerance === undefined ? Math.max(largest, error * traceOf(gram.matrices[m]!, gram.height)) : largest
    return smallest >= -explained
      ? Math.max(largest, -smallest)
      : fail(
          'ArgumentError',
          operation,
          'a positive semi-definite kernel',
          `an eigenvalue ${smallest}`,
          'kernel'
        )
  })
  return { gram, eigens, floors, largest: Math.max(0, ...eigens.map(({ values }) => values[0]!)) }
}

/**
 * Applies a function of a kernel to a vector: g(Θ) v with g a function of the eigenvalues and v [examples, outputs]. g is
 * not evaluated at eigenvalues of zero, where its value is 0. A mode that v lacks is left out, so an infinite g is harmless
 * there.
 */
export const matrixFunction = (
  { gram, eigens, floors }: Modes,
  g: (eigenvalue: number) => number,
  v: Float64Array,
  outputs: number
): Float64Array => {
  const n = gram.height
  const out = new Float64Array(v.length)
  for (const { matrix, offset, stride } of columnsOf(gram, outputs)) {
    const { values, vectors } = eigens[matrix]!
    for (let k = 0; k < n; k++) {
      const factor = values[k]! > floors[matrix]! ? g(values[k]!) : 0
      let coefficient = 0
      for (let i = 0; i < n; i++) coefficient += vectors[k * n + i]! * v[offset + i * stride]!
      if (coefficient === 0 || factor === 0) continue
      const weight = factor * coefficient
      for (let i = 0; i < n; i++) out[offset + i * stride]! += weight * vectors[k * n + i]!
    }
  }
  return out
}

/** The eigenvalues of a kernel and its eigenvectors. */
export interface Spectrum {
  /** From the largest down, negative ones included, which a kernel has by rounding only. */
  readonly values: readonly number[]
  /**
   * The unit eigenvectors, in the order of `values`: [modes, n] for a kernel [n, n], [modes, n, o] for one with outputs.
   * The sign of each is arbitrary.
   */
  readonly vectors: NdArray
}

/**
 * The eigenvalues and eigenvectors of Θ(X, X), given as [n, n], [n, n, o] (the modes of every output's own matrix) or
 * [n, n, o, o] (modes over examples and outputs). The eigenvalues sum to the trace; under gradient flow on (1/2N)Σ‖f − y‖²
 * a mode is learnt in a time N/(ηλ). Errors: a kernel that is not square (ShapeError), not finite (DataError) or not
 * symmetric (ArgumentError).
 *
 * @example
 * import assert from 'node:assert'
 * import * as E from 'fp-ts/lib/Either.js'
 * import { ndarray, ntk } from 'tangentflow'
 *
 * const found = ntk.spectrum(ndarray.fromNested([[17 / 4, 1], [1, 1 / 2]]))
 * assert.ok(E.isRight(found))
 * assert.deepEqual(found.right.values.map((value) => value.toFixed(12)), ['4.500000000000', '0.250000000000'])
 */
export const spectrum = entry(
  'ntk.spectrum',
  'Either',
  1,
  (kernel: NdArray): Either<TangentError, Spectrum> =>
    attempt(() => {
      const gram = symmetricGramOf('ntk.spectrum', kernel)
      const [examples] = gram.examples
      const outputs = gram.outputs ?? 1
      const width = examples * outputs
      const found = columnsOf(gram, outputs).flatMap(({ matrix, offset, stride }) => {
        const { values, vectors } = eigenSymmetric(gram.height, gram.matrices[matrix]!)
        return Array.from(values, (value, k) => {
          const vector = new Float64Array(width)
          for (let i = 0; i < gram.height; i++) vector[offset + i * stride] = vectors[k * gram.height + i]!
          return { value, vector }
        })
      })
      found.sort((a, b) => b.value - a.value)
      const vectors = new Float64Array(found.length * width)
      found.forEach(({ vector }, k) => vectors.set(vector, k * width))
      return {
        values: found.map(({ value }) => value),
        vectors: of([found.length, examples, ...(gram.outputs === undefined ? [] : [outputs])], vectors)
      }
    })
)

/** How the modes of a kernel are counted, from eigenvalues as fractions of their sum. */
export type RankMeasure = 'entropy' | 'participation'

const measures: { readonly [M in RankMeasure]: (parts: readonly number[]) => number } = {
  entropy: (parts) => Math.exp(-parts.reduce((sum, p) => sum + (p === 0 ? 0 : p * Math.log(p)), 0)),
  participation: (parts) => 1 / parts.reduce((sum, p) => sum + p * p, 0)
}

/**
 * The effective number of modes of a kernel Θ(X, X), from 1 (rank one) to their full number (all eigenvalues equal).
 * `entropy`: e^H of the eigenvalues as fractions of their sum (Roy and Vetterli, "The effective rank", 2007);
 * `participation`: (Σλ)² / Σλ², the participation ratio, which small eigenvalues hardly change.
 * Layouts and errors as in {@link predictMse}; a kernel that is zero is an ArgumentError.
 *
 * @defaultValue `measure` is `'entropy'`
 *
 * @example
 * import assert from 'node:assert'
 * import * as E from 'fp-ts/lib/Either.js'
 * import { ndarray, ntk } from 'tangentflow'
 *
 * const kernel = ndarray.fromNested([[3, 0], [0, 1]])
 * assert.deepEqual(ntk.effectiveRank(kernel, 'participation'), E.right(1.6)) // 16 / 10
 */
export const effectiveRank = entry(
  'ntk.effectiveRank',
  'Either',
  1,
  (kernel: NdArray, measure: RankMeasure = 'entropy'): Either<TangentError, number> =>
    attempt(() => {
      const { eigens, largest } = modesOf('ntk.effectiveRank', kernel)
      if (largest === 0)
        fail('ArgumentError', 'ntk.effectiveRank', 'a kernel that is not zero', 'zeros', 'kernel')
      const values = eigens.flatMap((eigen) => Array.from(eigen.values, (value) => Math.max(0, value)))
      const sum = values.reduce((total, value) => total + value, 0)
      return measures[measure](values.map((value) => value / sum))
    })
)

/** How far outputs are from targets along one mode of a kernel. */
export interface ModeResidual {
  /** The eigenvalue of the mode. */
  readonly eigenvalue: number
  /** The squared length of the residual along the mode, over all outputs. */
  readonly energy: number
  /** The energy as a fraction of ‖f − y‖²; 0 where there is no residual. */
  readonly share: number
}

/**
 * The residual f − y, mode by mode of Θ(X, X), from the largest eigenvalue down: energies sum to ‖f − y‖², and under
 * gradient flow on (1/2N)Σ‖f − y‖² each falls as e^{−2ηλt/N}. Outputs and targets are [n, o], or [n] for one output; layouts
 * and errors as in {@link spectrum}.
 *
 * @example
 * import assert from 'node:assert'
 * import * as E from 'fp-ts/lib/Either.js'
 * import { ndarray, ntk } from 'tangentflow'
 *
 * const kernel = ndarray.fromNested([[2, 0], [0, 1]])
 * const found = ntk.modeResiduals(kernel, ndarray.fromNested([3, 0]), ndarray.fromNested([0, 1]))
 * assert.ok(E.isRight(found))
 * assert.deepEqual(found.right.map(({ energy }) => energy), [9, 1])
 */
export const modeResiduals = entry(
  'ntk.modeResiduals',
  'Either',
  1,
  (kernel: NdArray, outputs: NdArray, targets: NdArray): Either<TangentError, readonly ModeResidual[]> =>
    attempt(() => {
      const operation = 'ntk.modeResiduals'
      const gram = symmetricGramOf(operation, kernel)
      const columns = columnsOf(gram, outputCount(operation, gram, targets.shape, 'targets'))
      requireShape(operation, 'outputs', outputs.shape, targets.shape, 'outputs')
      const y = finite(operation, targets, 'targets')
      const exact = finite(operation, outputs, 'outputs').map((f, i) => f - y[i]!)
      const unit = unitBelow(exact.reduce((most, r) => Math.max(most, Math.abs(r)), 0))
      const residual = exact.map((r) => r / unit)
      const whole = residual.reduce((sum, r) => sum + r * r, 0)
      const n = gram.height
      const found = gram.matrices.flatMap((matrix, m) => {
        const { values, vectors } = eigenSymmetric(n, matrix)
        const own = columns.filter((column) => column.matrix === m)
        return Array.from(values, (eigenvalue, k) => {
          let energy = 0
          for (const { offset, stride } of own) {
            let part = 0
            for (let i = 0; i < n; i++) part += vectors[k * n + i]! * residual[offset + i * stride]!
            energy += part * part
          }
          return { eigenvalue, energy: energy * unit * unit, share: whole === 0 ? 0 : energy / whole }
        })
      })
      return found.sort((a, b) => b.eigenvalue - a.eigenvalue)
    })
)
