import type { Either } from 'fp-ts/lib/Either.js'
import type { TangentError } from '../../core/error.js'
import { type NdArray, of } from '../../core/ndarray.js'
import { attempt } from '../../graph/trace.js'
import { eigenSymmetric } from './eigen.js'
import { columnsOf, symmetricGramOf } from './gram.js'

/** The eigenvalues of a kernel and what they belong to. */
export interface Spectrum {
  /** From the largest down; negative ones, which a kernel has by rounding only, included. */
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
 * a mode is learnt in a time N/(ηλ). Refused: a kernel that is not square (ShapeError), not finite (DataError) or not
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
export const spectrum = (kernel: NdArray): Either<TangentError, Spectrum> =>
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
