import { fail } from '../core/error.js'
import { full, isNdArray, type NdArray } from '../core/ndarray.js'
import { pairs } from '../core/tree.js'
import { type Shape, sizeOf } from '../core/shape.js'
import type { Concrete } from '../graph/spec.js'
import type { Network, Params } from '../nn/layer.js'
import type { Weights } from '../nn/weights.js'
import { keptOf } from './masked-leaves.js'
import { checked, ofNetwork } from '../nn/require.js'

/** What a masked network costs to run on one example and to store, and what the dense one costs. */
export interface MaskCost {
  /** Floating-point operations of the layers with weights: a multiplication and an addition for each use of a kept weight. */
  readonly flops: number
  /** Kept weights and biases in float32, and a bit for each of a leaf of which some are not kept, to say which. */
  readonly bytes: number
  /** Floating-point operations of the dense network. */
  readonly denseFlops: number
  /** Bytes of the dense network in float32. */
  readonly denseBytes: number
}

const FLOAT = 4
const BITS = 8

/** The bytes of what is kept of an array, all of it without a mask. */
const bytesOf = (values: NdArray, mask = full(values.shape, 1)): number => {
  const [kept, total] = [keptOf(mask), values.data.length]
  return FLOAT * kept + (kept < total ? Math.ceil(total / BITS) : 0)
}

/** How often a layer uses each of its weights on one example: once, at every place of a convolution's output, or of a scale's. */
const uses = (weight: Shape, output: Shape): number =>
  weight.length === 1 ? sizeOf(output) / sizeOf(weight) : weight.length === 2 ? 1 : sizeOf(output.slice(1))

/**
 * The cost of a network under a mask, layer by layer from the shapes of one example; biases, activations and pooling are not
 * counted as operations. How fast a processor runs sparse weights is another matter.
 *
 * @example
 * import assert from 'node:assert'
 * import { key, mask, ndarray, nn } from 'tangentflow'
 *
 * const net = nn.serial(nn.dense(2))
 * const params = net.init(key(0), [2])
 * const half = [{ w: ndarray.fromNested([[1, 0], [1, 0]]) }]
 * // two of four weights: 4 operations of 8; 8 bytes of weights, 8 of biases and a byte for four bits
 * assert.deepEqual(mask.cost(net, [2])(params, half), { flops: 4, bytes: 17, denseFlops: 8, denseBytes: 24 })
 */
export const cost = checked(
  'mask.cost',
  ofNetwork,
  (network: Network, inputShape: Shape) =>
    (params: Concrete<Params>, mask: Concrete<Weights>): MaskCost => {
      pairs('mask.cost', isNdArray, params, mask)
      const none: MaskCost = { flops: 0, bytes: 0, denseFlops: 0, denseBytes: 0 }
      return network.layers.reduce<{ readonly shape: Shape; readonly sum: MaskCost }>(
        ({ shape, sum }, layer, l) => {
          const output = layer.outputShape(shape)
          const own = params[l] ?? {}
          // by their types networks are lists of layers; JavaScript may hold others
          if (!Object.values<unknown>(own).every((value) => value === undefined || isNdArray(value)))
            fail(
              'ArgumentError',
              'mask.cost',
              'a list of layers',
              'a network within a network',
              `layers[${l}]`
            )
          const { w, b } = own
          if (w === undefined) return { shape: output, sum }
          const masks = mask[l] ?? {}
          const perWeight = 2 * uses(w.shape, output)
          return {
            shape: output,
            sum: {
              flops: sum.flops + perWeight * (masks.w === undefined ? w.data.length : keptOf(masks.w)),
              bytes: sum.bytes + bytesOf(w, masks.w) + (b === undefined ? 0 : bytesOf(b, masks.b)),
              denseFlops: sum.denseFlops + perWeight * w.data.length,
              denseBytes: sum.denseBytes + bytesOf(w) + (b === undefined ? 0 : bytesOf(b))
            }
          }
        },
        { shape: inputShape, sum: none }
      ).sum
    }
)
