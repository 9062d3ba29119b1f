import type { Shape } from '../core/shape.js'
import { contract } from '../graph/contract.js'
import { apply, type Tensor } from '../graph/tensor.js'

/**
 * A tensor whose axes carry distinct indices. `rank` orders operands: it depends on the operands alone, so that equal
 * intermediate products of different contractions get equal form and are shared.
 */
export interface IndexedTensor {
  readonly tensor: Tensor
  readonly indices: readonly number[]
  readonly rank: number
}

/** The sizes of indices. */
export const sizesAt = (indices: readonly number[], sizes: readonly number[]): number[] =>
  indices.map((i) => sizes[i]!)

/** A contraction of parts onto an output, as one node. */
export const join = (
  parts: readonly IndexedTensor[],
  output: readonly number[],
  sizes: readonly number[]
): IndexedTensor => ({
  tensor: contract(
    parts.map((part) => part.tensor),
    parts.map((part) => part.indices),
    output,
    sizes
  ),
  indices: output,
  rank: Math.min(...parts.map((part) => part.rank))
})

/** Another shape of the same elements. */
export const reshaped = (tensor: Tensor, shape: Shape): Tensor => apply({ tag: 'reshape', shape }, [tensor])
