import * as E from 'fp-ts/lib/Either.js'
import { fail, tangentError, type TangentError } from '../core/error.js'
import * as ndarray from '../core/ndarray.js'
import type { NdArray } from '../core/ndarray.js'
import { showShape, sizeOf } from '../core/shape.js'

/** Inputs and their class labels, paired along the first axis. */
export interface Labelled {
  /** [N, ...features] */
  readonly x: NdArray
  /** [N], each a whole number in [0, classes). */
  readonly y: NdArray
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
export const labelled = (x: NdArray, y: NdArray, classes: number): E.Either<TangentError, Labelled> => {
  const refuse = (expected: string, received: string, where: string): E.Either<TangentError, Labelled> =>
    E.left(tangentError('DataError', 'data.labelled', expected, received, where))
  if (x.shape.length === 0) return refuse('inputs with a first axis', showShape(x.shape), 'x')
  if (y.shape.length !== 1 || y.shape[0] !== x.shape[0])
    return refuse(`labels of shape [${x.shape[0]!}]`, showShape(y.shape), 'y')
  const outside = y.data.findIndex((label) => !Number.isInteger(label) || label < 0 || label >= classes)
  return outside < 0
    ? E.right({ x, y, classes })
    : refuse(`a whole number in [0, ${classes})`, String(y.data[outside]), `y[${outside}]`)
}

/** How many pairs there are. */
export const count = (set: Labelled): number => set.y.data.length

const rows = (array: NdArray, indices: ArrayLike<number>): NdArray => {
  const [size, ...inner] = array.shape
  for (let i = 0; i < indices.length; i++) {
    const place = indices[i]!
    if (!(Number.isInteger(place) && place >= 0 && place < size!))
      fail('IndexError', 'data.take', `places of 0 … ${size! - 1}`, `${place}`, `places[${i}]`)
  }
  const span = sizeOf(inner)
  const out = new Float32Array(indices.length * span)
  for (let i = 0; i < indices.length; i++)
    out.set(array.data.subarray(indices[i]! * span, (indices[i]! + 1) * span), i * span)
  return ndarray.of([indices.length, ...inner], out)
}

/** The pairs at the given places, in that order; a place that the set does not have is an IndexError. */
export const take =
  (indices: ArrayLike<number>) =>
  (set: Labelled): Labelled => ({
    x: rows(set.x, indices),
    y: rows(set.y, indices),
    classes: set.classes
  })

/** Two sets by place: where `first` holds, and where it does not. */
export const partition =
  (first: (place: number) => boolean) =>
  (set: Labelled): readonly [Labelled, Labelled] => {
    const places = Array.from({ length: count(set) }, (_, i) => i)
    return [take(places.filter(first))(set), take(places.filter((place) => !first(place)))(set)]
  }
