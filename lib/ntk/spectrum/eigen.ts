import { EigenvalueDecomposition, Matrix } from 'ml-matrix'

/** A symmetric matrix in its eigenbasis: eigenvalues from the largest down, and row k of `vectors` the k-th unit vector. */
export interface Eigen {
  readonly values: Float64Array
  /** [n, n], row-major. */
  readonly vectors: Float64Array
}

/**
 * The eigen-decomposition of a symmetric matrix [n, n] by Householder reduction and implicit QL (ml-matrix, after
 * EISPACK's tred2 and tql2). The elements must be finite. They are scaled to at most 1 on the way, so that squares of very
 * large or small ones neither overflow nor vanish.
 */
export const eigenSymmetric = (n: number, matrix: Float64Array): Eigen => {
  const peak = matrix.reduce((most, x) => Math.max(most, Math.abs(x)), 0) || 1
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
