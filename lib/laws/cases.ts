import type * as fc from 'fast-check'
import { derive, type HostKey } from '../core/key.js'
import type { NdArray } from '../core/ndarray.js'
import { leaves, rebuild } from '../core/tree.js'
import { add } from '../graph/ops/arithmetic.js'
import { dot } from '../graph/ops/linear.js'
import { isHostValue } from '../graph/spec.js'
import { isTensor, type Tensor } from '../graph/tensor.js'
import { constant } from '../graph/constant.js'
import { tensorsOf } from '../graph/tree.js'
import { drawArguments, keys, normalArray } from './arbitraries.js'

/** One case of a law about a function: where it is looked at, and the key of whatever else is drawn for it. */
export interface Case {
  readonly args: readonly unknown[]
  readonly source: HostKey
}

/** Cases with arguments of the given description; concrete arrays in it stay as they are. */
export const casesOf = (specs: unknown): fc.Arbitrary<Case> =>
  keys.map((source) => ({ args: drawArguments(specs, source) as readonly unknown[], source }))

const likeLeaves = <A extends { readonly shape: readonly number[] }>(
  isLeaf: (value: unknown) => value is A,
  tree: unknown,
  source: HostKey
): unknown => {
  const drawn = leaves('laws', isLeaf, tree).map(({ value }, i) =>
    normalArray(derive(source, { kind: 'split', index: i }), value.shape)
  )
  return rebuild('laws', isLeaf, tree, drawn)
}

const isArray = (value: unknown): value is NdArray => isHostValue(value) && value._tag === 'NdArray'

/** Normals in the form of a tree of arrays. */
export const directionLike = (tree: unknown, source: HostKey): unknown => likeLeaves(isArray, tree, source)

/** Normals in the form of a tree of tensors. */
export const cotangentLike = (tree: unknown, source: HostKey): unknown => likeLeaves(isTensor, tree, source)

/** ⟨a, b⟩ over all leaves of two trees of one form. */
export const inner = (a: unknown, b: unknown): Tensor => {
  const others = tensorsOf('laws', b)
  return tensorsOf('laws', a)
    .map((tensor, i) => dot(others[i]!)(tensor))
    .reduce((sum, term) => add(term)(sum), constant(0))
}
