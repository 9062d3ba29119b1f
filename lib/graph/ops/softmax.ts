import { fail } from '../../core/error.js'
import { normaliseAxis, sameShape, showShape } from '../../core/shape.js'
import type { JvpRule } from '../op.js'
import { type Tensor, withRule } from '../tensor.js'
import { mul, pointwise, where } from './pointwise.js'
import { reduceMax, sum } from './reduce.js'
import { expandDims, iota } from './reshape.js'

const { abs, add, div, equal, exp, less, log, log1p, sub } = pointwise

/** What log Σ exp is made of: exp(shifted) never overflows, and Σ exp(shifted) = 1 + rest for a rest of at least 0. */
interface Shifted {
  /** The largest element over the axis, kept as an axis of size 1. */
  readonly peak: Tensor
  /** x − peak; where the peak is infinite 0 at the elements that reach it and −∞ elsewhere, the limit. */
  readonly shifted: Tensor
  readonly exponentials: Tensor
  /** What the others add to the exponential of the largest, so that log(1 + rest) keeps its digits where that is tiny. */
  readonly rest: Tensor
}

const shift = (axis: number, x: Tensor): Shifted => {
  const peak = expandDims(axis)(reduceMax(axis)(x))
  const reached = equal(peak)(x)
  const shifted = where(less(Infinity)(abs(peak)))(sub(peak)(x), log(reached))
  const exponentials = exp(shifted)
  const more = sub(1)(sum(axis)(reached))
  return { peak, shifted, exponentials, rest: add(more)(sum(axis)(sub(reached)(exponentials))) }
}

/** The tangent of a function of one axis, given the axis, the argument, the result and the argument's tangent. */
type Tangent = (axis: number, x: Tensor, out: Tensor, t: Tensor) => Tensor

/**
 * A function of one axis with a tangent of its own: by sums and products of probabilities, in which nothing divides, and
 * the choice of the largest element does not show.
 */
const smooth =
  (name: string, value: (axis: number, x: Tensor) => Tensor, tangent: Tangent) =>
  (axis = -1) =>
  (x: Tensor): Tensor => {
    const along = normaliseAxis(`ops.${name}`, x.shape.length, axis)
    const jvp: JvpRule['jvp'] = ([of], out, [t]) => tangent(along, of!, out, t!)
    return withRule({ name, jvp }, (of) => value(along, of))(x)
  }

/** Σ p t over an axis, kept as an axis of size 1. */
const expected = (axis: number, p: Tensor, t: Tensor): Tensor => expandDims(axis)(sum(axis)(mul(p)(t)))

/** exp(x) / Σ exp(x) over one axis, the last by default; shared evenly by infinite elements, or by all where all are −∞. */
export const softmax = smooth(
  'softmax',
  (axis, x) => {
    const { exponentials, rest } = shift(axis, x)
    return div(expandDims(axis)(add(1)(rest)))(exponentials)
  },
  (axis, _, p, t) => mul(p)(sub(expected(axis, p, t))(t))
)

/** x − log Σ exp(x) over one axis, the last by default: the logarithm of {@link softmax}. */
export const logSoftmax = smooth(
  'logSoftmax',
  (axis, x) => {
    const { shifted, rest } = shift(axis, x)
    return sub(expandDims(axis)(log1p(rest)))(shifted)
  },
  (axis, _, out, t) => sub(expected(axis, exp(out), t))(t)
)

/**
 * log Σ exp(x) over one axis, the last by default, which is removed. It never overflows; −∞ where every element is −∞, and
 * ∞ where one is ∞.
 *
 * @example
 * import assert from 'node:assert'
 * import { evaluateOn, ndarray, ops } from 'tangentflow'
 *
 * const out = evaluateOn(ops.logSumExp(-1))(ndarray.fromNested([1000, 1000]))
 * assert.ok(Math.abs(ndarray.toNumber(out) - (1000 + Math.log(2))) < 1e-9)
 */
export const logSumExp = smooth(
  'logSumExp',
  (axis, x) => {
    const { peak, rest } = shift(axis, x)
    return add(sum(axis)(peak))(log1p(rest))
  },
  (axis, x, _, t) => sum(axis)(mul(exp(logSoftmax(axis)(x)))(t))
)

/** Whole numbers as rows of 0 and one 1: [...] → [..., classes]. A number outside [0, classes) gives a row of 0. */
export const oneHot =
  (classes: number) =>
  (labels: Tensor): Tensor => {
    const shape = [...labels.shape, classes]
    return equal(iota(shape, shape.length - 1))(expandDims(-1)(labels))
  }

/**
 * One entry of the last axis for each row: [..., n] and indices [...] → [...]; 0 for an index outside [0, n). No other entry
 * shows, infinite or NaN as it may be.
 */
export const gather =
  (indices: Tensor) =>
  (x: Tensor): Tensor => {
    const axis = normaliseAxis('ops.gather', x.shape.length, -1)
    const rows = x.shape.slice(0, -1)
    return sameShape(indices.shape, rows)
      ? sum(axis)(where(oneHot(x.shape[axis]!)(indices))(x, 0))
      : fail('ShapeError', 'ops.gather', `indices of shape ${showShape(rows)}`, showShape(indices.shape))
  }
