import type { ContractOp } from '../graph/contract.js'
import { apply, type Tensor } from '../graph/tensor.js'
import { type IndexedTensor, join, reshaped, sizesAt } from './indexed-tensor.js'

/** Takes out axes of size 1 by a reshape, which costs nothing. */
const withoutUnits = (part: IndexedTensor, sizes: readonly number[]): IndexedTensor => {
  const kept = part.indices.filter((index) => sizes[index] !== 1)
  return kept.length === part.indices.length
    ? part
    : {
        ...part,
        tensor: reshaped(part.tensor, sizesAt(kept, sizes)),
        indices: kept
      }
}

/** A part whose last axes carry the given indices. */
const movedLast = (part: IndexedTensor, last: readonly number[], sizes: readonly number[]): IndexedTensor => {
  const order = [...part.indices.filter((index) => !last.includes(index)), ...last]
  return part.indices.every((index, axis) => index === order[axis]) ? part : join([part], order, sizes)
}

/** An index and another of its size, which go through the diagonal together. */
type Tie = readonly [index: number, twin: number]

/**
 * The diagonal of two axes, without a product: laid one after the other, every (n + 1)-th element is on it. A product with an
 * identity matrix would make NaN of infinities beside it.
 */
const diagonal = (part: IndexedTensor, [index, twin]: Tie, sizes: readonly number[]): IndexedTensor => {
  const { tensor, indices, rank } = movedLast(part, [index, twin], sizes)
  const n = sizes[index]!
  const shape = [...tensor.shape.slice(0, -2), n * n]
  const stride = shape.map((_, axis) => (axis === shape.length - 1 ? n + 1 : 1))
  const slice = { tag: 'slice', start: shape.map(() => 0), limit: shape, stride } as const
  return { tensor: apply(slice, [reshaped(tensor, shape)]), indices: indices.slice(0, -1), rank }
}

/** The reverse: an axis becomes the diagonal of two, with n zeros between its elements. */
export const onDiagonal = (
  part: IndexedTensor,
  [index, twin]: Tie,
  sizes: readonly number[]
): IndexedTensor => {
  const carrier = part.indices.includes(index) ? part : join([part], [...part.indices, index], sizes)
  const { tensor, indices, rank } = movedLast(carrier, [index], sizes)
  const n = sizes[index]!
  const none = tensor.shape.map(() => 0)
  const interior = [...none.slice(0, -1), n]
  const padded = apply({ tag: 'pad', low: none, high: none, interior }, [tensor])
  return { tensor: reshaped(padded, [...tensor.shape, n]), indices: [...indices, twin], rank }
}

/** A product whose index lists are free of repetitions: of an operand that has any, the diagonal is taken. */
export interface Distinct {
  readonly parts: readonly IndexedTensor[]
  readonly output: readonly number[]
  readonly sizes: readonly number[]
  /** What is repeated in the output, where the result is put on a diagonal. */
  readonly ties: readonly Tie[]
}

/** Takes out repetitions and axes of size 1. */
export const distinct = (
  op: ContractOp,
  inputs: readonly Tensor[],
  rankOf: (tensor: Tensor) => number
): Distinct => {
  const sizes = [...op.sizes]
  // a repeated index gets a twin of its own
  const untied = (
    indices: readonly number[]
  ): { readonly own: readonly number[]; readonly ties: readonly Tie[] } => {
    const ties: Tie[] = []
    const own = indices.map((index, axis) => {
      if (indices.indexOf(index) === axis) return index
      const twin = sizes.push(sizes[index]!) - 1
      ties.push([index, twin])
      return twin
    })
    return { own, ties: ties.filter(([index]) => sizes[index] !== 1) }
  }
  const parts = op.operands.map((indices, k): IndexedTensor => {
    const tensor = inputs[k]!
    const { own, ties } = untied(indices)
    const whole = withoutUnits({ tensor, indices: own, rank: rankOf(tensor) }, sizes)
    return ties.reduce((part, tie) => diagonal(part, tie, sizes), whole)
  })
  const { own, ties } = untied(op.output)
  return { parts, output: own.filter((index) => sizes[index] !== 1), sizes, ties }
}
