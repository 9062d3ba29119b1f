import type { Either } from 'fp-ts/lib/Either.js'
import { fail, type TangentError } from '../../core/error.js'
import type { NdArray } from '../../core/ndarray.js'
import { attempt } from '../../graph/trace.js'
import { modesOf } from '../spectrum/matrix-function.js'
import { dynamicsOf } from './prediction.js'

/** The largest stable step for a largest eigenvalue: 2(1 + β)N / λ_max, ∞ where nothing moves. */
export const stableRate = (largest: number, examples: number, momentum: number): number =>
  (2 * (1 + momentum) * examples) / largest

/** Of which training the largest step is wanted. */
export interface RateOptions {
  /** N, the examples that the loss is a mean over; the kernel's unless given. */
  readonly examples?: number
  /** The heavy ball's β, in [0, 1); 0 unless given. */
  readonly momentum?: number
}

/**
 * The step size below which gradient descent on (1/2N)Σ‖f − y‖² converges and above which it diverges, for the linearised
 * model of this kernel: 2(1 + β)N / λ_max (for the heavy ball: Polyak, "Some methods of speeding up the convergence of
 * iteration methods", 1964). The kernel is Θ(X, X) as [n, n], [n, n, o] or [n, n, o, o], positive semi-definite; ∞
 * if it is zero.
 *
 * @example
 * import assert from 'node:assert'
 * import * as E from 'fp-ts/lib/Either.js'
 * import { ndarray, ntk } from 'tangentflow'
 *
 * const kernel = ndarray.fromNested([[4, 0], [0, 1]])
 * assert.deepEqual(ntk.maxLearningRate(kernel), E.right(1))
 * assert.deepEqual(ntk.maxLearningRate(kernel, { momentum: 0.5 }), E.right(1.5))
 */
export const maxLearningRate = (kernel: NdArray, options: RateOptions = {}): Either<TangentError, number> =>
  attempt(() => {
    const { gram, largest } = modesOf('ntk.maxLearningRate', kernel)
    const { examples = gram.examples[0] } = options
    if (!(Number.isInteger(examples) && examples >= 1)) {
      fail('ArgumentError', 'ntk.maxLearningRate', 'a whole number of examples', `${examples}`, 'examples')
    }
    const { momentum } = dynamicsOf('ntk.maxLearningRate', options)
    return stableRate(largest, examples, momentum)
  })
