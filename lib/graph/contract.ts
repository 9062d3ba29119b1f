import { checkShape, type Shape, sizeOf } from '../core/shape.js'
import { withInputs } from './graph.js'
import type { Op, OpOf } from './op.js'
import { apply, constant, isOp, type Tensor } from './tensor.js'

export type ContractOp = OpOf<'contract'>

/**
 * The same contraction with its indices numbered 0, 1, 2 … in the order in which they are first met (operands, then
 * output), so that equal products are equal records. Indices that occur nowhere are dropped.
 */
export const renumber = (
  operands: readonly (readonly number[])[],
  output: readonly number[],
  sizes: readonly number[]
): ContractOp => {
  const names = new Map<number, number>()
  const kept: number[] = []
  const rename = (index: number): number => {
    const known = names.get(index)
    if (known !== undefined) return known
    const fresh = kept.length
    names.set(index, fresh)
    kept.push(sizes[index]!)
    return fresh
  }
  const renamed = operands.map((indices) => indices.map(rename))
  return { tag: 'contract', operands: renamed, output: output.map(rename), sizes: kept }
}

const isIdentity = ({ operands, output }: ContractOp): boolean =>
  operands.length === 1 &&
  operands[0]!.length === output.length &&
  operands[0]!.every((index, axis) => index === output[axis] && index === axis)

/** A contraction node; the identity contraction is its operand. */
export const contract = (
  tensors: readonly Tensor[],
  operands: readonly (readonly number[])[],
  output: readonly number[],
  sizes: readonly number[]
): Tensor => {
  const op = renumber(operands, output, sizes)
  return isIdentity(op) && tensors.length === 1 ? tensors[0]! : apply(op, tensors)
}

/** A node with other inputs, and where it is a contraction with another one; as it is when nothing changed. */
export const withContraction = (node: Tensor, op: Op, inputs: readonly Tensor[]): Tensor =>
  op.tag === 'contract' && op !== node.op
    ? contract(inputs, op.operands, op.output, op.sizes)
    : withInputs(node, inputs)

/** 0, 1, … rank−1: the indices of a tensor whose axes keep their order. */
export const indicesOf = (shape: Shape): number[] => shape.map((_, axis) => axis)

/** The elementwise product of tensors of equal shape, as a contraction. */
export const product = (...tensors: readonly [Tensor, ...Tensor[]]): Tensor => {
  const { shape } = tensors[0]
  const indices = indicesOf(shape)
  return contract(
    tensors,
    tensors.map(() => indices),
    indices,
    shape
  )
}

/** A scalar tensor times a tensor of any shape. */
export const scaleBy = (factor: Tensor, tensor: Tensor): Tensor => {
  const indices = indicesOf(tensor.shape)
  return contract([factor, tensor], [[], indices], indices, tensor.shape)
}

/**
 * The indices of an operand that is broadcast to a shape, aligned at the last axis; an axis that is repeated gets an index of
 * its own, from `spare` on.
 */
export const alignedIndices = (operand: Shape, shape: Shape, spare: number): number[] => {
  const lead = shape.length - operand.length
  return operand.map((n, axis) => (n === shape[lead + axis] ? lead + axis : spare + axis))
}

/** The tensor repeated along axes it lacks or has size 1 in, aligned at the last axis. */
export const broadcastTo = (tensor: Tensor, shape: Shape): Tensor =>
  contract([tensor], [alignedIndices(tensor.shape, shape, shape.length)], indicesOf(shape), [
    ...shape,
    ...tensor.shape.map(() => 1)
  ])

/**
 * Ones where `output` repeats no index, else ones on the diagonals: `pattern([0, 0], [n])` is the identity matrix. It
 * needs no data, and a contraction with it is a renaming of indices.
 */
export const pattern = (output: readonly number[], sizes: readonly number[]): Tensor =>
  contract([], [], output, sizes)

/** All elements one. */
export const ones = (shape: Shape): Tensor => pattern(indicesOf(checkShape('ops.ones', shape)), shape)

/** The sum over the given axes, which are removed. */
export const sumOver = (tensor: Tensor, axes: readonly number[]): Tensor => {
  const indices = indicesOf(tensor.shape)
  return contract(
    [tensor],
    [indices],
    indices.filter((axis) => !axes.includes(axis)),
    tensor.shape
  )
}

/** Every element the same number. */
export const fill = (value: number, shape: Shape): Tensor =>
  broadcastTo(constant(value), checkShape('ops.fill', shape))

export const zerosLike = (tensor: Tensor): Tensor => fill(0, tensor.shape)

/** The number a tensor is known to hold at every element without running anything, if there is one. */
export const knownScalar = (tensor: Tensor): number | undefined => {
  // through broadcasts and permutations of a known number
  let node = tensor
  while (isOp(node, 'contract') && node.inputs.length === 1) {
    const { operands, output } = node.op
    const repeats = new Set(output).size !== output.length
    if (repeats || !operands[0]!.every((index) => output.includes(index))) return undefined
    node = node.inputs[0]!
  }
  return isOp(node, 'constant') && sizeOf(node.shape) === 1 ? node.op.value.data[0] : undefined
}
