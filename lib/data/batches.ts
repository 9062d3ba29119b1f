import * as E from 'fp-ts/lib/Either.js'
import { tangentError, type TangentError } from '../core/error.js'
import { derive, type HostKey, permutation } from '../core/key.js'

/**
 * The places of one pass over `total` pairs in batches of `size`, shuffled by the key. A program has fixed shapes, so the
 * pairs left over after the last full batch are left out; another epoch, another shuffle, leaves out others. A size that
 * is not a whole number in [1, total] is a DataError.
 *
 * @example
 * import assert from 'node:assert'
 * import * as E from 'fp-ts/lib/Either.js'
 * import { data, key } from 'tangentflow'
 *
 * const epoch = data.batches(4)(10)(key(1), 0)
 * assert.ok(E.isRight(epoch))
 * assert.deepEqual(epoch.right.map((places) => places.length), [4, 4])
 */
export const batches =
  (size: number) =>
  (total: number) =>
  (source: HostKey, epoch: number): E.Either<TangentError, readonly Int32Array[]> => {
    if (!Number.isInteger(size) || size < 1 || size > total)
      return E.left(
        tangentError('DataError', 'data.batches', `a whole batch size in [1, ${total}]`, String(size))
      )
    const order = permutation(derive(source, { kind: 'fold', index: epoch }), total)
    return E.right(
      Array.from({ length: Math.floor(total / size) }, (_, i) => order.subarray(i * size, (i + 1) * size))
    )
  }
