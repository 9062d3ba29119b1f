import { fail } from '../../core/error.js'
import { ops } from '../../graph/ops/index.js'
import type { Tensor } from '../../graph/tensor.js'
import * as nn from '../../nn/index.js'
import { type Frame, frameOf, type Window, windowOf } from '../../nn/window.js'
import { type Covariances, mapEach, mapOwn, toDiagonal } from './covariances.js'
import { fixedLayer, type InfiniteLayer } from './infinite-layer.js'

/** How an affine layer is scaled, and how wide its finite form is. */
export interface InfiniteDenseOptions {
  /**
   * σ_w: weights are N(0, σ_w²/fan-in).
   *
   * @defaultValue √2
   */
  readonly sigmaW?: number
  /**
   * σ_b: biases are N(0, σ_b²).
   *
   * @defaultValue 0
   */
  readonly sigmaB?: number
  /**
   * Units (channels) of the finite layer.
   *
   * @defaultValue given to `network`
   */
  readonly width?: number
}

/** A layer with weights of its own, whose finite form has the given width or an open one. */
const affineLayer = (
  operation: string,
  width: number | undefined,
  layer: (width: number) => nn.Layer,
  limit: InfiniteLayer['limit']
): InfiniteLayer => {
  // refuses a bad σ or width where it is written, not where a finite network is first built
  layer(width ?? 1)
  return {
    limit,
    reads: (needed) => needed,
    ending: 'fresh',
    open: width === undefined ? 1 : 0,
    finite: ([given]) => ({
      kind: 'layer',
      layer: layer(width ?? given ?? fail('ArgumentError', operation, 'a width', 'none'))
    })
  }
}

/**
 * K = σ_w² A(K before) + σ_b² and Θ = K + σ_w² A(Θ before), with A the mean over what one unit sums (Jacot, Gabriel,
 * Hongler, arXiv:1806.07572; Arora et al., arXiv:1904.11955): the layer's own weights and bias contribute K, earlier ones
 * their Θ times the weights between.
 */
const limitOf =
  (sigmaW: number, sigmaB: number, average: (t: Tensor, batchAxes: number) => Tensor) =>
  (input: Covariances): Covariances => {
    const averaged = mapEach((t, axes) => ops.scale(sigmaW ** 2)(average(t, axes)))(input)
    const bias = ops.add(sigmaB ** 2)
    const nngp = bias(averaged.nngp)
    return { ...averaged, nngp, ntk: ops.add(averaged.ntk)(nngp), ...mapOwn(bias)(averaged), gaussian: true }
  }

const finiteOptions = (sigmaW: number, sigmaB: number) =>
  ({ parametrisation: 'ntk', sigmaW, sigmaB, bias: sigmaB !== 0 }) as const

/**
 * A fully connected layer. Its inputs are features: put `infinite.flatten` or `infinite.globalAvgPool` after images.
 */
export const dense = ({
  sigmaW = Math.SQRT2,
  sigmaB = 0,
  width
}: InfiniteDenseOptions = {}): InfiniteLayer => {
  const operation = 'infinite.dense'
  const layer = (units: number): nn.Layer => nn.dense(units, finiteOptions(sigmaW, sigmaB))
  return affineLayer(operation, width, layer, (input) =>
    input.form === 'vector'
      ? limitOf(sigmaW, sigmaB, (t) => t)(input)
      : fail('ShapeError', operation, 'features [n, d]', 'images; flatten or pool them first')
  )
}

/** Windows along one axis of an image: their size, their distance, the zeros before and after, and their number. */
interface Span {
  readonly size: number
  readonly stride: number
  readonly low: number
  readonly high: number
  readonly count: number
}

/** Rows and columns. */
const spansOf = ({ size, stride }: Window, { rows, columns }: Frame): readonly [Span, Span] => [
  { size: size[0], stride: stride[0], ...rows },
  { size: size[1], stride: stride[1], ...columns }
]

/** The mean over each window, moving along all the given axes at once; zeros outside the image count. */
const meanAlong =
  ({ size, stride, low, high, count }: Span, axes: readonly number[]) =>
  (t: Tensor): Tensor => {
    if (size === 1 && stride === 1 && low === 0 && high === 0) return t
    const onAxes = (value: number, elsewhere: (axis: number) => number): number[] =>
      t.shape.map((_, axis) => (axes.includes(axis) ? value : elsewhere(axis)))
    const none = (): number => 0
    const wide = low === 0 && high === 0 ? t : ops.pad(onAxes(low, none), onAxes(high, none))(t)
    return Array.from({ length: size }, (_, at) =>
      ops.slice(
        onAxes(at, none),
        onAxes(at + (count - 1) * stride + 1, (axis) => t.shape[axis]!),
        onAxes(stride, () => 1)
      )(wide)
    )
      .map(ops.scale(1 / size))
      .reduce((sum, part) => ops.add(part)(sum))
  }

/**
 * The mean over the patches of a convolution. In [h, w, h, w] both pixels move together, in [h, w] there is only one; all
 * places of a patch have the same weight, so rows and columns are averaged one after the other.
 */
const convolve = (window: Window, frame: Frame, paired: boolean, batchAxes: number) => {
  const [rows, columns] = spansOf(window, frame)
  const along = (axis: number): number[] =>
    paired ? [batchAxes + axis, batchAxes + axis + 2] : [batchAxes + axis]
  return (t: Tensor): Tensor => meanAlong(columns, along(1))(meanAlong(rows, along(0))(t))
}

/** The mean over both pixels' windows: each of the four axes of [h, w, h, w] on its own. */
const pool = (window: Window, frame: Frame, batchAxes: number) => {
  const [rows, columns] = spansOf(window, frame)
  return (t: Tensor): Tensor =>
    [rows, columns, rows, columns].reduce((u, span, axis) => meanAlong(span, [batchAxes + axis])(u), t)
}

/** How a convolution is scaled, how wide its finite form is, and where its windows are (as in `nn.conv2d`). */
export interface InfiniteConvOptions extends InfiniteDenseOptions, nn.WindowOptions {}

/**
 * A two-dimensional convolution with `kernel` rows and columns: [n, channels, height, width] → [n, width, oh, ow]. The
 * kernel of two pixels is the mean over their patches, at the same place in both (CNTK: Arora et al., arXiv:1904.11955).
 */
export const conv2d = (
  kernel: nn.Pair,
  { sigmaW = Math.SQRT2, sigmaB = 0, width, ...placement }: InfiniteConvOptions = {}
): InfiniteLayer => {
  const operation = 'infinite.conv2d'
  const window = windowOf(operation, kernel, placement)
  const layer = (channels: number): nn.Layer =>
    nn.conv2d(channels, kernel, { ...placement, ...finiteOptions(sigmaW, sigmaB) })
  return affineLayer(operation, width, layer, (input) => {
    if (input.form === 'vector')
      return fail('ShapeError', operation, 'images [n, channels, height, width]', 'features')
    const paired = input.form === 'full'
    const frame = frameOf(window, input.own1.shape.slice(1, 3))
    return limitOf(sigmaW, sigmaB, (t, axes) => convolve(window, frame, paired, axes)(t))(input)
  })
}

/** x, unchanged. */
export const identity: InfiniteLayer = fixedLayer(
  nn.pointwise((x) => x),
  { limit: (input) => input, ending: 'same' }
)

/** The last axes that are not those of the batch. */
const inner = (t: Tensor, batchAxes: number): number[] =>
  t.shape.map((_, axis) => axis).filter((axis) => axis >= batchAxes)

const averaged = mapEach((t, batchAxes) => ops.mean(inner(t, batchAxes))(t))

/**
 * Every example as one axis. Later layers never combine features of different pixels, so the kernel is the mean over pairs
 * of equal pixels, and the layers before need no others.
 */
export const flatten: InfiniteLayer = fixedLayer(nn.flatten, {
  limit: (input) => (input.form === 'vector' ? input : { ...averaged(toDiagonal(input)), form: 'vector' }),
  reads: () => 'diagonal',
  ending: 'linear'
})

/** Refuses features. */
const requireImages = (operation: string, { form }: Covariances): void => {
  if (form !== 'full') fail('ShapeError', operation, 'images [n, channels, height, width]', 'features')
}

/**
 * The mean of each window, placed as in `nn.avgPool`. It mixes pixels, so all layers before it need the
 * covariance of every pair of pixels: n1 · n2 · (height · width)² numbers.
 */
export const avgPool = (size: nn.Pair, options: nn.PoolOptions = {}): InfiniteLayer => {
  const operation = 'infinite.avgPool'
  const window = windowOf(operation, size, { stride: size, ...options })
  return fixedLayer(nn.avgPool(size, options), {
    limit: (input) => {
      requireImages(operation, input)
      const frame = frameOf(window, input.own1.shape.slice(1, 3))
      return mapEach((t, batchAxes) => pool(window, frame, batchAxes)(t))(input)
    },
    reads: () => 'full',
    ending: 'linear'
  })
}

/** The mean over all of each image, [n, channels, height, width] → [n, channels]; cost as {@link avgPool}. */
export const globalAvgPool: InfiniteLayer = fixedLayer(nn.globalAvgPool, {
  limit: (input) => {
    requireImages('infinite.globalAvgPool', input)
    return { ...averaged(input), form: 'vector' }
  },
  reads: () => 'full',
  ending: 'linear'
})
