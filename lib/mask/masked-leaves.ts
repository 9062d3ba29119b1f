import type { Layerwise } from '../nn/layer.js'

/** Which leaf of a layer. */
export type LeafName = 'w' | 'b'

/**
 * The leaves that a mask or a score covers, layer by layer in the order of all trees, biases before weights: the order in
 * which equal scores are kept, and in which counts are given and told.
 */
export const maskedLeaves = <A>(tree: Layerwise<A>): readonly A[] =>
  tree.flatMap(({ w, b }) => [...(b === undefined ? [] : [b]), ...(w === undefined ? [] : [w])])

/** Every masked leaf replaced by its image. */
export const mapMasked =
  <A, B>(f: (value: A, layer: number, part: LeafName) => B) =>
  (tree: Layerwise<A>): Layerwise<B> =>
    tree.map(({ w, b }, l) => ({
      ...(b === undefined ? {} : { b: f(b, l, 'b') }),
      ...(w === undefined ? {} : { w: f(w, l, 'w') })
    }))

/** The stream of random numbers of a leaf: weights have their layer's, whether biases take part or not; biases the next ones. */
export const streamOf = (layers: number, layer: number, part: LeafName): number =>
  part === 'w' ? layer : layers + layer
