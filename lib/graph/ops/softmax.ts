import { fail } from '../../core/error.js'
import { checkOptions, option, type OptionKinds } from '../../core/options.js'
import { normaliseAxis, sameShape, showShape } from '../../core/shape.js'
import type { JvpRule } from '../op.js'
import { type Tensor, withRule } from '../tensor.js'
import { mul, pointwise, where } from './pointwise.js'
import { reduceMax, type ReduceOptions, sum } from './reduce.js'
import { expandDims, iota } from './reshape.js'

const { add, div, equal, exp, log1p, sub } = pointwise

const kinds: OptionKinds<ReduceOptions> = { keepDims: option.flag }

/** What log Σ exp is made of. */
interface Shifted {
  /** The largest element over the axis, kept as an axis of size 1. */
  readonly peak: Tensor
  /** 1 at the elements that are the largest. */
  readonly reached: Tensor
  /** 0 at those and x − peak elsewhere, which is the limit at infinite peaks too; its exponential never overflows. */
  readonly shifted: Tensor
  readonly exponentials: Tensor
}

const shift = (axis: number, x: Tensor): Shifted => {
  const peak = expandDims(axis)(reduceMax(axis)(x))
  const reached = equal(peak)(x)
  const shifted = where(reached)(0, sub(peak)(x))
  return { peak, reached, shifted, exponentials: exp(shifted) }
}

/** log Σ exp(shifted), of which one largest element gives the 1 of log1p: the sum of the others keeps its digits where it is tiny. */
const logOfSum = (axis: number, { reached, exponentials }: Shifted): Tensor =>
  log1p(add(sub(1)(sum(axis)(reached)))(sum(axis)(sub(reached)(exponentials))))

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
    const { exponentials } = shift(axis, x)
    return div(expandDims(axis)(sum(axis)(exponentials)))(exponentials)
  },
  (axis, _, p, t) => mul(p)(sub(expected(axis, p, t))(t))
)

/** x − log Σ exp(x) over one axis, the last by default: the logarithm of {@link softmax}. */
export const logSoftmax = smooth(
  'logSoftmax',
  (axis, x) => {
    const parts = shift(axis, x)
    return sub(expandDims(axis)(logOfSum(axis, parts)))(parts.shifted)
  },
  (axis, x, _, t) => sub(expected(axis, softmax(axis)(x), t))(t)
)

const logOfSumExp = smooth(
  'logSumExp',
  (axis, x) => {
    const parts = shift(axis, x)
    return add(sum(axis)(parts.peak))(logOfSum(axis, parts))
  },
  (axis, x, _, t) => sum(axis)(mul(softmax(axis)(x))(t))
)

/**
 * log Σ exp(x) over one axis, the last by default, which is removed. It never overflows; −∞ where every element is −∞, and
 * ∞ where one is ∞. With `keepDims` the axis stays, with size 1.
 *
 * @example
 * import assert from 'node:assert'
 * import { evaluateOn, ndarray, ops } from 'tangentflow'
 *
 * const out = evaluateOn(ops.logSumExp(-1))(ndarray.fromNested([1000, 1000]))
 * assert.ok(Math.abs(ndarray.toNumber(out) - (1000 + Math.log(2))) < 1e-9)
 */
export const logSumExp = (axis = -1, options: ReduceOptions = {}): ((x: Tensor) => Tensor) => {
  const { keepDims = false } = checkOptions('ops.logSumExp', kinds, options)
  const reduced = logOfSumExp(axis)
  return keepDims ? (x) => expandDims(axis)(reduced(x)) : reduced
}

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
