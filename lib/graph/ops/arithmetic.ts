import { broadcastShapes, type Shape } from '../../core/shape.js'
import { type Operand, toTensor } from '../constant.js'
import { broadcastTo, contract } from '../contract.js'
import { apply, type Tensor } from '../tensor.js'
import { pointwise } from './pointwise.js'

const { abs, add, div, exp, less, lessEqual, log, max, min, neg, tanh } = pointwise

/** 1 where a > b, else 0. */
export const greater =
  (b: Operand) =>
  (a: Tensor): Tensor =>
    less(a)(toTensor(b))
/** 1 where a ≥ b, else 0. */
export const greaterEqual =
  (b: Operand) =>
  (a: Tensor): Tensor =>
    lessEqual(a)(toTensor(b))

/** The indices of an operand in the result of a broadcasting product; an axis of size 1 gets an index of its own. */
const aligned = (shape: Shape, out: Shape, spare: number): number[] => {
  const lead = out.length - shape.length
  return shape.map((n, axis) => (n === out[lead + axis] ? lead + axis : spare + axis))
}

/** a · b elementwise with broadcasting, as one contraction: `mul(b)(a)`. */
export const mul =
  (b: Operand) =>
  (a: Tensor): Tensor => {
    const other = toTensor(b)
    const shape = broadcastShapes('ops.mul', a.shape, other.shape)
    const rank = shape.length
    return contract(
      [a, other],
      [aligned(a.shape, shape, rank), aligned(other.shape, shape, 2 * rank)],
      shape.map((_, axis) => axis),
      [...shape, ...shape.map(() => 1), ...shape.map(() => 1)]
    )
  }

/** A number (or scalar tensor) times x. */
export const scale =
  (factor: Operand) =>
  (x: Tensor): Tensor =>
    mul(factor)(x)

/** x². */
export const square = (x: Tensor): Tensor => mul(x)(x)

/** 1 / x. */
export const reciprocal = (x: Tensor): Tensor => div(x)(toTensor(1))

/** 1 / (1 + exp(−x)), as (1 + tanh(x/2)) / 2, which neither overflows nor cancels. */
export const sigmoid = (x: Tensor): Tensor => add(0.5)(scale(0.5)(tanh(scale(0.5)(x))))

/** log(1 + exp(x)), as max(x, 0) + log(1 + exp(−|x|)). */
export const softplus = (x: Tensor): Tensor => add(log(add(1)(exp(neg(abs(x))))))(max(0)(x))

/**
 * `select(condition)(a, b)`: a where the condition is not 0, else b. Only the chosen side passes a derivative.
 */
export const select =
  (condition: Tensor) =>
  (a: Operand, b: Operand): Tensor => {
    const [yes, no] = [toTensor(a), toTensor(b)]
    const shape = broadcastShapes(
      'ops.select',
      condition.shape,
      broadcastShapes('ops.select', yes.shape, no.shape)
    )
    return apply({ tag: 'pointwise', fn: 'select' }, [
      broadcastTo(condition, shape),
      broadcastTo(yes, shape),
      broadcastTo(no, shape)
    ])
  }

/** x where it is positive, else 0; the derivative at 0 is 0. */
export const relu = (x: Tensor): Tensor => select(greater(0)(x))(x, 0)

/** x forced into [low, high]. The derivative at a bound is one half, as for max and min. */
export const clip =
  (low: Operand, high: Operand) =>
  (x: Tensor): Tensor =>
    min(high)(max(low)(x))
