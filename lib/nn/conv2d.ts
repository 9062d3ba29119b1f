import { plain } from '../core/plain.js'
import { checkOptions, type OptionKinds } from '../core/options.js'
import { ops } from '../graph/ops/index.js'
import { type ConvPlacement, correlate, placementKinds, requireGroups } from '../graph/ops/conv2d.js'
import { frameOf, imageOf, type Pair, windowOf } from '../graph/ops/window.js'
import { fail } from '../core/error.js'
import { type Shape, showShape } from '../core/shape.js'
import { affine, affineKinds, type AffineOptions } from './affine.js'
import type { Layer } from './layer.js'

/** How a convolution starts, is scaled, and is laid over the image; by default with stride 1 and no padding. */
export interface ConvOptions extends AffineOptions, ConvPlacement {}

const operation = 'nn.conv2d'

const kinds: OptionKinds<ConvOptions> = { ...affineKinds, ...placementKinds }

/**
 * A two-dimensional convolution (the cross-correlation that networks call so), [n, in, height, width] → [n, channels, oh,
 * ow], with weights [channels, in / groups, kh, kw] and biases [channels]: the convolution of `ops.conv2d`, and b[o] at each
 * place of result o. The fan-in is in / groups · kh · kw. A window, stride or padding that is no whole number is an
 * ArgumentError, an image smaller than the window a ShapeError.
 *
 * @example
 * import assert from 'node:assert'
 * import { evaluateOn, ndarray, nn, type Tensor } from 'tangentflow'
 *
 * const net = nn.serial(nn.conv2d(1, 2, { bias: false }))
 * const sums = [{ w: ndarray.fromNested([[[[1, 1], [1, 1]]]]) }]
 * const image = ndarray.fromNested([[[[1, 2, 3], [4, 5, 6], [7, 8, 9]]]])
 * const out = evaluateOn((p: nn.Params, x: Tensor) => net.apply(p)(x))(sums, image)
 * assert.deepEqual(ndarray.toNested(out), [[[[12, 16], [24, 28]]]])
 */
export const conv2d = plain('nn.conv2d', (channels: number, kernel: Pair, asked: ConvOptions = {}): Layer => {
  const { dilation = 1, groups = 1, ...options } = checkOptions(operation, kinds, asked)
  const window = windowOf(operation, kernel, options, dilation)
  requireGroups(operation, groups, channels)
  const inputsOf = (shape: Shape): number => {
    const [inputs] = imageOf(operation, shape)
    return inputs % groups === 0
      ? inputs / groups
      : fail('ShapeError', operation, `images of a multiple of ${groups} channels`, showShape(shape))
  }
  return affine(
    {
      operation,
      outputShape: (shape) => {
        const { rows, columns } = frameOf(window, imageOf(operation, shape))
        return [channels, rows.count, columns.count]
      },
      weights: (shape) => [channels, inputsOf(shape), ...window.size],
      fanIn: (weights) => weights[1]! * weights[2]! * weights[3]!,
      fanOut: (weights) => (weights[0]! / groups) * weights[2]! * weights[3]!,
      width: channels,
      product: correlate(window, groups),
      along: (b) => ops.reshape([channels, 1, 1])(b)
    },
    options
  )
})
