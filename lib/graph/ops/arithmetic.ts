import { broadcastShapes, type Shape } from '../../core/shape.js'
import { type Operand, toTensor } from '../constant.js'
import { broadcastTo, contract } from '../contract.js'
import type { BinaryName, UnaryName } from '../primitives/pointwise.js'
import { apply, type Tensor } from '../tensor.js'

const unary =
  (fn: UnaryName) =>
  (x: Tensor): Tensor =>
    apply({ tag: 'pointwise', fn }, [x])

/** Pairs operands by NumPy broadcasting; data-last, so `sub(b)(a)` is a − b. */
const binary =
  (fn: BinaryName) =>
  (b: Operand) =>
  (a: Tensor): Tensor => {
    const other = toTensor(b)
    const shape = broadcastShapes(`ops.${fn}`, a.shape, other.shape)
    return apply({ tag: 'pointwise', fn }, [broadcastTo(a, shape), broadcastTo(other, shape)])
  }

/** −x. */
export const neg = unary('neg')
/** eˣ, elementwise. */
export const exp = unary('exp')
/** Natural logarithm. */
export const log = unary('log')
/** √x, elementwise, for x ≥ 0; the derivative at 0 is infinite. */
export const sqrt = unary('sqrt')
/** The hyperbolic tangent, elementwise. */
export const tanh = unary('tanh')
/** The sine of x in radians, elementwise. */
export const sin = unary('sin')
/** The cosine of x in radians, elementwise. */
export const cos = unary('cos')
/** The error function, 2/√π ∫₀ˣ exp(−t²) dt. */
export const erf = unary('erf')
/** −1, 0 or 1; sign(0) = 0. Its derivative is 0. */
export const sign = unary('sign')
/** |x|; its derivative is sign(x). */
export const abs = unary('abs')
/** The largest whole number not above x; its derivative is 0. */
export const floor = unary('floor')

/**
 * a + b with broadcasting: `add(b)(a)`.
 *
 * @example
 * import assert from 'node:assert'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { evaluateOn, ndarray, ops, type Tensor } from 'tangentflow'
 *
 * const f = (a: Tensor, b: Tensor) => pipe(a, ops.add(b))
 * const out = evaluateOn(f)(ndarray.fromNested([[1, 2], [3, 4]]), ndarray.fromNested([10, 20]))
 * assert.deepEqual(ndarray.toNested(out), [[11, 22], [13, 24]])
 */
export const add = binary('add')
/** a − b: `sub(b)(a)`. */
export const sub = binary('sub')
/** a / b: `div(b)(a)`. */
export const div = binary('div')
/** The larger of the two; at a tie the derivative is split evenly. */
export const max = binary('max')
/** The smaller of the two; at a tie the derivative is split evenly. */
export const min = binary('min')
/** aᵇ: `pow(b)(a)`, for a > 0, or any a when b is a whole number. */
export const pow = binary('pow')
/** 1 where a < b, else 0: `less(b)(a)`. Comparisons have derivative 0. */
export const less = binary('less')
/** 1 where a ≤ b, else 0. */
export const lessEqual = binary('lessEqual')
/** 1 where a = b, else 0. */
export const equal = binary('equal')
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
