import type { Either } from 'fp-ts/lib/Either.js'
import { fail, type TangentError } from '../../core/error.js'
import type { NdArray } from '../../core/ndarray.js'
import { sameShape, showShape } from '../../core/shape.js'
import { attempt } from '../../graph/trace.js'
import { finite } from './gram.js'

const OPERATION = 'ntk.drift'

/**
 * How far kernels have moved from the first of them, ‖Θ_t − Θ_0‖ / ‖Θ_0‖ in the Frobenius norm, one number for each: along
 * a training run it says how lazy the training was (Chizat, Oyallon, Bach, arXiv:1812.07956). The first is 0. Any layout,
 * and mixed kernels too, as long as all have one shape. Kernels of other shapes are a ShapeError, none at all or a first
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
export const drift = (kernels: readonly NdArray[]): Either<TangentError, readonly number[]> =>
  attempt(() => {
    const [first] = kernels
    if (first === undefined) return fail('ArgumentError', OPERATION, 'at least one kernel', 'none', 'kernels')
    const start = finite(OPERATION, first, 'kernels[0]')
    const size = start.reduce((sum, x) => sum + x * x, 0)
    if (size === 0) fail('ArgumentError', OPERATION, 'a kernel that is not zero', 'zeros', 'kernels[0]')
    return kernels.map((kernel, k) => {
      const where = `kernels[${k}]`
      if (!sameShape(kernel.shape, first.shape)) {
        fail('ShapeError', OPERATION, `kernels ${showShape(first.shape)}`, showShape(kernel.shape), where)
      }
      const moved = finite(OPERATION, kernel, where).reduce((sum, x, i) => sum + (x - start[i]!) ** 2, 0)
      return Math.sqrt(moved / size)
    })
  })
