import { checkOptions, option, type OptionKinds } from '../../core/options.js'
import { requireWhole } from '../../core/check.js'
import { normaliseAxis } from '../../core/shape.js'
import { indicesOf } from '../contract.js'
import { apply, type Tensor } from '../tensor.js'
import { transpose } from './einsum.js'
import { greaterEqual, isNaN, mul, pointwise, square, where } from './pointwise.js'
import { sum } from './reduce.js'
import { expandDims, iota } from './reshape.js'

const { add, equal, less, min, sub } = pointwise

/** The order of sorted elements. */
export interface SortOptions {
  /** Whether the largest comes first. @defaultValue false */
  readonly descending?: boolean
}

const kinds: OptionKinds<SortOptions> = { descending: option.flag }

/** How many elements of its row go before each: its own place in [0, n), by value and then by place; NaN is the largest. */
const ranks = (x: Tensor, descending: boolean): Tensor => {
  const n = x.shape.at(-1)!
  const [own, other] = [expandDims(-1), expandDims(-2)]
  const before = (values: Tensor): Tensor =>
    descending ? less(other(values))(own(values)) : less(own(values))(other(values))
  const same = (values: Tensor): Tensor => equal(own(values))(other(values))
  const missing = isNaN(x)
  const known = where(missing)(0, x)
  const earlier = less(iota([n, n], 0))(iota([n, n], 1))
  const byValue = add(mul(earlier)(same(known)))(before(known))
  return sum(-1)(add(mul(byValue)(same(missing)))(before(missing)))
}

/** The elements of the first ranks, in order along the last axis. */
const ofRanks = (ranked: Tensor, count: number, x: Tensor): Tensor => {
  const distance = sub(iota([count, x.shape.at(-1)!], 0))(expandDims(-2)(ranked))
  // of whole numbers, compared so that rounding decides nothing
  const reached = less(0.25)(square(distance))
  return sum(-1)(where(reached)(expandDims(-2)(x), 0))
}

/** A function of the last axis along another one. */
const alongLast = (axis: number, x: Tensor, f: (x: Tensor) => Tensor): Tensor => {
  const order = [...indicesOf(x.shape).filter((each) => each !== axis), axis]
  const back = order.map((_, each) => order.indexOf(each))
  return transpose(back)(f(transpose(order)(x)))
}

/**
 * The elements along an axis from the smallest to the largest, NaN last, or the other way round. Every element is compared
 * with every other one: n elements cost n² comparisons and n² numbers of memory, whatever the engine. The derivative goes to
 * the elements that are in each place; equal ones keep their order.
 *
 * @defaultValue `axis` is −1
 *
 * @example
 * import assert from 'node:assert'
 * import { evaluateOn, ndarray, ops } from 'tangentflow'
 *
 * const x = ndarray.fromNested([3, 1, 2])
 * assert.deepEqual(ndarray.toNested(evaluateOn(ops.sort())(x)), [1, 2, 3])
 * assert.deepEqual(ndarray.toNested(evaluateOn(ops.argSort(0, { descending: true }))(x)), [0, 2, 1])
 */
export const sort =
  (axis = -1, options: SortOptions = {}) =>
  (x: Tensor): Tensor => {
    const { descending = false } = checkOptions('ops.sort', kinds, options)
    const along = normaliseAxis('ops.sort', x.shape.length, axis)
    return alongLast(along, x, (rows) => ofRanks(ranks(rows, descending), rows.shape.at(-1)!, rows))
  }

/** Where each element of {@link sort} comes from; of the same cost, with derivative 0. */
export const argSort =
  (axis = -1, options: SortOptions = {}) =>
  (x: Tensor): Tensor => {
    const { descending = false } = checkOptions('ops.argSort', kinds, options)
    const along = normaliseAxis('ops.argSort', x.shape.length, axis)
    return alongLast(along, x, (rows) =>
      ofRanks(ranks(rows, descending), rows.shape.at(-1)!, iota(rows.shape, rows.shape.length - 1))
    )
  }

/** The k largest elements along an axis, and where they are. */
export interface LargestElements {
  readonly values: Tensor
  readonly indices: Tensor
}

/**
 * The k largest elements along an axis, the largest first and NaN before all numbers, and their places; of equal elements the
 * first come first. It costs as much as {@link sort}. Where only which they are matters, {@link topKMask} is cheap.
 *
 * @defaultValue `axis` is −1
 *
 * @example
 * import assert from 'node:assert'
 * import { evaluateOn, ndarray, ops } from 'tangentflow'
 *
 * const { values, indices } = evaluateOn(ops.topK(2))(ndarray.fromNested([[1, 4, 3], [5, 5, 0]]))
 * assert.deepEqual(ndarray.toNested(values), [[4, 3], [5, 5]])
 * assert.deepEqual(ndarray.toNested(indices), [[1, 2], [0, 1]])
 */
export const topK =
  (k: number, axis = -1) =>
  (x: Tensor): LargestElements => {
    const along = normaliseAxis('ops.topK', x.shape.length, axis)
    requireWhole('ops.topK', 'k', k, 1, x.shape[along]!)
    const first = (of: (rows: Tensor) => Tensor): Tensor =>
      alongLast(along, x, (rows) => ofRanks(ranks(rows, true), k, of(rows)))
    return {
      values: first((rows) => rows),
      indices: first((rows) => iota(rows.shape, rows.shape.length - 1))
    }
  }

/** Scores beyond ± this number count as this number, so that engines may halve the distance between two of them. */
const FAR = 2 ** 127

/**
 * Along the last axis, 1 at the k largest elements and 0 elsewhere: exactly k, ties to the smaller index. A NaN counts as
 * −∞, and infinities as ±2¹²⁷.
 */
export const topKMask =
  (k: number) =>
  (scores: Tensor): Tensor =>
    apply({ tag: 'topKMask', k }, [min(FAR)(where(greaterEqual(-FAR)(scores))(scores, -FAR))])
