import { hasTag } from '../core/check.js'
import { fail } from '../core/error.js'
import { copyOf, isNdArray, type NdArray, of, scalar } from '../core/ndarray.js'
import { type Shape, showShape } from '../core/shape.js'
import { describeStray } from '../core/stray.js'
import type { CustomRule, Op, OpTag, Tensor, TensorOf } from './op.js'
import { opName, shapeOf } from './primitives/index.js'

export type { Tensor, TensorOf } from './op.js'

/** Whether a value is a symbolic tensor. */
export const isTensor = (value: unknown): value is Tensor => hasTag(value, 'Tensor')

/** Whether a tensor is made by the given primitive. */
export const isOp = <T extends OpTag>(tensor: Tensor, tag: T): tensor is TensorOf<T> => tensor.op.tag === tag

/**
 * What every tensor inherits: JavaScript's own operators ask it for a number, which a tensor has only once a program runs. As text
 * it is its shape, for messages.
 */
const symbolic = {
  [Symbol.toPrimitive](this: Tensor, hint: 'number' | 'string' | 'default'): string {
    const text = `a tensor of shape ${showShape(this.shape)}`
    return hint === 'string'
      ? text
      : fail(
          'TraceError',
          'trace',
          'operations of ops: where and less for if and <, add and scale for + and *, exp for Math.exp',
          `${text} in an operator or function of JavaScript`
        )
  }
}

/** Refuses what is no tensor. */
const requireTensors = (operation: string, values: readonly unknown[]): void => {
  const stray = values.findIndex((value) => !isTensor(value))
  if (stray >= 0) fail('ArgumentError', operation, 'a tensor', describeStray(values[stray]))
}

/** Applies a primitive; what is no tensor is refused here, arguments that do not fit by the shape rule. */
export const apply = (op: Op, inputs: readonly Tensor[]): Tensor => {
  requireTensors(opName(op), inputs)
  const shape = shapeOf(
    op,
    inputs.map((input) => input.shape)
  )
  const tensor = { __proto__: symbolic, _tag: 'Tensor' as const, op, inputs, shape }
  return tensor
}

/** A function of one or more tensors. */
export type TensorFunction = (...args: readonly [Tensor, ...Tensor[]]) => Tensor

/**
 * A function with the derivative of a rule: what it is composed of is not differentiated.
 *
 * @defaultValue `operation`, the name in errors, is that of the rule
 */
export const withRule =
  (rule: CustomRule, f: TensorFunction, operation = rule.name): TensorFunction =>
  (...args) => {
    requireTensors(operation, args)
    const [first, ...rest] = args.map((arg) => apply({ tag: 'stopGradient' }, [arg]))
    return apply({ tag: 'custom', rule }, [f(first!, ...rest), ...args])
  }

/** The bits of the elements. */
const bitsOf = ({ buffer, byteOffset, byteLength }: NdArray['data']): Uint32Array =>
  new Uint32Array(buffer, byteOffset, byteLength / Uint32Array.BYTES_PER_ELEMENT)

const sameElements = (a: NdArray, b: NdArray): boolean => {
  const [own, other] = [bitsOf(a.data), bitsOf(b.data)]
  return own.length === other.length && own.every((word, i) => word === other[i])
}

/** The copy that stands for an array in graphs, by the array. */
const copies = new WeakMap<NdArray, NdArray>()

/** A copy of an array, the one made before if its elements are the same: what is written to an array changes no graph. */
const snapshot = (array: NdArray): NdArray => {
  const known = copies.get(array)
  if (known !== undefined && sameElements(known, array)) return known
  const copy = copyOf(array)
  copies.set(array, copy)
  return copy
}

/** An array that nobody else writes to as a tensor. */
export const ownConstant = (value: NdArray): Tensor => apply({ tag: 'constant', value }, [])

/** A concrete array as a tensor. The elements are copied: what is written to the array later is not seen. */
export const constant = (value: NdArray | number): Tensor =>
  typeof value === 'number'
    ? ownConstant(scalar(value))
    : isNdArray(value)
      ? ownConstant(snapshot(value))
      : fail('ArgumentError', 'ops.constant', 'a tensor, an array or a number', describeStray(value))

/** A tensor, or a number where a tensor is meant. */
export type TensorLike = Tensor | number

export const toTensor = (operand: TensorLike): Tensor => (isTensor(operand) ? operand : constant(operand))

/** A constant of several elements from plain numbers. */
export const table = (shape: Shape, values: readonly number[]): Tensor => ownConstant(of(shape, values))
