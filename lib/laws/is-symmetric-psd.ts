import { plain } from '../core/plain.js'
import { fail } from '../core/error.js'
import type { NdArray } from '../core/ndarray.js'
import { showShape } from '../core/shape.js'
import { unitBelow } from '../core/unit-below.js'

/** How symmetric a matrix is, its extreme eigenvalues, and how many of them are not 0. */
export interface KernelReport {
  /** Whether the kernel is symmetric and positive semi-definite. */
  readonly holds: boolean
  /** The number of eigenvalues above `tolerance` times the largest. */
  readonly rank: number
  /** The largest |K_ij − K_ji|, as a part of the largest |K_ij|. */
  readonly asymmetry: number
  /** The smallest eigenvalue. */
  readonly smallest: number
  /** The largest eigenvalue. */
  readonly largest: number
}

/** A kernel as a square matrix: [n, n] as it is, [n, n, o, o] with (example, output) as rows. */
const matrixOf = ({ shape, data }: NdArray): readonly Float64Array[] => {
  const [n, m, o = 1, p = 1] = shape
  if ((shape.length !== 2 && shape.length !== 4) || n === undefined || n !== m || o !== p)
    return fail('ShapeError', 'isSymmetricPsd', 'a kernel [n, n] or [n, n, o, o]', showShape(shape))
  return Array.from({ length: n * o }, (_, r) =>
    Float64Array.from({ length: n * o }, (_c, c) => {
      const [i, a, j, b] = [Math.floor(r / o), r % o, Math.floor(c / o), c % o]
      return data[((i * n + j) * o + a) * o + b]!
    })
  )
}

/** Eigenvalues, in ascending order, of a symmetric matrix by cyclic Jacobi rotations (Golub and Van Loan, "Matrix Computations", 8.5). */
const eigenvalues = (symmetric: readonly Float64Array[]): readonly number[] => {
  const a = symmetric.map((row) => Float64Array.from(row))
  const n = a.length
  const offDiagonal = (): number =>
    a.reduce((sum, row, i) => sum + row.reduce((s, x, j) => (i === j ? s : s + x * x), 0), 0)
  const total = a.reduce((sum, row) => sum + row.reduce((s, x) => s + x * x, 0), 0)
  const rotate = (p: number, q: number): void => {
    if (a[p]![q] === 0) return
    const theta = (a[q]![q]! - a[p]![p]!) / (2 * a[p]![q]!)
    const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.hypot(theta, 1))
    const c = 1 / Math.hypot(t, 1)
    const s = t * c
    for (let k = 0; k < n; k++) {
      const [x, y] = [a[k]![p]!, a[k]![q]!]
      a[k]![p] = c * x - s * y
      a[k]![q] = s * x + c * y
    }
    for (let k = 0; k < n; k++) {
      const [x, y] = [a[p]![k]!, a[q]![k]!]
      a[p]![k] = c * x - s * y
      a[q]![k] = s * x + c * y
    }
  }
  for (let sweep = 0; sweep < 30 && offDiagonal() > 1e-30 * total; sweep++)
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) rotate(p, q)
  return a.map((row, i) => row[i]!).sort((x, y) => x - y)
}

/**
 * Whether a concrete kernel is symmetric and positive semi-definite to rounding: asymmetry and the most negative
 * eigenvalue at most `tolerance` times the largest entry and eigenvalue. Takes [n, n] and [n, n, o, o].
 *
 * @defaultValue `tolerance` is 1e-5
 *
 * @example
 * import assert from 'node:assert'
 * import { ndarray } from 'tangentflow'
 * import { isSymmetricPsd } from 'tangentflow/laws'
 *
 * assert.ok(isSymmetricPsd(ndarray.fromNested([[2, 1], [1, 2]])).holds)
 * assert.ok(!isSymmetricPsd(ndarray.fromNested([[1, 2], [2, 1]])).holds)
 */
export const isSymmetricPsd = plain(
  'laws.isSymmetricPsd',
  (kernel: NdArray, tolerance = 1e-5): KernelReport => {
    const matrix = matrixOf(kernel)
    const peak = Math.max(...matrix.map((row) => row.reduce((most, x) => Math.max(most, Math.abs(x)), 0)))
    const gap = Math.max(
      ...matrix.map((row, i) => row.reduce((most, x, j) => Math.max(most, Math.abs(x - matrix[j]![i]!)), 0))
    )
    // in units in which squares neither overflow nor vanish
    const unit = unitBelow(peak)
    const halves = matrix.map((row) => row.map((x) => x / unit / 2))
    const values = eigenvalues(halves.map((row, i) => row.map((x, j) => x + halves[j]![i]!))).map(
      (x) => x * unit
    )
    const [smallest, largest] = [values[0]!, values[values.length - 1]!]
    const asymmetry = peak === 0 ? 0 : gap / peak
    // a NaN anywhere makes both comparisons false
    return {
      holds: asymmetry <= tolerance && smallest >= -tolerance * Math.abs(largest),
      rank: values.filter((value) => value > tolerance * Math.abs(largest)).length,
      asymmetry,
      smallest,
      largest
    }
  }
)
