import { fail } from '../core/error.js'
import { isNdArray, type NdArray, of, scalar } from '../core/ndarray.js'
import { checkShape, type Shape, sizeOf } from '../core/shape.js'
import { broadcastTo } from './contract.js'
import { apply, type Tensor, isTensor, isOp, nameOf } from './tensor.js'

/** A concrete array as a tensor. */
export const constant = (value: NdArray | number): Tensor =>
  typeof value === 'number'
    ? apply({ tag: 'constant', value: scalar(value) }, [])
    : isNdArray(value)
      ? apply({ tag: 'constant', value }, [])
      : fail('ArgumentError', 'ops.constant', 'a tensor, an array or a number', nameOf(value))

/** A tensor, or a number where a tensor is meant. */
export type Operand = Tensor | number

export const toTensor = (operand: Operand): Tensor => (isTensor(operand) ? operand : constant(operand))

/** Every element the same number. */
export const fill = (value: number, shape: Shape): Tensor =>
  broadcastTo(constant(value), checkShape('ops.fill', shape))

export const zerosLike = (tensor: Tensor): Tensor => fill(0, tensor.shape)

/** The number a tensor is known to hold at every element without running anything, if there is one. */
export const knownScalar = (tensor: Tensor): number | undefined => {
  if (isOp(tensor, 'constant')) {
    return sizeOf(tensor.shape) === 1 ? tensor.op.value.data[0] : undefined
  }
  // a broadcast or permutation of a known number
  if (isOp(tensor, 'contract') && tensor.inputs.length === 1) {
    const { operands, output } = tensor.op
    const repeats = new Set(output).size !== output.length
    return repeats || !operands[0]!.every((index) => output.includes(index))
      ? undefined
      : knownScalar(tensor.inputs[0]!)
  }
  return undefined
}

/** A constant of several elements from plain numbers. */
export const table = (shape: Shape, values: readonly number[]): Tensor => constant(of(shape, values))
