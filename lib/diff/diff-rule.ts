import { contract, indicesOf } from '../graph/contract.js'
import type { OpTag, Tensor, TensorOf } from '../graph/op.js'
// not `ops`, which is all operations: a page that imports `grad` would carry them
import { pointwise } from '../graph/ops/pointwise.js'
import { apply } from '../graph/tensor.js'

/** A tangent or cotangent; undefined is the symbolic zero, for which nothing is computed. */
export type Tangent = Tensor | undefined

/** The sum of two tangents. */
export const plus = (a: Tangent, b: Tangent): Tangent =>
  a === undefined ? b : b === undefined ? a : pointwise.add(b)(a)

/** A linear map of a tangent. */
export const mapTangent = (t: Tangent, f: (t: Tensor) => Tensor): Tangent =>
  t === undefined ? undefined : f(t)

/** The tangents of outputs when each seed moves by its tangent and everything else is held constant. */
export type PushForward = (
  outputs: readonly Tensor[],
  seeds: ReadonlyMap<Tensor, Tensor>
) => readonly Tangent[]

/** For outputs that are linear in `args`, the cotangents of `args` that belong to the cotangents of the outputs. */
export type PullBack = (
  outputs: readonly Tangent[],
  args: readonly Tensor[],
  cotangents: readonly Tangent[]
) => readonly Tangent[]

/**
 * The tangent of a node, given the tangents of its inputs, of which at least one is not zero. `pushForward` is for a body that
 * the node carries.
 */
export type TangentRule<T extends OpTag> = (
  node: TensorOf<T>,
  tangents: readonly Tangent[],
  pushForward: PushForward
) => Tangent

/**
 * The cotangents of a node's inputs, given the node's cotangent. `linear[k]` tells the inputs that depend on the
 * linear argument; only those need a cotangent, and the node is linear in them jointly. `pullBack` is for a body that the
 * node carries.
 */
export type TransposeRule<T extends OpTag> =
  | 'not linear'
  | ((
      node: TensorOf<T>,
      cotangent: Tensor,
      linear: readonly boolean[],
      pullBack: PullBack
    ) => readonly Tangent[])

/** A function of tensors applied to every entry of axis 0 of its arguments. */
export type BatchTensors = (
  f: (examples: readonly Tensor[]) => readonly Tensor[],
  batches: readonly Tensor[],
  size: number
) => readonly Tensor[]

/** The tensor with the batch as axis 0: as it is when it has one, else repeated. */
export const batchedTo = (x: Tensor, isBatched: boolean, size: number): Tensor => {
  if (isBatched) return x
  const indices = indicesOf(x.shape)
  const batch = indices.length
  return contract([x], [indices], [batch, ...indices], [...x.shape, size])
}

/** All inputs of a node with the batch as axis 0. */
export const batchedInputs = (
  inputs: readonly Tensor[],
  batched: readonly boolean[],
  size: number
): readonly Tensor[] => inputs.map((input, k) => batchedTo(input, batched[k]!, size))

/**
 * The node applied to a batch. Batched inputs carry the batch as axis 0, others are as they were; the result carries it
 * as axis 0. At least one input is batched. `batchTensors` batches a function that the node carries.
 */
export type BatchRule<T extends OpTag> = (
  node: TensorOf<T>,
  inputs: readonly Tensor[],
  batched: readonly boolean[],
  size: number,
  batchTensors: BatchTensors
) => Tensor

/** What differentiation and batching know of one primitive. */
export interface DiffRule<T extends OpTag> {
  /** The value, its tangent (ẋ of x) and its transpose (x̄ of the cotangent ȳ) in the usual notation. */
  readonly formula: { readonly value: string; readonly tangent: string; readonly transpose: string }
  readonly jvp: TangentRule<T>
  readonly transpose: TransposeRule<T>
  readonly batch: BatchRule<T>
}

/** A fresh symbol that stands for one example while a function is batched, or for a tangent while it is transposed. */
export const placeholder = (name: string, like: { readonly shape: readonly number[] }): Tensor =>
  apply({ tag: 'input', name, shape: like.shape }, [])
