import { checkOptions, option, type OptionKinds } from '../../core/options.js'
import type { Either } from 'fp-ts/lib/Either.js'
import { entry } from '../../core/entry.js'
import { fail, type TangentError } from '../../core/error.js'
import { type NdArray, of, toNumber } from '../../core/ndarray.js'
import { requireShape, showShape } from '../../core/shape.js'
import { unitBelow } from '../../core/unit-below.js'
import { evaluateOn } from '../../graph/evaluate.js'
import { ops } from '../../graph/ops/index.js'
import type { Tensor } from '../../graph/tensor.js'
import { attempt } from '../../graph/trace.js'
import { globalNorm } from '../../nn/global-norm.js'
import { finite, gramOf, peakOf } from './gram.js'

/** A size that is at least 0 in units of another: 0 where both are 0. */
export const inUnitsOf =
  (unit: Tensor) =>
  (size: Tensor): Tensor =>
    ops.div(ops.where(ops.equal(0)(ops.max(unit)(size)))(1, unit))(size)

/**
 * ‖a − b‖ / ‖b‖ over all elements (Frobenius, for kernels): how far a kernel (or an output) is from the one it should
 * match. 0 where they are equal, and so is its derivative there; 1 for a = 0.
 *
 * @example
 * import assert from 'node:assert'
 * import { evaluateOn, ndarray, ntk, type Tensor } from 'tangentflow'
 *
 * const far = evaluateOn((a: Tensor, b: Tensor) => ntk.relativeDistance(b)(a))
 * assert.equal(ndarray.toNumber(far(ndarray.fromNested([3, 1.5]), ndarray.fromNested([3, 4]))), 0.5)
 */
export const relativeDistance =
  (b: Tensor) =>
  (a: Tensor): Tensor =>
    inUnitsOf(globalNorm(b))(globalNorm(ops.sub(b)(a)))

/**
 * ⟨a, b⟩ / (‖a‖ ‖b‖) over all elements: the uncentred alignment of two kernels (Cristianini, Shawe-Taylor, Elisseeff,
 * Kandola, "On kernel-target alignment", eq. 1). 1 where one is a positive multiple of the other.
 *
 * @example
 * import assert from 'node:assert'
 * import { evaluateOn, ndarray, ntk, type Tensor } from 'tangentflow'
 *
 * const cosine = evaluateOn((a: Tensor, b: Tensor) => ntk.cosineSimilarity(b)(a))
 * assert.equal(ndarray.toNumber(cosine(ndarray.fromNested([3, 4]), ndarray.fromNested([6, 8]))), 1)
 */
export const cosineSimilarity =
  (b: Tensor) =>
  (a: Tensor): Tensor => {
    const unit = (x: Tensor): Tensor => ops.div(globalNorm(x))(x)
    return ops.dot(unit(b))(unit(a))
  }

/**
 * How far kernels have moved from the first of them, ‖Θ_t − Θ_0‖ / ‖Θ_0‖ in the Frobenius norm, one number for each: along
 * a training run it says how lazy the training was (Chizat, Oyallon, Bach, arXiv:1812.07956). The first is 0. Any layout,
 * and mixed kernels too, as long as all have one shape. Kernels of other shapes are a ShapeError, an empty list or a first
 * kernel of zeros an ArgumentError, a NaN or infinity a DataError.
 *
 * @example
 * import assert from 'node:assert'
 * import * as E from 'fp-ts/lib/Either.js'
 * import { ndarray, ntk } from 'tangentflow'
 *
 * const [start, later] = [ndarray.fromNested([[3, 0], [0, 4]]), ndarray.fromNested([[3, 0], [0, 5]])]
 * assert.deepEqual(ntk.drift([start, later]), E.right([0, 0.2]))
 */
export const drift = entry(
  'ntk.drift',
  'Either',
  1,
  (kernels: readonly NdArray[]): Either<TangentError, readonly number[]> =>
    attempt(() => {
      const operation = 'ntk.drift'
      const [first] = kernels
      if (first === undefined)
        return fail('ArgumentError', operation, 'at least one kernel', 'none', 'kernels')
      const elements = kernels.map((kernel, k) => {
        requireShape(operation, `kernels[${k}]`, kernel.shape, first.shape, 'kernels')
        return finite(operation, kernel, `kernels[${k}]`)
      })
      const peak = peakOf(elements[0]!)
      if (peak === 0) fail('ArgumentError', operation, 'a kernel that is not zero', 'zeros', 'kernels[0]')
      // divided by the largest, so that no square overflows or underflows
      const scaled = elements.map((kernel) => kernel.map((x) => x / peak))
      return scaled.map((moved) => measure(relativeDistance, moved, scaled[0]!))
    })
)

/** A measure of two lists of numbers. */
const measure = (f: (b: Tensor) => (a: Tensor) => Tensor, a: Float64Array, b: Float64Array): number =>
  toNumber(evaluateOn((x: Tensor, y: Tensor) => f(y)(x))(of([a.length], a), of([b.length], b)))

/** How kernels are compared. */
export interface AlignmentOptions {
  /**
   * Whether the mean over the examples is subtracted from every feature first.
   *
   * @defaultValue true
   */
  readonly centred?: boolean
}

const isCentred = (operation: string, options: AlignmentOptions): boolean => {
  const kinds: OptionKinds<AlignmentOptions> = { centred: option.flag }
  checkOptions(operation, kinds, options)
  return options.centred ?? true
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

const align = (operation: string, a: NdArray, b: NdArray, centred: boolean): number => {
  requireShape(operation, undefined, b.shape, a.shape, 'kernels of one shape,')
  const [left, right] = [a, b].map((kernel, k) => {
    const where = k === 0 ? 'kernel' : 'other'
    const [n, m] = gramOf(operation, kernel, where).examples
    const elements = finite(operation, kernel, where)
    const compared = centred ? centre(elements, n, m) : elements
    const peak = peakOf(compared)
    // what centring leaves of a constant kernel is rounding
    if (!(peak > (centred ? 2 ** -48 * peakOf(elements) : 0)))
      fail('ArgumentError', operation, 'a kernel that differs between examples', 'a constant or zeros', where)
    // divided by the largest, so that no square overflows or underflows
    return compared.map((x) => x / peak)
  })
  return Math.min(1, Math.max(-1, measure(cosineSimilarity, left!, right!)))
}

/**
 * The alignment ⟨K, L⟩ / (‖K‖ ‖L‖) of two kernels between the same examples, in [−1, 1], for positive semi-definite ones in [0, 1];
 * centred by default (Cortes, Mohri, Rostamizadeh, arXiv:1203.0550, def. 4; the same as linear CKA of
 * Kornblith et al., arXiv:1905.00414). It does not change with scale nor, if centred, with a constant added to a kernel. Kernels are [n, m],
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
export const alignment = entry(
  'ntk.alignment',
  'Either',
  1,
  (kernel: NdArray, other: NdArray, options: AlignmentOptions = {}): Either<TangentError, number> =>
    attempt(() => align('ntk.alignment', kernel, other, isCentred('ntk.alignment', options)))
)

/** yyᵀ in each layout of a kernel. */
const outer = { mean: 'na,ma->nm', diag: 'na,ma->nma', full: 'na,mb->nmab' } as const

/** yyᵀ in the layout of a kernel. */
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
  const given = finite(operation, y, 'y')
  const unit = unitBelow(given.reduce((most, v) => Math.max(most, Math.abs(v)), 0))
  const labels = of(
    [n, width],
    given.map((v) => v / unit)
  )
  return evaluateOn((l: Tensor) => ops.einsum(outer[layout])(l, l))(labels)
}

/**
 * The alignment of a kernel Θ(X, X) with the labels, that is with yyᵀ: how well its leading modes
 * match the task (Cristianini et al., "On kernel-target alignment", 2001). Labels are numbers [n], or rows [n, o] such as
 * one-hot ones; of a kernel [n, n] the labels' kernel is y·y′. Errors as in {@link alignment}.
 *
 * @example
 * import assert from 'node:assert'
 * import * as E from 'fp-ts/lib/Either.js'
 * import { ndarray, ntk } from 'tangentflow'
 *
 * const y = ndarray.fromNested([1, -1])
 * assert.deepEqual(ntk.labelAlignment(ndarray.fromNested([[2, -2], [-2, 2]]), y), E.right(1))
 */
export const labelAlignment = entry(
  'ntk.labelAlignment',
  'Either',
  1,
  (kernel: NdArray, y: NdArray, options: AlignmentOptions = {}): Either<TangentError, number> =>
    attempt(() => {
      const operation = 'ntk.labelAlignment'
      return align(operation, kernel, labelKernel(operation, kernel, y), isCentred(operation, options))
    })
)
