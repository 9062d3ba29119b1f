import { ops } from '../graph/ops/index.js'
import { isTensor, type TensorLike, type Tensor } from '../graph/tensor.js'
import { sizeOf } from '../core/shape.js'

/** A vector [n] as [n, 1, …], to go with a batch of the given rank. */
export const alongBatch =
  (rank: number) =>
  (v: Tensor): Tensor =>
    ops.reshape([v.shape[0]!, ...new Array<number>(rank - 1).fill(1)])(v)

/** Each sample as one row: [n, …] → [n, size]. */
export const flat = (x: Tensor): Tensor => ops.reshape([x.shape[0]!, sizeOf(x.shape.slice(1))])(x)

/** The sum of each sample's elements, [n]. */
export const sumEach = (x: Tensor): Tensor => ops.sum(-1)(flat(x))

/** The largest of each sample's elements, [n]. */
export const maxEach = (x: Tensor): Tensor => ops.reduceMax(-1)(flat(x))

/** A value chosen for each sample: `chooseEach(condition)(a, b)` with a condition [n]. */
export const chooseEach =
  (condition: Tensor) =>
  (a: Tensor, b: Tensor): Tensor =>
    ops.where(alongBatch(a.shape.length)(condition))(a, b)

/** A number or tensor times a number. */
export const times = (factor: number, operand: TensorLike): TensorLike =>
  isTensor(operand) ? ops.scale(factor)(operand) : factor * operand

/** 1 where a condition does not hold. */
export const not = (condition: Tensor): Tensor => ops.equal(0)(condition)

/** 1 where both conditions hold. */
export const both = (a: Tensor, b: Tensor): Tensor => ops.min(b)(a)

/** 1 where one of the conditions holds. */
export const either = (a: Tensor, b: Tensor): Tensor => ops.max(b)(a)

/** A divisor in place of 0: below every number that matters, and with a finite reciprocal in float32. */
export const TINY = 1e-30

/**
 * Each sample divided by its largest magnitude, and that magnitude, [n, 1, …]: squares and sums of the quotient neither
 * overflow nor vanish in float32. A sample of zeros stays as it is, with magnitude 0.
 */
const unitPeak = (x: Tensor): readonly [Tensor, Tensor] => {
  const peak = alongBatch(x.shape.length)(maxEach(ops.abs(x)))
  return [ops.div(ops.where(ops.greater(0)(peak))(peak, 1))(x), peak]
}

/** ‖x‖₂ of each sample, [n, 1, …]. */
export const norm2 = (x: Tensor): Tensor => {
  const [scaled, peak] = unitPeak(x)
  return ops.mul(alongBatch(x.shape.length)(ops.sqrt(sumEach(ops.square(scaled)))))(peak)
}

/** x / ‖x‖ of each sample, in L1 or L2; zeros stay zeros. */
export const unit =
  (order: 1 | 2) =>
  (x: Tensor): Tensor => {
    const [scaled] = unitPeak(x)
    const size = order === 1 ? sumEach(ops.abs(scaled)) : ops.sqrt(sumEach(ops.square(scaled)))
    return ops.div(alongBatch(x.shape.length)(ops.max(1)(size)))(scaled)
  }

/**
 * Halves an interval `count` times: `bisect(count)(holds)(low, high)` gives the interval at whose lower end `holds` is 1
 * and at whose upper end it is 0, for a condition that changes once.
 */
export const bisect =
  (count: number) =>
  (holds: (middle: Tensor) => Tensor) =>
  (low: Tensor, high: Tensor): readonly [low: Tensor, high: Tensor] => {
    let [from, to] = [low, high]
    for (let i = 0; i < count; i++) {
      const middle = ops.scale(0.5)(ops.add(to)(from))
      const up = holds(middle)
      from = ops.where(up)(middle, from)
      to = ops.where(up)(to, middle)
    }
    return [from, to]
  }
