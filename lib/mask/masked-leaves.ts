import { fail } from '../core/error.js'
import { isNdArray, type NdArray } from '../core/ndarray.js'
import type { Shape } from '../core/shape.js'
import { children, type Leaf, leaves, pairs, rebuild } from '../core/tree.js'
import { isTensor, type Tensor } from '../graph/tensor.js'
import { isWeight } from '../nn/weights.js'

/** A leaf of a mask or a score, and what follows from its place in the tree. */
export interface MaskedLeaf<A> extends Leaf<A> {
  /** The path of the record or array that it is in. */
  readonly layer: string
  /**
   * Its stream of random numbers, the same whether biases take part or not: the weight of child l of n has stream l, its bias
   * n + l, and further leaves of a child that is a tree itself those after.
   */
  readonly stream: number
  /**
   * What one output sums over: weights are [inputs, outputs], or [outputs, inputs, …kernel] of a convolution. A bias has that
   * of the first weight beside it, or 1.
   */
  readonly fanIn: number
}

const fanInOf = ([first = 1, ...rest]: Shape): number =>
  rest.length === 1 ? first : rest.reduce((product, n) => product * n, 1)

const parentOf = (path: string): string =>
  path.slice(0, Math.max(path.lastIndexOf('.'), path.lastIndexOf('['), 0))

/** The leaves of a mask or a score in the order of all trees, which of a layer is biases before weights. */
export const maskedLeaves = <A extends { readonly shape: Shape }>(
  isLeaf: (value: unknown) => value is A,
  tree: unknown
): readonly MaskedLeaf<A>[] => {
  const found = leaves('mask', isLeaf, tree)
  const sections = children(isLeaf, tree).map((child) => leaves('mask', isLeaf, child))
  const streams = sections.flatMap((section, l) => {
    const weights = section.filter(({ value }) => isWeight(value))
    const biases = section.filter(({ value }) => !isWeight(value))
    return section.map((leaf) => {
      const rank = isWeight(leaf.value)
        ? weights.indexOf(leaf)
        : Math.max(1, weights.length) + biases.indexOf(leaf)
      return l + sections.length * rank
    })
  })
  return found.map(({ path, value }, i) => {
    const layer = parentOf(path)
    const beside = found.find((other) => isWeight(other.value) && parentOf(other.path) === layer)
    const { shape } = isWeight(value) ? value : (beside?.value ?? { shape: [] })
    return { path, value, layer, stream: streams[i]!, fanIn: fanInOf(shape) }
  })
}

/** Replaces every leaf of a mask or a score by its image. */
export const mapMasked =
  <A extends { readonly shape: Shape }>(
    isLeaf: (value: unknown) => value is A,
    f: (leaf: MaskedLeaf<A>) => A
  ) =>
  <T>(tree: T): T =>
    rebuild<A, T>('mask', isLeaf, tree, maskedLeaves(isLeaf, tree).map(f))

/**
 * The shapes of the leaves of a mask or a score, traced or concrete, in order: biases before the weights of a layer. Of equal
 * scores the first in this order is kept, and counts are given and reported in it.
 */
export const weightShapes = (weights: unknown): readonly Shape[] =>
  leaves('mask', (value): value is Tensor | NdArray => isTensor(value) || isNdArray(value), weights).map(
    ({ value }) => value.shape
  )

/** Refuses a mask that is no part of parameters, or that covers nothing of them. */
export const requireMask = (operation: string, params: unknown, mask: unknown): void => {
  if (pairs(operation, isNdArray, params, mask).every(({ match }) => match === undefined))
    fail('TreeError', operation, 'a mask of a weight at least', 'one without leaves', 'mask')
}

/** How many entries a mask keeps of one leaf. */
export const keptOf = ({ data }: NdArray): number => data.filter((m) => m !== 0).length

/** Kept and all entries of each leaf of a mask, in order. */
export const countKept = (
  mask: unknown
): readonly {
  /** Weights that the mask keeps. */
  readonly kept: number
  /** All weights. */
  readonly total: number
}[] => leaves('mask', isNdArray, mask).map(({ value }) => ({ kept: keptOf(value), total: value.data.length }))

/** The fraction that a concrete mask keeps of all its entries; one without entries is a TreeError. */
export const density = (mask: unknown): number => {
  const counts = countKept(mask)
  const sum = (of: 'kept' | 'total'): number => counts.reduce((n, count) => n + count[of], 0)
  return counts.length > 0
    ? sum('kept') / sum('total')
    : fail('TreeError', 'mask.density', 'a mask of a weight at least', 'one without leaves', 'mask')
}

/**
 * The weights, counted in order and without biases, of which a mask keeps none: whatever else is left, a network of layers then
 * computes a constant.
 */
export const emptyLayers = (mask: unknown): readonly number[] =>
  leaves('mask', isNdArray, mask)
    .filter(({ value }) => isWeight(value))
    .flatMap(({ value }, l) => (keptOf(value) === 0 ? [l] : []))
