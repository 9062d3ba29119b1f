import { plain, plainRecord } from '../../core/plain.js'
import { checkOptions, option, type OptionKinds } from '../../core/options.js'
import { fail } from '../../core/error.js'
import { ops } from '../../graph/ops/index.js'
import type { Tensor } from '../../graph/tensor.js'
import * as nn from '../../nn/index.js'
import { frameOf, windowKinds, windowOf } from '../../graph/ops/window.js'
import { type CorrelationGaps, reciprocalRootOf } from './arc-cosine.js'
import {
  type CorrelatedUnits,
  directSum,
  mapCorrelation,
  vectorCorrelation,
  whereMoving
} from './correlation.js'
import { convolve, convolveUnits, pool } from './convolve.js'
import {
  type Covariances,
  deviationsOf,
  mapEach,
  mapOwn,
  toDiagonal,
  withRoundedCorrelation
} from './covariances.js'
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

const denseKinds: OptionKinds<InfiniteDenseOptions> = {
  sigmaW: option.number,
  sigmaB: option.number,
  width: option.number
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

/** The units of two batches as one pair each. */
const unitsOf = (state: Covariances): CorrelatedUnits => {
  const [a, b] = deviationsOf(state)
  return { ...state.correlation, a, b }
}

/** The correlation after weights of σ_w and a bias of σ_b, which all units share. */
const withBias = (
  sigmaW: number,
  sigmaB: number,
  { a, b, below, above }: CorrelatedUnits
): CorrelationGaps => {
  if (sigmaB === 0) return { below, above }
  const one = (value: number, like: Tensor): Tensor => ops.fill(value, like.shape)
  const sum = directSum([
    { a: ops.scale(sigmaW)(a), b: ops.scale(sigmaW)(b), below, above },
    { a: one(sigmaB, a), b: one(sigmaB, b), below: one(0, below), above: one(2, above) }
  ])
  return { below: sum.below, above: sum.above }
}

/**
 * K = σ_w² A(K before) + σ_b² and Θ = K + σ_w² A(Θ before), with A the mean over what one unit sums (Jacot, Gabriel,
 * Hongler, arXiv:1806.07572; Arora et al., arXiv:1904.11955): the layer's own weights and bias contribute K, earlier ones
 * their Θ times the weights between.
 */
const limitOf =
  (
    sigmaW: number,
    sigmaB: number,
    average: (t: Tensor, batchAxes: number) => Tensor,
    combine: (units: CorrelatedUnits) => CorrelatedUnits
  ) =>
  (input: Covariances): Covariances => {
    const averaged = mapEach((t, axes) => ops.scale(sigmaW ** 2)(average(t, axes)))(input)
    const bias = ops.add(sigmaB ** 2)
    const nngp = bias(averaged.nngp)
    return {
      ...averaged,
      nngp,
      ntk: ops.add(averaged.ntk)(nngp),
      ...mapOwn(bias)(averaged),
      correlation: withBias(sigmaW, sigmaB, combine(unitsOf(input))),
      gaussian: true
    }
  }

const finiteOptions = (sigmaW: number, sigmaB: number) =>
  ({ parametrisation: 'ntk', sigmaW, sigmaB, bias: sigmaB !== 0 }) as const

/**
 * A fully connected layer. Its inputs are features: put `infinite.flatten` or `infinite.globalAvgPool` after images.
 */
export const dense = plain('ntk.infinite.dense', (options: InfiniteDenseOptions = {}): InfiniteLayer => {
  const operation = 'infinite.dense'
  const { sigmaW = Math.SQRT2, sigmaB = 0, width } = checkOptions(operation, denseKinds, options)
  const layer = (units: number): nn.Layer => nn.dense(units, finiteOptions(sigmaW, sigmaB))
  return affineLayer(operation, width, layer, (input) =>
    input.form === 'vector'
      ? limitOf(
          sigmaW,
          sigmaB,
          (t) => t,
          (units) => units
        )(input)
      : fail('ShapeError', operation, 'features [n, d]', 'images; flatten or pool them first')
  )
})

/** How a convolution is scaled, how wide its finite form is, and where its windows are (as in `nn.conv2d`). */
export interface InfiniteConvOptions extends InfiniteDenseOptions, nn.WindowOptions {}

const convKinds: OptionKinds<InfiniteConvOptions> = { ...denseKinds, ...windowKinds }

/**
 * A two-dimensional convolution with `kernel` rows and columns: [n, channels, height, width] → [n, width, oh, ow]. The
 * kernel of two pixels is the mean over their patches, at the same place in both (CNTK: Arora et al., arXiv:1904.11955).
 */
export const conv2d = plain(
  'ntk.infinite.conv2d',
  (kernel: nn.Pair, options: InfiniteConvOptions = {}): InfiniteLayer => {
    const operation = 'infinite.conv2d'
    checkOptions(operation, convKinds, options)
    const { sigmaW = Math.SQRT2, sigmaB = 0, width, ...placement } = options
    const window = windowOf(operation, kernel, placement)
    const layer = (channels: number): nn.Layer =>
      nn.conv2d(channels, kernel, { ...placement, ...finiteOptions(sigmaW, sigmaB) })
    return affineLayer(operation, width, layer, (input) => {
      if (input.form === 'vector')
        return fail('ShapeError', operation, 'images [n, channels, height, width]', 'features')
      const paired = input.form === 'full'
      const frame = frameOf(window, input.own1.shape.slice(1, 3))
      return limitOf(
        sigmaW,
        sigmaB,
        (t, axes) => convolve(window, frame, paired, axes)(t),
        (units) => {
          const { a, b, ...correlation } = convolveUnits(window, frame, paired)(units)
          const mean = ops.scale(1 / Math.sqrt(window.size[0] * window.size[1]))
          return { a: mean(a), b: mean(b), ...correlation }
        }
      )(input)
    })
  }
)

/** x, unchanged. */
export const identity: InfiniteLayer = plainRecord(
  'ntk.infinite.identity',
  fixedLayer(
    nn.pointwise((x) => x),
    { limit: (input) => input, ending: 'same' }
  )
)

/** The last axes that are not those of the batch. */
const inner = (t: Tensor, batchAxes: number): number[] =>
  t.shape.map((_, axis) => axis).filter((axis) => axis >= batchAxes)

const averaged = mapEach((t, batchAxes) => ops.mean(inner(t, batchAxes))(t))

/** The correlation of all units of two images: Σ a_p b_p (1 − c_p) and Σ a_p b_p less ab, as between the vectors of deviations. */
const flatCorrelation = (state: Covariances): CorrelationGaps => {
  const [a, b] = deviationsOf(state).map((t, side) =>
    ops.reshape([t.shape[side]!, t.shape[2]! * t.shape[3]!])(t)
  ) as [Tensor, Tensor]
  const inner = (x: Tensor, y: Tensor): Tensor => ops.einsum('np,np->n')(x, y)
  const lengths = vectorCorrelation(a, b, {
    cross: ops.einsum('np,mp->nm'),
    own: [
      (x, y) => ops.reshape([x.shape[0]!, 1])(inner(x, y)),
      (x, y) => ops.reshape([1, x.shape[0]!])(inner(x, y))
    ]
  })
  const per = (t: Tensor): Tensor => reciprocalRootOf(ops.sum(1)(ops.square(t)))
  const weighted = (t: Tensor): Tensor =>
    ops.einsum('np,mp,nmp,n,m->nm')(a, b, ops.reshape([...t.shape.slice(0, 2), -1])(t), per(a), per(b))
  const { below, above } = mapCorrelation(state.correlation, weighted)
  const ab = ops.mul(ops.reshape([1, -1])(per(b)))(ops.reshape([-1, 1])(per(a)))
  return whereMoving(ab, { below: ops.add(lengths.below)(below), above: ops.add(lengths.below)(above) })
}

/**
 * Every example as one axis. Later layers never combine features of different pixels, so the kernel is the mean over pairs
 * of equal pixels, and the layers before need no others.
 */
export const flatten: InfiniteLayer = plainRecord(
  'ntk.infinite.flatten',
  fixedLayer(nn.flatten, {
    limit: (input) => {
      if (input.form === 'vector') return input
      const images = toDiagonal(input)
      return { ...averaged(images), correlation: flatCorrelation(images), form: 'vector' }
    },
    reads: () => 'diagonal',
    ending: 'linear'
  })
)

/** Refuses features. */
const requireImages = (operation: string, { form }: Covariances): void => {
  if (form !== 'full') fail('ShapeError', operation, 'images [n, channels, height, width]', 'features')
}

/**
 * The mean of each window, placed as in `nn.avgPool`. It mixes pixels, so all layers before it need the
 * covariance of every pair of pixels: n1 · n2 · (height · width)² numbers.
 */
export const avgPool = plain(
  'ntk.infinite.avgPool',
  (size: nn.Pair, options: nn.PoolOptions = {}): InfiniteLayer => {
    const operation = 'infinite.avgPool'
    const window = windowOf(operation, size, {
      stride: size,
      ...checkOptions(operation, windowKinds, options)
    })
    return fixedLayer(nn.avgPool(size, options), {
      limit: (input) => {
        requireImages(operation, input)
        const frame = frameOf(window, input.own1.shape.slice(1, 3))
        return withRoundedCorrelation(mapEach((t, batchAxes) => pool(window, frame, batchAxes)(t))(input))
      },
      reads: () => 'full',
      ending: 'linear'
    })
  }
)

/** The mean over all of each image, [n, channels, height, width] → [n, channels]; cost as {@link avgPool}. */
export const globalAvgPool: InfiniteLayer = plainRecord(
  'ntk.infinite.globalAvgPool',
  fixedLayer(nn.globalAvgPool, {
    limit: (input) => {
      requireImages('infinite.globalAvgPool', input)
      return withRoundedCorrelation({ ...averaged(input), form: 'vector' })
    },
    reads: () => 'full',
    ending: 'linear'
  })
)
