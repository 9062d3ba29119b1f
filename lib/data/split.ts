import * as E from 'fp-ts/lib/Either.js'
import { tangentError, type TangentError } from '../core/error.js'
import { derive, type HostKey, permutation } from '../core/key.js'
import { count, type Labelled, take } from './labelled.js'

/**
 * Holds pairs out of a training set, chosen by the key: `held` for validation, `rest` to train on, both in the order of the
 * set. Anything but a whole number of pairs that leaves some on both sides is a DataError.
 *
 * @example
 * import assert from 'node:assert'
 * import * as E from 'fp-ts/lib/Either.js'
 * import { data, key } from 'tangentflow'
 *
 * const parts = data.split(397)(key(0))(data.digitsSplit().train)
 * assert.ok(E.isRight(parts))
 * assert.deepEqual([data.count(parts.right.rest), data.count(parts.right.held)], [1000, 397])
 */
export const split =
  (size: number) =>
  (key: HostKey) =>
  (set: Labelled): E.Either<TangentError, { readonly rest: Labelled; readonly held: Labelled }> => {
    const total = count(set)
    if (!(Number.isInteger(size) && size >= 1 && size < total))
      return E.left(
        tangentError('DataError', 'data.split', `a whole number of pairs in [1, ${total})`, `${size}`)
      )
    const order = permutation(key, total)
    return E.right({
      held: take(order.slice(0, size).sort())(set),
      rest: take(order.slice(size).sort())(set)
    })
  }

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
