import type { OpTag } from '../graph/op.js'
import type { Tensor, TensorOf } from '../graph/tensor.js'

/** A tangent or cotangent; undefined is the symbolic zero, for which nothing is computed. */
export type Tangent = Tensor | undefined

/** The tangent of a node, given the tangents of its inputs, of which at least one is not zero. */
export type JvpRule<T extends OpTag> = (node: TensorOf<T>, tangents: readonly Tangent[]) => Tangent

/**
 * The cotangents of a node's inputs, given the node's cotangent. `linear[k]` tells the inputs that depend on the
 * linear argument; only those need a cotangent, and the node is linear in them jointly.
 */
export type TransposeRule<T extends OpTag> =
  'not linear' | ((node: TensorOf<T>, cotangent: Tensor, linear: readonly boolean[]) => readonly Tangent[])

/**
 * The node applied to a batch. Batched inputs carry the batch as axis 0, others are as they were; the result carries it
 * as axis 0. At least one input is batched.
 */
export type BatchRule<T extends OpTag> = (
  node: TensorOf<T>,
  inputs: readonly Tensor[],
  batched: readonly boolean[],
  size: number
) => Tensor

/** What differentiation and batching know of one primitive. */
export interface DiffRule<T extends OpTag> {
  /** The value, its tangent (ẋ of x) and its transpose (x̄ of the cotangent ȳ) in the usual notation. */
  readonly formula: { readonly value: string; readonly tangent: string; readonly transpose: string }
  readonly jvp: JvpRule<T>
  readonly transpose: TransposeRule<T>
  readonly batch: BatchRule<T>
}
