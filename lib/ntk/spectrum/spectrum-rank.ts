import type { Either } from 'fp-ts/lib/Either.js'
import { fail, type TangentError } from '../../core/error.js'
import type { NdArray } from '../../core/ndarray.js'
import { attempt } from '../../graph/trace.js'
import { modesOf } from './matrix-function.js'

/** How the modes of a kernel are counted, from eigenvalues as parts of their sum. */
export type RankMeasure = 'entropy' | 'participation'

const measures: { readonly [M in RankMeasure]: (parts: readonly number[]) => number } = {
  entropy: (parts) => Math.exp(-parts.reduce((sum, p) => sum + (p === 0 ? 0 : p * Math.log(p)), 0)),
  participation: (parts) => 1 / parts.reduce((sum, p) => sum + p * p, 0)
}

/**
 * The number of modes that a kernel Θ(X, X) really has, from 1 (rank one) to their full number (all eigenvalues
 * equal). `entropy`, the default: e^H of the eigenvalues as parts of their sum (Roy and Vetterli, "The effective
 * rank", 2007); `participation`: (Σλ)² / Σλ², the participation ratio, which small eigenvalues hardly enter.
 * Layouts and refusals as in {@link predictMse}; a kernel that is zero is an ArgumentError.
 *
 * @example
 * import assert from 'node:assert'
 * import * as E from 'fp-ts/lib/Either.js'
 * import { ndarray, ntk } from 'tangentflow'
 *
 * const kernel = ndarray.fromNested([[3, 0], [0, 1]])
 * assert.deepEqual(ntk.effectiveRank(kernel, 'participation'), E.right(1.6)) // 16 / 10
 */
export const effectiveRank = (
  kernel: NdArray,
  measure: RankMeasure = 'entropy'
): Either<TangentError, number> =>
  attempt(() => {
    const { eigens, largest } = modesOf('ntk.effectiveRank', kernel)
    if (largest === 0)
      fail('ArgumentError', 'ntk.effectiveRank', 'a kernel that is not zero', 'zeros', 'kernel')
    const values = eigens.flatMap((eigen) => Array.from(eigen.values, (value) => Math.max(0, value)))
    const sum = values.reduce((total, value) => total + value, 0)
    return measures[measure](values.map((value) => value / sum))
  })
