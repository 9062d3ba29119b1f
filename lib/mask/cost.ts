import { full } from '../core/ndarray.js'
import { type Shape, sizeOf } from '../core/shape.js'
import type { Concrete } from '../graph/spec.js'
import type { Network, Params, Weights } from '../nn/layer.js'

/** What a masked network takes to run on one example and to keep, and what the dense one takes. */
export interface MaskCost {
  /** Floating-point operations of the layers with weights: a multiplication and an addition for each use of a kept weight. */
  readonly flops: number
  /** Kept weights and all biases in float32, and one bit a weight to say which are kept where some are not. */
  readonly bytes: number
  readonly denseFlops: number
  readonly denseBytes: number
}

const FLOAT = 4
const BITS = 8

/** How often a layer uses each of its weights on one example: once, or at every place of a convolution's output. */
const uses = (weight: Shape, output: Shape): number => (weight.length === 2 ? 1 : sizeOf(output.slice(1)))

/**
 * The cost of a network under a mask, layer by layer from the shapes of one example; biases, activations and pooling are not
 * counted as operations. What a processor makes of sparse weights is another matter.
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
export const cost =
  (network: Network, inputShape: Shape) =>
  (params: Concrete<Params>, mask: Concrete<Weights>): MaskCost => {
    const none: MaskCost = { flops: 0, bytes: 0, denseFlops: 0, denseBytes: 0 }
    return network.layers.reduce<{ readonly shape: Shape; readonly sum: MaskCost }>(
      ({ shape, sum }, layer, l) => {
        const output = layer.outputShape(shape)
        const { w, b } = params[l] ?? {}
        if (w === undefined) return { shape: output, sum }
        const kept = Array.from(mask[l]?.w?.data ?? full(w.shape, 1).data).filter((m) => m !== 0).length
        const perWeight = 2 * uses(w.shape, output)
        const biases = FLOAT * (b?.data.length ?? 0)
        return {
          shape: output,
          sum: {
            flops: sum.flops + perWeight * kept,
            bytes:
              sum.bytes +
              FLOAT * kept +
              biases +
              (kept < w.data.length ? Math.ceil(w.data.length / BITS) : 0),
            denseFlops: sum.denseFlops + perWeight * w.data.length,
            denseBytes: sum.denseBytes + FLOAT * w.data.length + biases
          }
        }
      },
      { shape: inputShape, sum: none }
    ).sum
  }
