import { checkOptions, option, type OptionKinds } from '../../core/options.js'
import { type Axes, normaliseAxes, normaliseAxis, sizeOf } from '../../core/shape.js'
import { contract, indicesOf, sumOver } from '../contract.js'
import { apply, type Tensor } from '../tensor.js'
import { isNaN, pointwise, where } from './pointwise.js'
import { concat, iota, reshape, sliceAxis } from './reshape.js'

const { add, div, equal, less, neg, sub } = pointwise

/** What becomes of the axes that are reduced. */
export interface ReduceOptions {
  /** Whether they stay, with size 1, so that the result broadcasts against the argument. @defaultValue false */
  readonly keepDims?: boolean
}

const kinds: OptionKinds<ReduceOptions> = { keepDims: option.flag }

type Reduction = (axes?: Axes, options?: ReduceOptions) => (x: Tensor) => Tensor

/** A reduction by the axes that it removes. */
const reduction =
  (name: string, reduce: (x: Tensor, axes: readonly number[]) => Tensor): Reduction =>
  (axes, options = {}) =>
  (x) => {
    const { keepDims = false } = checkOptions(`ops.${name}`, kinds, options)
    const rank = x.shape.length
    const named = normaliseAxes(`ops.${name}`, rank, axes)
    const out = named.length === 0 ? x : reduce(x, named)
    if (!keepDims || named.length === 0) return out
    const rest = indicesOf(x.shape).filter((axis) => !named.includes(axis))
    const sizes = x.shape.map((n, axis) => (named.includes(axis) ? 1 : n))
    return contract([out], [rest], indicesOf(x.shape), sizes)
  }

/** The sum over the axes (all by default), which are removed. An empty list of axes leaves x as it is, here and below. */
export const sum = reduction('sum', sumOver)

/**
 * The mean over the axes (all by default), which are removed.
 *
 * @example
 * import assert from 'node:assert'
 * import { evaluateOn, ndarray, ops, type Tensor } from 'tangentflow'
 *
 * const centred = (x: Tensor) => ops.sub(ops.mean(-1, { keepDims: true })(x))(x)
 * assert.deepEqual(ndarray.toNested(evaluateOn(centred)(ndarray.fromNested([[1, 3], [5, 9]]))), [[-1, 1], [-2, 2]])
 */
export const mean = reduction('mean', (x, axes) =>
  div(sizeOf(axes.map((axis) => x.shape[axis]!)))(sumOver(x, axes))
)

/** The largest element over the axes (all by default), which are removed; the derivative is split over ties. */
export const reduceMax = reduction('reduceMax', (x, axes) =>
  apply({ tag: 'reduceMax', axes: axes.toSorted((a, b) => a - b) }, [x])
)

/** The smallest element over the axes (all by default), which are removed; the derivative is split over ties. */
export const reduceMin = reduction('reduceMin', (x, axes) => neg(reduceMax(axes)(neg(x))))

type Place = (axis?: number, options?: ReduceOptions) => (x: Tensor) => Tensor

/** The first place of the largest element of what is made of x. */
const placeOf =
  (name: string, signed: (x: Tensor) => Tensor): Place =>
  (axis, options = {}) =>
  (x) => {
    const { keepDims = false } = checkOptions(`ops.${name}`, kinds, options)
    if (axis === undefined) {
      const place = placeOf(name, signed)(0)(reshape([sizeOf(x.shape)])(x))
      return keepDims ? reshape(x.shape.map(() => 1))(place) : place
    }
    const along = normaliseAxis(`ops.${name}`, x.shape.length, axis)
    const n = x.shape[along]!
    const values = signed(x)
    const missing = isNaN(values)
    const peak = reduceMax(along, { keepDims: true })(where(missing)(-Infinity, values))
    // those of NaN are below 0, so that any comes before the numbers
    const place = iota(x.shape, along)
    const reached = where(equal(peak)(values))(place, n)
    const first = reduceMin(along, { keepDims })(where(missing)(sub(n)(place), reached))
    return where(less(-0.5)(first))(add(n)(first), first)
  }

/**
 * The place of the largest element along an axis, or in all of x in row-major order where none is given: the first of equal
 * ones, and the first NaN if there is one, as in NumPy. Its derivative is 0.
 *
 * @example
 * import assert from 'node:assert'
 * import { evaluateOn, ndarray, ops } from 'tangentflow'
 *
 * const logits = ndarray.fromNested([[1, 3, 3], [2, 0, 1]])
 * assert.deepEqual(ndarray.toNested(evaluateOn(ops.argMax(-1))(logits)), [1, 0])
 * assert.equal(ndarray.toNumber(evaluateOn(ops.argMin())(logits)), 4)
 */
export const argMax = placeOf('argMax', (x) => x)

/** The place of the smallest element, as {@link argMax}. */
export const argMin = placeOf('argMin', neg)

/**
 * Running sums along an axis: y_i = x_0 + … + x_i. Each of log₂ n steps adds what lies 1, 2, 4 … places before, so that it
 * costs n log₂ n additions and rounds like a tree of sums. What comes later is never seen, infinite or NaN as it may be.
 *
 * @defaultValue `axis` is −1
 *
 * @example
 * import assert from 'node:assert'
 * import { evaluateOn, ndarray, ops } from 'tangentflow'
 *
 * assert.deepEqual(ndarray.toNested(evaluateOn(ops.cumsum())(ndarray.fromNested([1, 2, 3, 4]))), [1, 3, 6, 10])
 */
export const cumsum =
  (axis = -1) =>
  (x: Tensor): Tensor => {
    const along = normaliseAxis('ops.cumsum', x.shape.length, axis)
    const n = x.shape[along]!
    let sums = x
    for (let step = 1; step < n; step *= 2) {
      const part = (from: number, to: number): Tensor => sliceAxis(along, from, to)(sums)
      sums = concat(along)([part(0, step), add(part(0, n - step))(part(step, n))])
    }
    return sums
  }
