import { contract, indicesOf } from '../../graph/contract.js'
import type { Tensor } from '../../graph/tensor.js'

/** The tensor with the batch as axis 0: as it is when it has one, else repeated. */
export const batchedTo = (x: Tensor, isBatched: boolean, size: number): Tensor => {
  if (isBatched) return x
  const indices = indicesOf(x.shape)
  const batch = indices.length
  return contract([x], [indices], [batch, ...indices], [...x.shape, size])
}
