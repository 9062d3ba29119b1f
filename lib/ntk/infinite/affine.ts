import { fail } from '../../core/error.js'
import { ops } from '../../graph/ops/index.js'
import type { Tensor } from '../../graph/tensor.js'
import * as nn from '../../nn/index.js'
import { frameOf, windowOf } from '../../nn/window.js'
import { type Covariances, mapEach } from './covariances.js'
import type { InfiniteLayer } from './layer.js'
import { convolve } from './pooling.js'

/** How an affine layer is scaled, and how wide its finite form is. */
export interface AffineOptions {
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

/** The finite form of a layer, with or without a width of its own. */
const sized = (
  operation: string,
  width: number | undefined,
  layer: (width: number) => nn.Layer
): Pick<InfiniteLayer, 'open' | 'finite'> => {
  // refuses a bad σ or width where it is written, not where a finite network is first built
  layer(width ?? 1)
  return {
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
    const own1 = bias(averaged.own1)
    const nngp = bias(averaged.nngp)
    return {
      ...averaged,
      nngp,
      ntk: ops.add(averaged.ntk)(nngp),
      own1,
      own2: averaged.own2 === averaged.own1 ? own1 : bias(averaged.own2),
      gaussian: true
    }
  }

const finiteOptions = (sigmaW: number, sigmaB: number) =>
  ({ parametrisation: 'ntk', sigmaW, sigmaB, bias: sigmaB !== 0 }) as const

/**
 * A fully connected layer. Its inputs are features: put `infinite.flatten` or `infinite.globalAvgPool` after images.
 */
export const dense = ({ sigmaW = Math.SQRT2, sigmaB = 0, width }: AffineOptions = {}): InfiniteLayer => {
  const limit = limitOf(sigmaW, sigmaB, (t) => t)
  return {
    limit: (input) =>
      input.form === 'vector'
        ? limit(input)
        : fail('ShapeError', 'infinite.dense', 'features [n, d]', 'images; flatten or pool them first'),
    reads: (needed) => needed,
    ending: 'fresh',
    ...sized('infinite.dense', width, (units) => nn.dense(units, finiteOptions(sigmaW, sigmaB)))
  }
}

/** How a convolution is scaled, how wide its finite form is, and where its windows are (as in `nn.conv2d`). */
export interface ConvOptions extends AffineOptions, nn.WindowOptions {}

/**
 * A two-dimensional convolution with `kernel` rows and columns: [n, channels, height, width] → [n, width, oh, ow]. The
 * kernel of two pixels is the mean over their patches, at the same place in both (CNTK: Arora et al., arXiv:1904.11955).
 */
export const conv2d = (
  kernel: nn.Pair,
  { sigmaW = Math.SQRT2, sigmaB = 0, width, ...placement }: ConvOptions = {}
): InfiniteLayer => {
  const operation = 'infinite.conv2d'
  const window = windowOf(operation, kernel, placement)
  return {
    limit: (input) => {
      if (input.form === 'vector')
        return fail('ShapeError', operation, 'images [n, channels, height, width]', 'features')
      const paired = input.form === 'full'
      const frame = frameOf(window, input.own1.shape.slice(1, 3))
      return limitOf(sigmaW, sigmaB, (t, axes) => convolve(window, frame, paired, axes)(t))(input)
    },
    reads: (needed) => needed,
    ending: 'fresh',
    ...sized(operation, width, (channels) =>
      nn.conv2d(channels, kernel, { ...placement, ...finiteOptions(sigmaW, sigmaB) })
    )
  }
}
