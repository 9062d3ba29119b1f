import { checkOptions, option, type OptionKinds } from '../../core/options.js'
import { requireWhole } from '../../core/check.js'
import { fail } from '../../core/error.js'
import { sameShape, showShape } from '../../core/shape.js'
import type { Tensor } from '../tensor.js'
import { einsum } from './einsum.js'
import { reshape, slice, stack, unfold } from './reshape.js'
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
} from './window.js'

/** How a convolution is laid over the image, and which channels it joins; by default with stride 1 and no padding. */
export interface ConvPlacement extends WindowOptions {
  /** Rows and columns from one element of the kernel to the next. @defaultValue 1 */
  readonly dilation?: Pair
  /**
   * Parts of the channels, of equal size, each of which has its own part of the results: as many as channels is a depthwise
   * convolution.
   *
   * @defaultValue 1
   */
  readonly groups?: number
}

/** The kinds of {@link ConvPlacement}. */
export const placementKinds: OptionKinds<ConvPlacement> = {
  ...windowKinds,
  dilation: option.pair,
  groups: option.number
}

/** What is at each place of windows along an axis of images, as a new axis `at` a place before it. */
const tapsAlong =
  (axis: number, at: number, size: number, stride: number, dilation: number, count: number) =>
  (x: Tensor): Tensor => {
    const along = (value: number, others: readonly number[]): number[] => others.with(axis, value)
    const taps = Array.from({ length: size }, (_, tap) => {
      const start = tap * dilation
      const limit = start + (count - 1) * stride + 1
      const none = x.shape.map(() => 0)
      const ones = x.shape.map(() => 1)
      return slice(along(start, none), along(limit, x.shape), along(stride, ones))(x)
    })
    return stack(at)(taps)
  }

/** Windows of images, [..., H, W] → [..., kh, kw, oh, ow]; those whose elements are apart by kh + kw slices, rows first. */
const windowsOf = (x: Tensor, { size, stride, dilation }: Window, { rows, columns }: Frame): Tensor => {
  if (dilation[0] === 1 && dilation[1] === 1) return unfold(size, stride)(x)
  const rank = x.shape.length
  const tall = tapsAlong(rank - 2, rank - 2, size[0], stride[0], dilation[0], rows.count)(x)
  return tapsAlong(rank, rank - 1, size[1], stride[1], dilation[1], columns.count)(tall)
}

/** The number of groups, which divides the channels of the results. */
export const requireGroups = (operation: string, groups: number, channels: number): number =>
  channels % requireWhole(operation, 'groups', groups, 1) === 0
    ? groups
    : fail('ArgumentError', operation, `a divisor of ${channels} channels`, `${groups}`, 'groups')

/** The cross-correlation of images with kernels, whose windows are placed. */
export const correlate =
  (window: Window, groups: number) =>
  (w: Tensor) =>
  (x: Tensor): Tensor => {
    const { operation } = window
    const [channels] = imageOf(operation, x.shape.slice(1))
    const [n, out] = [x.shape[0]!, w.shape[0] ?? 0]
    const own = [channels / groups, ...window.size]
    if (channels % groups !== 0)
      return fail('ShapeError', operation, `images of a multiple of ${groups} channels`, showShape(x.shape))
    if (!sameShape(w.shape.slice(1), own))
      return fail(
        'ShapeError',
        operation,
        `weights [out, ${own.join(', ')}] for images of ${showShape(x.shape)}`,
        showShape(w.shape)
      )
    const frame = frameOf(window, x.shape)
    if (groups === 1) return einsum('ncijyx,ocij->noyx')(windowsOf(framed(x, frame), window, frame), w)
    const parts = reshape([n, groups, channels / groups, ...x.shape.slice(2)])(x)
    const patches = windowsOf(framed(parts, frame), window, frame)
    const y = einsum('ngcijyx,gocij->ngoyx')(patches, reshape([groups, out / groups, ...own])(w))
    return reshape([n, out, ...y.shape.slice(3)])(y)
  }

/**
 * A two-dimensional convolution (the cross-correlation that networks call so), data-last: images [n, in, height, width] and
 * weights [out, in / groups, kh, kw] give [n, out, oh, ow]. y[n, o, r, s] = Σ_cij w[o, c, i, j] ·
 * x[n, c, r·stride + i·dilation, s·stride + j·dilation] on the padded image, c over the channels of o's group. It is
 * `ops.unfold` and one contraction, which engines that have convolutions recognise; with a dilation the windows are joined
 * from slices, and in memory. Numbers that are not whole, and groups that do not divide the results, are an ArgumentError,
 * shapes that do not fit a ShapeError.
 *
 * @example
 * import assert from 'node:assert'
 * import { evaluateOn, ndarray, ops, type Tensor } from 'tangentflow'
 *
 * const image = ndarray.fromNested([[[[1, 2, 3], [4, 5, 6], [7, 8, 9]]]])
 * const corners = (w: Tensor, x: Tensor) => ops.conv2d(w, { dilation: 2 })(x)
 * const out = evaluateOn(corners)(ndarray.full([1, 1, 2, 2], 1), image)
 * assert.deepEqual(ndarray.toNested(out), [[[[1 + 3 + 7 + 9]]]])
 */
export const conv2d =
  (w: Tensor, options: ConvPlacement = {}) =>
  (x: Tensor): Tensor => {
    const operation = 'ops.conv2d'
    const { dilation = 1, groups = 1, ...placement } = checkOptions(operation, placementKinds, options)
    const [out, , kh, kw, ...more] = w.shape
    if (out === undefined || kh === undefined || kw === undefined || more.length > 0)
      return fail('ShapeError', operation, 'weights [out, in, kh, kw]', showShape(w.shape))
    const window = windowOf(operation, [kh, kw], placement, dilation)
    return correlate(window, requireGroups(operation, groups, out))(w)(x)
  }
