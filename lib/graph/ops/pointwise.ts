import { broadcastShapes } from '../../core/shape.js'
import { apply, type TensorLike, type Tensor, toTensor } from '../tensor.js'
import { alignedIndices, broadcastTo, contract, indicesOf } from '../contract.js'
import { binaryFunctions, type BinaryName, unaryFunctions, type UnaryName } from '../primitives/pointwise.js'

type Unary = (x: Tensor) => Tensor
type Binary = (b: TensorLike) => (a: Tensor) => Tensor

const unary =
  (fn: UnaryName): Unary =>
  (x) =>
    apply({ tag: 'pointwise', fn }, [x])

/** Pairs operands by NumPy broadcasting; data-last, so `sub(b)(a)` is a − b. */
const binary =
  (fn: BinaryName): Binary =>
  (b) =>
  (a) => {
    const other = toTensor(b)
    const shape = broadcastShapes(`ops.${fn}`, a.shape, other.shape)
    return apply({ tag: 'pointwise', fn }, [broadcastTo(a, shape), broadcastTo(other, shape)])
  }

/** An operation for each pointwise function. The type is mapped from the tables, so that it carries their comments. */
export type PointwiseOps = { readonly [F in keyof typeof unaryFunctions]: Unary } & {
  readonly [F in keyof typeof binaryFunctions]: Binary
}

/** An operation for each row of a table of functions. */
const each = <Table extends object, A>(
  table: Table,
  make: (name: keyof Table) => A
): { readonly [F in keyof Table]: A } =>
  Object.fromEntries(Object.keys(table).map((name) => [name, make(name as keyof Table)])) as {
    readonly [F in keyof Table]: A
  }

/** An operation for each pointwise function; a row more in `primitives/pointwise.ts` is one more here. */
export const pointwise: PointwiseOps = { ...each(unaryFunctions, unary), ...each(binaryFunctions, binary) }

const { add, div, less, lessEqual, max, min, ndtr, neg, sigmoid, softplus } = pointwise

/** 1 where a > b, else 0. */
export const greater =
  (b: TensorLike) =>
  (a: Tensor): Tensor =>
    less(a)(toTensor(b))

/** 1 where a ≥ b, else 0. */
export const greaterEqual =
  (b: TensorLike) =>
  (a: Tensor): Tensor =>
    lessEqual(a)(toTensor(b))

/** a · b elementwise with broadcasting, as one contraction: `mul(b)(a)`. */
export const mul =
  (b: TensorLike) =>
  (a: Tensor): Tensor => {
    const other = toTensor(b)
    const shape = broadcastShapes('ops.mul', a.shape, other.shape)
    const rank = shape.length
    return contract(
      [a, other],
      [alignedIndices(a.shape, shape, rank), alignedIndices(other.shape, shape, 2 * rank)],
      indicesOf(shape),
      [...shape, ...shape.map(() => 1), ...shape.map(() => 1)]
    )
  }

/** A number (or scalar tensor) times x. */
export const scale =
  (factor: TensorLike) =>
  (x: Tensor): Tensor =>
    mul(factor)(x)

/** x². */
export const square = (x: Tensor): Tensor => mul(x)(x)

/** 1 / x. */
export const reciprocal = (x: Tensor): Tensor => div(x)(toTensor(1))

/** log(1 / (1 + e^(−x))), to the last digits in both tails. */
export const logSigmoid = (x: Tensor): Tensor => neg(softplus(neg(x)))

/** x / (1 + e^(−x)): SiLU, or swish (Elfwing, Uchibe, Doya, arXiv:1702.03118). */
export const silu = (x: Tensor): Tensor => mul(sigmoid(x))(x)

/** x Φ(x): GELU (Hendrycks and Gimpel, arXiv:1606.08415), not its approximation by tanh. */
export const gelu = (x: Tensor): Tensor => mul(ndtr(x))(x)

/** 1 where x is NaN, else 0. */
export const isNaN = (x: Tensor): Tensor => less(0.5)(add(greater(0)(x))(lessEqual(0)(x)))

/**
 * `where(condition)(a, b)`: a where the condition is not 0, else b, with broadcasting. Only the chosen side passes a
 * derivative. Graphs print it as the pointwise function `select`.
 */
export const where =
  (condition: Tensor) =>
  (a: TensorLike, b: TensorLike): Tensor => {
    const [yes, no] = [toTensor(a), toTensor(b)]
    const shape = broadcastShapes(
      'ops.where',
      condition.shape,
      broadcastShapes('ops.where', yes.shape, no.shape)
    )
    return apply({ tag: 'pointwise', fn: 'select' }, [
      broadcastTo(condition, shape),
      broadcastTo(yes, shape),
      broadcastTo(no, shape)
    ])
  }

/** x forced into [low, high]. The derivative at a bound is one half, as for max and min. */
export const clip =
  (low: TensorLike, high: TensorLike) =>
  (x: Tensor): Tensor =>
    min(high)(max(low)(x))
