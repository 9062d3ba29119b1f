import { rebuild } from '../core/tree.js'
import { zerosLike } from '../graph/constant.js'
import { apply, isTensor, type Tensor } from '../graph/tensor.js'
import type { Tangent } from './rule.js'

/** The same tree with other tensors. */
export const withTensors = <T>(operation: string, tree: unknown, tensors: readonly unknown[]): T =>
  rebuild<Tensor, T>(operation, isTensor, tree, tensors)

/** Real zeros for symbolic ones: what stands at every public boundary. */
export const materialise = (tangents: readonly Tangent[], like: readonly Tensor[]): readonly Tensor[] =>
  tangents.map((tangent, i) => tangent ?? zerosLike(like[i]!))

/** The value under an identity of its own, so that a derivative with respect to it sees no other use of the value. */
export const aliasOf = (tensor: Tensor): Tensor => apply({ tag: 'alias' }, [tensor])
