import { plain, plainRecord } from '../core/plain.js'
import { checkOptions } from '../core/options.js'
import { fail } from '../core/error.js'
import { showShape } from '../core/shape.js'
import { ops } from '../graph/ops/index.js'
import type { Tensor } from '../graph/tensor.js'
import type { Layer } from './layer.js'
import {
  type Frame,
  framed,
  frameOf,
  imageOf,
  type Pair,
  type Window,
  windowKinds,
  windowOf,
  type WindowOptions
} from '../graph/ops/window.js'

/** How pooling windows are laid over the image; by default side by side (the stride is their size) and without padding. */
export type PoolOptions = WindowOptions

/** The value outside the image: below every value. */
const LOWEST = -Infinity

/** Windows of padded images, and the axes that run through a window. */
interface Windows {
  readonly tensor: Tensor
  readonly axes: readonly number[]
}

/** Windows side by side are a reshape, which costs nothing; others are unfolded. */
const windowsOf = (x: Tensor, { size, stride }: Window, { rows, columns }: Frame): Windows => {
  const [kh, kw] = size
  if (kh !== stride[0] || kw !== stride[1]) return { tensor: ops.unfold(size, stride)(x), axes: [2, 3] }
  const [n, channels] = [x.shape[0]!, x.shape[1]!]
  const [oh, ow] = [rows.count, columns.count]
  const covered = [n, channels, oh * kh, ow * kw]
  const cropped = covered.every((m, axis) => m === x.shape[axis]) ? x : ops.slice([0, 0, 0, 0], covered)(x)
  return { tensor: ops.reshape([n, channels, oh, kh, ow, kw])(cropped), axes: [3, 5] }
}

const pool =
  (operation: string, reduce: (x: Tensor, window: Window, frame: Frame) => Tensor) =>
  (size: Pair, options: PoolOptions): Layer => {
    const window = windowOf(operation, size, {
      stride: size,
      ...checkOptions(operation, windowKinds, options)
    })
    const { padding } = window
    if (typeof padding !== 'string' && padding.some((side, axis) => side >= window.size[axis]!))
      fail('ArgumentError', operation, 'padding smaller than the window', showShape(padding), 'padding')
    return {
      outputShape: (shape) => {
        const image = imageOf(operation, shape)
        const { rows, columns } = frameOf(window, image)
        return [image[0], rows.count, columns.count]
      },
      init: () => ({}),
      apply: () => (x) => reduce(x, window, frameOf(window, (imageOf(operation, x.shape.slice(1)), x.shape)))
    }
  }

const average = pool('nn.avgPool', (x, window, frame) => {
  const { tensor, axes } = windowsOf(framed(x, frame), window, frame)
  return ops.mean(axes)(tensor)
})

const largest = pool('nn.maxPool', (x, window, frame) => {
  const { tensor, axes } = windowsOf(framed(x, frame, LOWEST), window, frame)
  return ops.reduceMax(axes)(tensor)
})

/**
 * The mean of each window, [n, channels, height, width] → [n, channels, oh, ow]. Zeros of the padding count, as they do
 * in PyTorch and Flax by default; rows and columns that fill no window are left out.
 *
 * @example
 * import assert from 'node:assert'
 * import { evaluateOn, ndarray, nn, type Tensor } from 'tangentflow'
 *
 * const pooled = evaluateOn((x: Tensor) => nn.avgPool(2).apply({})(x))(ndarray.fromNested([[[[1, 2], [3, 6]]]]))
 * assert.deepEqual(ndarray.toNested(pooled), [[[[3]]]])
 */
export const avgPool = plain('nn.avgPool', (size: Pair, options: PoolOptions = {}): Layer =>
  average(size, options)
)

/**
 * The largest element of each window, [n, channels, height, width] → [n, channels, oh, ow]. Padding never wins. Where
 * several elements are the largest, they share the derivative evenly, as for `ops.reduceMax`.
 *
 * @example
 * import assert from 'node:assert'
 * import { evaluateOn, ndarray, nn, type Tensor } from 'tangentflow'
 *
 * const pooled = evaluateOn((x: Tensor) => nn.maxPool(2).apply({})(x))(ndarray.fromNested([[[[1, 2], [3, 6]]]]))
 * assert.deepEqual(ndarray.toNested(pooled), [[[[6]]]])
 */
export const maxPool = plain('nn.maxPool', (size: Pair, options: PoolOptions = {}): Layer =>
  largest(size, options)
)

/** The mean over all of each image, [n, channels, height, width] → [n, channels]. */
export const globalAvgPool: Layer = plainRecord('nn.globalAvgPool', {
  outputShape: (shape) => [imageOf('nn.globalAvgPool', shape)[0]],
  init: () => ({}),
  apply: () => (x) => (imageOf('nn.globalAvgPool', x.shape.slice(1)), ops.mean([2, 3])(x))
})
