import { plain } from '../core/plain.js'
import * as E from 'fp-ts/lib/Either.js'
import { invalidLabelAt, requireWhole } from '../core/check.js'
import { entry } from '../core/entry.js'
import { fail, leftWith, showValue, tangentError, type TangentError } from '../core/error.js'
import { derive, type HostKey, permutation } from '../core/key.js'
import * as ndarray from '../core/ndarray.js'
import type { NdArray } from '../core/ndarray.js'
import { type Shape, showShape, sizeOf } from '../core/shape.js'
import { unitBelow } from '../core/unit-below.js'

/** Inputs and their class labels, paired along the first axis. */
export interface Labelled {
  /** [N, ...features] */
  readonly x: NdArray
  /** [N], each a whole number in [0, classes). */
  readonly y: NdArray
  /** How many classes there are; labels are 0 … classes − 1. */
  readonly classes: number
}

/**
 * Pairs inputs with labels. A label that is not a whole number in [0, classes), or another number of labels than of
 * inputs, is a DataError naming its place.
 *
 * @example
 * import assert from 'node:assert'
 * import * as E from 'fp-ts/lib/Either.js'
 * import { data, ndarray } from 'tangentflow'
 *
 * const x = ndarray.of([2, 1], [0.5, 0.25])
 * assert.ok(E.isRight(data.labelled(x, ndarray.of([2], [0, 1]), 2)))
 * const wrong = data.labelled(x, ndarray.of([2], [0, 2]), 2)
 * assert.ok(E.isLeft(wrong) && wrong.left._tag === 'DataError' && wrong.left.where === 'y[1]')
 */
export const labelled = entry(
  'data.labelled',
  'Either',
  1,
  (x: NdArray, y: NdArray, classes: number): E.Either<TangentError, Labelled> => {
    const refuse = leftWith('DataError', 'data.labelled')
    requireWhole('data.labelled', 'classes', classes, 1)
    if (x.shape.length === 0) return refuse('inputs with a first axis', showShape(x.shape), 'x')
    if (y.shape.length !== 1 || y.shape[0] !== x.shape[0])
      return refuse(`labels of shape [${x.shape[0]!}]`, showShape(y.shape), 'y')
    const outside = invalidLabelAt(y.data, classes)
    return outside < 0
      ? E.right({ x, y, classes })
      : refuse(`a whole number in [0, ${classes})`, String(y.data[outside]), `y[${outside}]`)
  }
)

/** How many pairs there are. */
export const count = plain('data.count', (set: Labelled): number => set.y.data.length)

/** How many pairs of each class there are; a label that is no class is a DataError. */
export const classCounts = plain('data.classCounts', (set: Labelled): readonly number[] => {
  const [operation, { y, classes }] = ['data.classCounts', set]
  const invalid = invalidLabelAt(y.data, requireWhole(operation, 'classes', classes, 1))
  if (invalid >= 0)
    fail(
      'DataError',
      operation,
      `a whole number in [0, ${classes})`,
      String(y.data[invalid]),
      `y[${invalid}]`
    )
  const counts = new Array<number>(classes).fill(0)
  for (const label of y.data) counts[label]!++
  return counts
})

/**
 * The mean and the deviation (over N) of all elements of all inputs, for `nn.standardise`. Inputs that are all the same have
 * a deviation of 0.
 *
 * @example
 * import assert from 'node:assert'
 * import * as E from 'fp-ts/lib/Either.js'
 * import { data, ndarray } from 'tangentflow'
 *
 * const set = data.labelled(ndarray.of([2, 2], [0, 0, 1, 1]), ndarray.of([2], [0, 1]), 2)
 * assert.ok(E.isRight(set))
 * assert.deepEqual(data.moments(set.right), { mean: 0.5, deviation: 0.5 })
 */
export const moments = plain(
  'data.moments',
  ({
    x
  }: Labelled): {
    /** The mean over all elements. */
    readonly mean: number
    /** Their standard deviation. */
    readonly deviation: number
  } => {
    let [largest, sum, squares] = [0, 0, 0]
    for (const v of x.data) if (Math.abs(v) > largest) largest = Math.abs(v)
    // in units of a power of two, which rounds nothing, squares neither overflow nor vanish
    const unit = unitBelow(largest)
    for (const v of x.data) sum += v / unit
    // what rounding leaves of equal numbers is no deviation
    const mean = x.data.every((v) => v === x.data[0]) ? x.data[0]! / unit : sum / x.data.length
    for (const v of x.data) squares += (v / unit - mean) ** 2
    return { mean: mean * unit, deviation: Math.sqrt(squares / x.data.length) * unit }
  }
)

const taken = (operation: string, places: ArrayLike<number>, set: Labelled): Labelled => ({
  x: ndarray.takeRows(operation, set.x, places),
  y: ndarray.takeRows(operation, set.y, places),
  classes: set.classes
})

/** Places as an array; something that says it is longer than any list is refused before one is made. */
const listOf = (operation: string, places: ArrayLike<number> | Iterable<number>): readonly number[] => {
  if (typeof places === 'object' && 'length' in places)
    requireWhole(operation, 'the number of places', places.length)
  return Array.from(places)
}

/** The pairs at the given places, in that order; no place, and one that the set does not have, are an IndexError. */
export const take = plain(
  'data.take',
  (places: ArrayLike<number> | Iterable<number>) =>
    (set: Labelled): Labelled =>
      typeof places === 'number'
        ? fail(
            'ArgumentError',
            'data.take',
            'places; the first n pairs are data.slice(0, n)',
            showValue(places)
          )
        : taken('data.take', listOf('data.take', places), set)
)

/**
 * The pairs from one place up to but not including another, as `slice` of an array counts them: `data.slice(0, 100)` are the
 * first 100. A place below 0 counts from the end. No pair at all is an IndexError.
 *
 * @defaultValue `from` is 0, `to` the number of pairs
 *
 * @example
 * import assert from 'node:assert'
 * import { data } from 'tangentflow'
 *
 * const { train } = data.digitsSplit()
 * assert.equal(data.count(data.slice(0, 100)(train)), 100)
 * assert.deepEqual(data.slice(-2)(train), data.take([1395, 1396])(train))
 */
export const slice = plain('data.slice', (from = 0, to?: number) => (set: Labelled): Labelled => {
  const operation = 'data.slice'
  for (const [name, place] of Object.entries({ from, to }))
    if (place !== undefined && !Number.isInteger(place))
      fail('ArgumentError', operation, 'a whole number', showValue(place), name)
  return taken(operation, Array.from({ length: count(set) }, (_, i) => i).slice(from, to), set)
})

/** Two sets by place: where `first` holds, and where it does not. */
export const partition = plain(
  'data.partition',
  (first: (place: number) => boolean) =>
    (set: Labelled): readonly [Labelled, Labelled] => {
      const places = Array.from({ length: count(set) }, (_, i) => i)
      const where = (isIn: (place: number) => boolean): Labelled =>
        taken('data.partition', places.filter(isIn), set)
      return [where(first), where((place) => !first(place))]
    }
)

/**
 * The same inputs under another shape of one example, [1, 28, 28] say for the flat rows of MNIST; nothing is copied.
 * Another number of features is a DataError.
 */
export const shaped = entry(
  'data.shaped',
  'Either',
  2,
  (shape: Shape) =>
    (set: Labelled): E.Either<TangentError, Labelled> => {
      const features = set.x.shape.slice(1)
      return sizeOf(shape) === sizeOf(features)
        ? E.right({ ...set, x: ndarray.of([count(set), ...shape], set.x.data) })
        : E.left(
            tangentError(
              'DataError',
              'data.shaped',
              `a shape of ${sizeOf(features)} features`,
              showShape(shape)
            )
          )
    }
)

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
export const split = entry(
  'data.split',
  'Either',
  3,
  (size: number) =>
    (key: HostKey) =>
    (
      set: Labelled
    ): E.Either<
      TangentError,
      {
        /** The examples that were not drawn. */
        readonly rest: Labelled
        /** The examples that were drawn, to be held out. */
        readonly held: Labelled
      }
    > => {
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
)

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
export const batches = entry(
  'data.batches',
  'Either',
  3,
  (size: number) =>
    (total: number) =>
    (source: HostKey, epoch: number): E.Either<TangentError, readonly Int32Array[]> => {
      if (!Number.isInteger(size) || size < 1 || size > total)
        return E.left(
          tangentError('DataError', 'data.batches', `a whole batch size in [1, ${total}]`, String(size))
        )
      const index = requireWhole('data.batches', 'epoch', epoch, 0, 2 ** 32 - 1)
      const order = permutation(derive(source, { kind: 'fold', index }), total)
      return E.right(
        Array.from({ length: Math.floor(total / size) }, (_, i) => order.subarray(i * size, (i + 1) * size))
      )
    }
)
