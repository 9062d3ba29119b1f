import * as E from 'fp-ts/lib/Either.js'
import { tangentError, type TangentError } from '../core/error.js'
import { type HostKey, permutation } from '../core/key.js'
import { of } from '../core/ndarray.js'
import { type Shape, showShape, sizeOf } from '../core/shape.js'
import { count, type Labelled, take } from './labelled.js'

/** How many pairs of each class there are. */
export const classCounts = (set: Labelled): readonly number[] => {
  const counts = new Array<number>(set.classes).fill(0)
  for (const label of set.y.data) counts[label]!++
  return counts
}

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
 * The same inputs under another shape of one example, [1, 28, 28] say for the flat rows of MNIST; nothing is copied.
 * Another number of features is a DataError.
 */
export const shaped =
  (shape: Shape) =>
  (set: Labelled): E.Either<TangentError, Labelled> => {
    const features = set.x.shape.slice(1)
    return sizeOf(shape) === sizeOf(features)
      ? E.right({ ...set, x: of([count(set), ...shape], set.x.data) })
      : E.left(
          tangentError(
            'DataError',
            'data.shaped',
            `a shape of ${sizeOf(features)} features`,
            showShape(shape)
          )
        )
  }
