import type { NdArray } from '../core/ndarray.js'
import type { Shape } from '../core/shape.js'
import type { Concrete } from '../graph/spec.js'
import type { Layerwise, Weights } from '../nn/layer.js'

/** The name of a leaf of a layer. */
export type LeafName = 'w' | 'b'

/**
 * The leaves of a mask or a score, layer by layer in the order of all trees, biases before weights: the order in which the
 * first of equal scores is kept, and in which counts are given and reported.
 */
export const maskedLeaves = <A>(tree: Layerwise<A>): readonly A[] =>
  tree.flatMap(({ w, b }) => [b, w].flatMap((leaf) => (leaf === undefined ? [] : [leaf])))

/** Replaces every leaf of a mask or a score by its image. */
export const mapMasked =
  <A, B>(f: (value: A, layer: number, name: LeafName) => B) =>
  (tree: Layerwise<A>): Layerwise<B> =>
    tree.map(({ w, b }, l) => ({
      ...(b === undefined ? {} : { b: f(b, l, 'b') }),
      ...(w === undefined ? {} : { w: f(w, l, 'w') })
    }))

/** The stream of random numbers of a leaf: weights have their layer's, whether biases take part or not; biases the next ones. */
export const streamOf = (layers: number, layer: number, name: LeafName): number =>
  name === 'w' ? layer : layers + layer

/** The shapes of the leaves of a mask or a score, symbolic or concrete, in their order. */
export const weightShapes = (weights: Layerwise<{ readonly shape: Shape }>): readonly Shape[] =>
  maskedLeaves(weights).map(({ shape }) => shape)

/** What one output of a layer sums over: weights are [inputs, outputs], or [outputs, inputs, …kernel] of a convolution. */
export const fanIn = ([first = 1, ...rest]: Shape): number =>
  rest.length === 1 ? first : rest.reduce((product, n) => product * n, 1)

/** How many entries a mask keeps of one leaf. */
export const keptOf = ({ data }: NdArray): number => data.filter((m) => m !== 0).length

/** Kept and all entries of each leaf of a mask, in order. */
export const countKept = (
  mask: Concrete<Weights>
): readonly { readonly kept: number; readonly total: number }[] =>
  maskedLeaves(mask).map((leaf) => ({ kept: keptOf(leaf), total: leaf.data.length }))

/** The fraction that a concrete mask keeps of all its entries. */
export const density = (mask: Concrete<Weights>): number => {
  const counts = countKept(mask)
  const sum = (of: 'kept' | 'total'): number => counts.reduce((n, count) => n + count[of], 0)
  return sum('kept') / sum('total')
}

/**
 * The layers, counted among those with weights, of whose weights a mask keeps none: whatever biases are left, their network
 * computes a constant.
 */
export const emptyLayers = (mask: Concrete<Weights>): readonly number[] =>
  mask.flatMap(({ w }) => (w === undefined ? [] : [keptOf(w)])).flatMap((kept, l) => (kept === 0 ? [l] : []))
