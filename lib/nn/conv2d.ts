import { fail } from '../core/error.js'
import { sameShape, showShape } from '../core/shape.js'
import { ops } from '../graph/ops/index.js'
import type { Tensor } from '../graph/tensor.js'
import { affine, type AffineOptions } from './affine.js'
import type { Layer } from './layer.js'
import { framed, frameOf, imageOf, type Pair, type Window, windowOf, type WindowOptions } from './window.js'

/** How a convolution starts, is scaled, and is laid over the image; by default with stride 1 and no padding. */
export interface ConvOptions extends AffineOptions, WindowOptions {}

const operation = 'nn.conv2d'

const correlate =
  (window: Window) =>
  (w: Tensor) =>
  (x: Tensor): Tensor => {
    const [channels] = imageOf(operation, x.shape.slice(1))
    if (!sameShape(w.shape.slice(1), [channels, ...window.size]))
      return fail(
        'ShapeError',
        operation,
        `weights [out, ${channels}, ${window.size.join(', ')}] for images of ${showShape(x.shape)}`,
        showShape(w.shape)
      )
    const patches = ops.unfold(window.size, window.stride)(framed(x, frameOf(window, x.shape)))
    return ops.einsum('ncijyx,ocij->noyx')(patches, w)
  }

/**
 * A two-dimensional convolution (the cross-correlation that networks call so), [n, in, height, width] → [n, channels, oh,
 * ow], with weights [channels, in, kh, kw] and biases [channels]: y[n, o, r, s] = b[o] + Σ_cij w[o, c, i, j] ·
 * x[n, c, r·stride + i, s·stride + j] on the padded image. It is `ops.unfold` and one contraction, which engines that
 * have convolutions recognise. The fan-in is in · kh · kw. A window, stride or padding that is no whole number is an
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
export const conv2d = (channels: number, kernel: Pair, options: ConvOptions = {}): Layer => {
  const window = windowOf(operation, kernel, options)
  return affine(
    {
      operation,
      outputShape: (shape) => {
        const { rows, columns } = frameOf(window, imageOf(operation, shape))
        return [channels, rows.count, columns.count]
      },
      weights: (shape) => [channels, imageOf(operation, shape)[0], ...window.size],
      fanIn: (weights) => weights[1]! * weights[2]! * weights[3]!,
      fanOut: (weights) => weights[0]! * weights[2]! * weights[3]!,
      width: channels,
      product: correlate(window),
      along: (b) => ops.reshape([channels, 1, 1])(b)
    },
    options
  )
}
