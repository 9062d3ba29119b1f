import { broadcastShapes } from '../../core/shape.js'
import { type Operand, toTensor } from '../constant.js'
import { broadcastTo } from '../contract.js'
import { binaryFunctions, type BinaryName, unaryFunctions, type UnaryName } from '../primitives/pointwise.js'
import { apply, type Tensor } from '../tensor.js'

type Unary = (x: Tensor) => Tensor
type Binary = (b: Operand) => (a: Tensor) => Tensor

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
