import type { Either } from 'fp-ts/lib/Either.js'
import { fail, type TangentError } from '../../core/error.js'
import { type NdArray, of } from '../../core/ndarray.js'
import { sameShape, showShape } from '../../core/shape.js'
import { attempt } from '../../graph/trace.js'
import { finite, gramOf } from './gram.js'

/** How kernels are compared. */
export interface AlignmentOptions {
  /** Whether the mean over the examples is taken off every feature first; true unless given. */
  readonly centred?: boolean
}

/** H K H over the examples with H = I − 11ᵀ/n, for each pair of outputs by itself: the kernel of centred features. */
const centre = (elements: Float64Array, n: number, m: number): Float64Array => {
  const inner = elements.length / (n * m)
  const [rows, columns, all] = [
    new Float64Array(n * inner),
    new Float64Array(m * inner),
    new Float64Array(inner)
  ]
  for (let i = 0; i < n; i++)
    for (let j = 0; j < m; j++)
      for (let k = 0; k < inner; k++) {
        const x = elements[(i * m + j) * inner + k]!
        rows[i * inner + k]! += x / m
        columns[j * inner + k]! += x / n
        all[k]! += x / (n * m)
      }
  return elements.map((x, at) => {
    const k = at % inner
    const place = Math.floor(at / inner)
    const [i, j] = [Math.floor(place / m), place % m]
    return x - rows[i * inner + k]! - columns[j * inner + k]! + all[k]!
  })
}

/** Elements divided by the largest, so that no square overflows or vanishes; all zero is an ArgumentError. */
const scaled = (operation: string, elements: Float64Array, floor: number, where: string): Float64Array => {
  const peak = elements.reduce((most, x) => Math.max(most, Math.abs(x)), 0)
  return peak > floor
    ? elements.map((x) => x / peak)
    : fail('ArgumentError', operation, 'a kernel that differs between examples', 'a constant or zeros', where)
}

const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, x, i) => sum + x * b[i]!, 0)

const align = (operation: string, a: NdArray, b: NdArray, centred: boolean): number => {
  if (!sameShape(a.shape, b.shape)) {
    fail('ShapeError', operation, `kernels of one shape, ${showShape(a.shape)}`, showShape(b.shape))
  }
  const [left, right] = [a, b].map((kernel, k) => {
    const where = k === 0 ? 'kernel' : 'other'
    const [n, m] = gramOf(operation, kernel, where).examples
    const elements = finite(operation, kernel, where)
    const peak = elements.reduce((most, x) => Math.max(most, Math.abs(x)), 0)
    // what centring leaves of a constant kernel is rounding
    return centred
      ? scaled(operation, centre(elements, n, m), 2 ** -48 * peak, where)
      : scaled(operation, elements, 0, where)
  })
  const size = Math.sqrt(dot(left!, left!) * dot(right!, right!))
  return Math.min(1, Math.max(-1, dot(left!, right!) / size))
}

/**
 * The alignment ⟨K, L⟩ / (‖K‖ ‖L‖) of two kernels between the same examples, in [−1, 1], for positive semi-definite ones in [0, 1];
 * centred unless asked otherwise (Cortes, Mohri, Rostamizadeh, arXiv:1203.0550, def. 4; the same as linear CKA of
 * Kornblith et al., arXiv:1905.00414). Scale does not change it, nor, centred, a constant added to a kernel. Kernels are [n, m],
 * [n, m, o] or [n, m, o, o], both in one layout; with outputs, each pair of them is centred over the examples. Kernels of
 * different shapes are a ShapeError, a NaN or infinity a DataError, a (centred) kernel of zeros an ArgumentError.
 *
 * @example
 * import assert from 'node:assert'
 * import * as E from 'fp-ts/lib/Either.js'
 * import { ndarray, ntk } from 'tangentflow'
 *
 * const k = ndarray.fromNested([[2, 0], [0, 2]])
 * const l = ndarray.fromNested([[7, 5], [5, 7]]) // 2·1 + 5
 * assert.deepEqual(ntk.alignment(k, l), E.right(1))
 */
export const alignment = (
  kernel: NdArray,
  other: NdArray,
  { centred = true }: AlignmentOptions = {}
): Either<TangentError, number> => attempt(() => align('ntk.alignment', kernel, other, centred))

/** yyᵀ in the layout of a kernel, from the places (i, j) and outputs (a, b) of its elements. */
const labelKernel = (operation: string, kernel: NdArray, y: NdArray): NdArray => {
  const { layout, examples, outputs } = gramOf(operation, kernel)
  const [n, m] = examples
  const [rows, width = 1] = y.shape
  if (n !== m || rows !== n || y.shape.length > 2 || (outputs !== undefined && outputs !== width)) {
    fail(
      'ShapeError',
      operation,
      `labels [${n}, ${outputs ?? 'o'}] for a square kernel`,
      `${showShape(y.shape)} and ${showShape(kernel.shape)}`,
      'y'
    )
  }
  const labels = finite(operation, y, 'y')
  const at = (i: number, a: number): number => labels[i * width + a]!
  const outer = {
    mean: (i: number, j: number) => {
      let sum = 0
      for (let a = 0; a < width; a++) sum += at(i, a) * at(j, a)
      return [sum]
    },
    diag: (i: number, j: number) => Array.from({ length: width }, (_, a) => at(i, a) * at(j, a)),
    full: (i: number, j: number) =>
      Array.from({ length: width * width }, (_, ab) => at(i, Math.floor(ab / width)) * at(j, ab % width))
  }[layout]
  const data = Float64Array.from(
    Array.from({ length: n * m }, (_, ij) => outer(Math.floor(ij / m), ij % m)).flat()
  )
  return of(kernel.shape, data)
}

/**
 * The alignment of a kernel Θ(X, X) with the labels, that is with yyᵀ: how far its leading modes are the ones that the
 * task needs (Cristianini et al., "On kernel-target alignment", 2001). Labels are numbers [n], or rows [n, o] such as
 * one-hot ones; of a kernel [n, n] the labels' kernel is y·y′. Refusals as in {@link alignment}.
 *
 * @example
 * import assert from 'node:assert'
 * import * as E from 'fp-ts/lib/Either.js'
 * import { ndarray, ntk } from 'tangentflow'
 *
 * const y = ndarray.fromNested([1, -1])
 * assert.deepEqual(ntk.labelAlignment(ndarray.fromNested([[2, -2], [-2, 2]]), y), E.right(1))
 */
export const labelAlignment = (
  kernel: NdArray,
  y: NdArray,
  { centred = true }: AlignmentOptions = {}
): Either<TangentError, number> =>
  attempt(() => align('ntk.labelAlignment', kernel, labelKernel('ntk.labelAlignment', kernel, y), centred))
