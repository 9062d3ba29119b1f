import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { CholeskyDecomposition, Matrix } from 'ml-matrix'
import type { TangentError } from '../core/error.js'
import { type HostKey, permutation } from '../core/key.js'
import { attempt } from '../graph/trace.js'
import { requireFiniteElements } from '../ntk/spectrum/gram.js'
import { visitBlocks } from './apply-blocked.js'
import { addProduct, addTransposed, type Grouped, grouped, groupedZeros, ungrouped } from './block-product.js'
import type { BlockedKernel } from './kernel-files.js'

/** An approximate inverse of a kernel and its ridge: symmetric and positive definite. */
export type Preconditioner = (r: Grouped) => Grouped

/** The places of a sorted list that are in [start, start + count). */
const placesIn = (sorted: Int32Array, start: number, count: number): readonly [from: number, to: number] => [
  sorted.filter((place) => place < start).length,
  sorted.filter((place) => place < start + count).length
]

/** The columns of a symmetric kernel at some places, [n, places], from one look at every block, whose sums are compared. */
const columnsAt = (kernel: BlockedKernel, places: Int32Array): TE.TaskEither<TangentError, Float32Array> => {
  const rank = places.length
  const out = new Float32Array(kernel.shape[0] * rank)
  return pipe(
    visitBlocks(kernel, true, ({ row, rows, column, columns }, block) => {
      const [from, to] = placesIn(places, column, columns)
      for (let i = 0; i < rows; i++)
        for (let s = from; s < to; s++) out[(row + i) * rank + s] = block[i * columns + places[s]! - column]!
      if (row === column) return
      const [first, end] = placesIn(places, row, rows)
      for (let s = first; s < end; s++)
        for (let j = 0; j < columns; j++)
          out[(column + j) * rank + s] = block[(places[s]! - row) * columns + j]!
    }),
    TE.map(() => out)
  )
}

/** The Cholesky factor of a positive semi-definite matrix [n, n] with the least of `added`, 10 `added`, … on its diagonal that it needs. */
const choleskyOf = (n: number, matrix: Float64Array, added: number): CholeskyDecomposition => {
  const shifted = Matrix.from1DArray(n, n, matrix)
  for (let i = 0; i < n; i++) shifted.set(i, i, matrix[i * n + i]! + added)
  const found = new CholeskyDecomposition(shifted)
  return found.isPositiveDefinite() ? found : choleskyOf(n, matrix, 10 * added)
}

/** C L⁻ᵀ in place of C [n, rank]: each row is solved from the front, four rows at a time. */
const divideByFactor = (c: Float32Array, n: number, rank: number, factor: Float64Array): void => {
  const solved = new Float64Array(4 * rank)
  for (let i = 0; i < n; i += 4) {
    const start = (q: number): number => Math.min(i + q, n - 1) * rank
    const [c0, c1, c2, c3] = [start(0), start(1), start(2), start(3)]
    for (let s = 0; s < rank; s++) {
      let s0 = c[c0 + s]!
      let s1 = c[c1 + s]!
      let s2 = c[c2 + s]!
      let s3 = c[c3 + s]!
      for (let t = 0, at = s * rank, from = 0; t < s; t++, at++, from += 4) {
        const l = factor[at]!
        s0 -= l * solved[from]!
        s1 -= l * solved[from + 1]!
        s2 -= l * solved[from + 2]!
        s3 -= l * solved[from + 3]!
      }
      const pivot = factor[s * rank + s]!
      solved[4 * s] = s0 / pivot
      solved[4 * s + 1] = s1 / pivot
      solved[4 * s + 2] = s2 / pivot
      solved[4 * s + 3] = s3 / pivot
    }
    for (let q = 0; q < 4; q++) for (let s = 0; s < rank; s++) c[start(q) + s] = solved[4 * s + q]!
  }
}

/** Rows of B that are in a processor's cache together. */
const CHUNK = 256

/** Bᵀ B of B [n, rank] in float64. */
const squareOf = (b: Float32Array, n: number, rank: number): Float64Array => {
  const sum = groupedZeros(rank, rank)
  for (let i = 0; i < n; i += CHUNK) {
    const rows = Math.min(CHUNK, n - i)
    const chunk = b.subarray(i * rank, (i + rows) * rank)
    grouped(chunk, rows, rank).forEach((group, g) => addTransposed(chunk, rows, rank, group, sum[g]!))
  }
  return ungrouped(sum, rank, rank)
}

/** (B Bᵀ + shift I)⁻¹ r = (r − B (Bᵀ B + shift I)⁻¹ Bᵀ r) / shift, by Woodbury. */
const inverseOf =
  (b: Float32Array, n: number, rank: number, factor: CholeskyDecomposition, shift: number): Preconditioner =>
  (r) =>
    r.map((group) => {
      const width = group.length / n
      const inner = new Float64Array(rank * width)
      addTransposed(b, n, rank, group, inner)
      const solved = factor.solve(Matrix.from1DArray(rank, width, inner))
      const product = new Float64Array(n * width)
      addProduct(b, n, rank, Float64Array.from(solved.to1DArray()), product)
      return group.map((value, i) => (value - product[i]!) / shift)
    })

/** The rounding of a kernel in float32, as a part of its diagonal. */
const ROUNDING = 1e-6

/**
 * The Nyström preconditioner of K + shift I: K ≈ C W⁻¹ Cᵀ with C the columns of K at `rank` examples chosen at random and W its
 * rows there (Williams and Seeger, "Using the Nyström method to speed up kernel machines", 2001; as a preconditioner: Frangella,
 * Tropp, Udell, arXiv:2110.02820). Memory is 4 n · rank bytes.
 */
export const nystrom = (
  kernel: BlockedKernel,
  source: HostKey,
  rank: number,
  shift: number
): TE.TaskEither<TangentError, Preconditioner> => {
  const [n] = kernel.shape
  const places = permutation(source, n).slice(0, rank).sort()
  return pipe(
    columnsAt(kernel, places),
    TE.flatMapEither((c) =>
      attempt(() => {
        requireFiniteElements('blocks.solve', c, 'kernel')
        const inner = Float64Array.from({ length: rank * rank }, (_, at) => {
          const [s, t] = [Math.floor(at / rank), at % rank]
          return c[places[s]! * rank + t]!
        })
        const most = places.reduce((peak, place, s) => Math.max(peak, c[place * rank + s]!), Number.MIN_VALUE)
        // what falls below the shift need not be approximated
        const factor = choleskyOf(rank, inner, Math.max((rank / n) * shift, ROUNDING * most))
        divideByFactor(c, n, rank, Float64Array.from(factor.lowerTriangularMatrix.to1DArray()))
        return inverseOf(c, n, rank, choleskyOf(rank, squareOf(c, n, rank), shift), shift)
      })
    )
  )
}
