import { checkOptions, option, type OptionKinds } from '../core/options.js'
import { flatten, relu, reshape } from './pointwise.js'
import { affineKinds, type AffineOptions, dense } from './affine.js'
import { conv2d } from './conv2d.js'
import { type Layer, type Network, serial } from './layer.js'
import { maxPool } from './pool.js'

/** The number of outputs, and how every layer starts and is scaled. */
export interface NetworkOptions extends AffineOptions {
  /** @defaultValue 10 */
  readonly classes?: number
}

const kinds: OptionKinds<NetworkOptions> = { ...affineKinds, classes: option.number }

/** Dense layers of the given widths, each followed by a ReLU, then the outputs. */
const head = (widths: readonly number[], { classes = 10, ...options }: NetworkOptions): readonly Layer[] => [
  flatten,
  ...widths.flatMap((width) => [dense(width, options), relu]),
  dense(classes, options)
]

/** A convolution of 3 × 3 that keeps the size of the image. */
const convolved = (channels: number, options: AffineOptions): Layer =>
  conv2d(channels, 3, { padding: 'same', ...options })

/**
 * 2 × 2 max pooling of rectified images. The maximum of rectified values is the rectified maximum, and so are the derivatives;
 * this way a quarter is left to rectify.
 */
const pooled: readonly Layer[] = [maxPool(2), relu]

/**
 * LeNet-300-100: two hidden dense layers of 300 and 100 units (LeCun, Bottou, Bengio, Haffner, "Gradient-based learning
 * applied to document recognition", 1998, sec. III-C-4), with ReLUs. Examples of any shape.
 *
 * @example
 * import assert from 'node:assert'
 * import { key, nn } from 'tangentflow'
 *
 * const weights = nn.weightsOf(nn.lenet300100().init(key(0), [1, 28, 28])).flatMap(({ w }) => (w ? [w.shape] : []))
 * assert.deepEqual(weights, [[784, 300], [300, 100], [100, 10]])
 */
export const lenet300100 = (options: NetworkOptions = {}): Network =>
  serial(...head([300, 100], checkOptions('nn.lenet300100', kinds, options)))

/**
 * LeNet-5 for 28 × 28 images of one channel (LeCun et al., 1998, fig. 2), in the form networks are pruned in: 5 × 5
 * convolutions of 6 (padded by 2) and 16 channels, each with a ReLU and 2 × 2 max pooling, dense layers of 120 and 84. The
 * images may come flat.
 */
export const lenet5 = (options: NetworkOptions = {}): Network => {
  const { classes: _, ...each } = checkOptions('nn.lenet5', kinds, options)
  return serial(
    reshape([1, 28, 28]),
    conv2d(6, 5, { padding: 2, ...each }),
    ...pooled,
    conv2d(16, 5, each),
    ...pooled,
    ...head([120, 84], options)
  )
}

/**
 * For 28 × 28 images of one channel, which may come flat: 3 × 3 convolutions of 16 and 32 channels, each with a ReLU and
 * 2 × 2 max pooling, and a dense layer of 100.
 */
export const conv16Conv32Fc100 = (options: NetworkOptions = {}): Network => {
  const { classes: _, ...each } = checkOptions('nn.conv16Conv32Fc100', kinds, options)
  return serial(
    reshape([1, 28, 28]),
    ...[16, 32].flatMap((channels) => [convolved(channels, each), ...pooled]),
    ...head([100], options)
  )
}

/**
 * A small VGG (Simonyan and Zisserman, arXiv:1409.1556) for 32 × 32 images of three channels, which may come flat: for
 * each of the given widths (by default 32, 64, 128) two 3 × 3 convolutions and 2 × 2 max pooling, then a dense layer of 128.
 */
export const vgg32 = (asked: NetworkOptions & { readonly widths?: readonly number[] } = {}): Network => {
  const all = checkOptions('nn.vgg32', { ...kinds, widths: option.list }, asked)
  const { widths = [32, 64, 128], ...options } = all
  const { classes: _, ...each } = options
  return serial(
    reshape([3, 32, 32]),
    ...widths.flatMap((channels) => [convolved(channels, each), relu, convolved(channels, each), ...pooled]),
    ...head([128], options)
  )
}
