import { plain } from '../../core/plain.js'
import { fail } from '../../core/error.js'
import { checkOptions, option, type OptionKinds } from '../../core/options.js'
import { requireShape } from '../../core/shape.js'
import { ops } from '../../graph/ops/index.js'
import type { Tensor } from '../../graph/tensor.js'
import type { Layer, Network } from '../../nn/index.js'
import { directSum } from './correlation.js'
import {
  type Covariances,
  deviationsOf,
  inputCovariances,
  mapEach,
  type Spatial,
  symmetrised,
  toDiagonal
} from './covariances.js'
import { type FiniteBlock, finiteNetwork, inParts } from './finite-network.js'

/**
 * How the output of a layer depends on its input. `same`: they are equal. `linear`: the output is a fixed linear map of the
 * input. `fresh`: it is linear in the layer's own weights, which are drawn with mean zero after everything before and
 * so uncorrelated with it. `other`: none of these.
 */
export type Ending = 'same' | 'linear' | 'fresh' | 'other'

/** One layer of an infinitely wide network: its limit, and the finite layers that tend to it. */
export interface InfiniteLayer {
  /** From the covariances of the input to those of the output. */
  readonly limit: (input: Covariances) => Covariances
  /** Which pairs of input pixels it needs to compute the given pairs of output pixels. */
  readonly reads: (needed: Spatial) => Spatial
  /** How its output depends on its input. */
  readonly ending: Ending
  /** The number of widths that the finite layers leave open. */
  readonly open: number
  /** The finite layers, in NTK parametrisation, with those widths. */
  readonly finite: (widths: readonly number[]) => FiniteBlock
}

/** The ending of two layers one after the other. */
const then = (first: Ending, second: Ending): Ending =>
  second === 'same' || (second === 'linear' && first !== 'same') ? first : second

/** A layer without an open width. */
export const fixedLayer = (
  layer: Layer,
  {
    limit,
    reads = (needed) => needed,
    ending
  }: Pick<InfiniteLayer, 'limit' | 'ending'> & Partial<Pick<InfiniteLayer, 'reads'>>
): InfiniteLayer => ({ limit, reads, ending, open: 0, finite: () => ({ kind: 'layer', layer }) })

/** The number of widths that several layers leave open. */
const openOf = (layers: readonly InfiniteLayer[]): number => layers.reduce((n, { open }) => n + open, 0)

/** The finite form of each layer, with its part of the widths. */
const distribute = (layers: readonly InfiniteLayer[], widths: readonly number[]): readonly FiniteBlock[] =>
  inParts(
    widths,
    layers.map(({ open }) => open)
  ).map((own, l) => layers[l]!.finite(own))

/** Layers one after the other, as one layer. */
const chain = (layers: readonly InfiniteLayer[]): InfiniteLayer => ({
  limit: (input) => layers.reduce((state, layer) => layer.limit(state), input),
  reads: (needed) => layers.reduceRight((pairs, layer) => layer.reads(pairs), needed),
  ending: layers.reduce<Ending>((known, { ending }) => then(known, ending), 'same'),
  open: openOf(layers),
  finite: (widths) => ({ kind: 'chain', blocks: distribute(layers, widths) })
})

const plus = (a: Covariances, b: Covariances): Covariances => {
  requireShape('infinite.sum', undefined, b.nngp.shape, a.nngp.shape, 'branches with a kernel')
  const own1 = ops.add(b.own1)(a.own1)
  const parts = [a, b].map((state) => {
    const [mine, other] = deviationsOf(state)
    return { ...state.correlation, a: mine, b: other }
  })
  const { below, above } = directSum(parts)
  return {
    ...a,
    correlation: { below, above },
    nngp: ops.add(b.nngp)(a.nngp),
    ntk: ops.add(b.ntk)(a.ntk),
    own1,
    own2: a.own2 === a.own1 && b.own2 === b.own1 ? own1 : ops.add(b.own2)(a.own2),
    gaussian: a.gaussian && b.gaussian
  }
}

const endingOf = (endings: readonly Ending[]): Ending => {
  if (endings.length === 1) return endings[0]!
  if (endings.every((ending) => ending === 'fresh')) return 'fresh'
  return endings.every((ending) => ending === 'same') ? 'linear' : 'other'
}

/**
 * The sum of branches that all read one input (fan-out and fan-in). Kernels of uncorrelated branches add up; m branches that
 * are the identity are m times the input, with m² times its kernel. To be uncorrelated, all other branches must end in a
 * dense or convolutional layer of their own, or all but one if no branch is the identity; another sum is an ArgumentError.
 */
export const sum = plain('ntk.infinite.sum', (...branches: readonly InfiniteLayer[]): InfiniteLayer => {
  const endings = branches.map(({ ending }) => ending)
  const others = branches.filter(({ ending }) => ending !== 'same')
  const copies = branches.length - others.length
  const correlated = others.filter(({ ending }) => ending !== 'fresh').length + Math.min(copies, 1)
  if (branches.length === 0 || correlated > 1)
    fail(
      'ArgumentError',
      'infinite.sum',
      'branches of which all but one end in dense or conv2d',
      branches.length === 0 ? 'none' : endings.join(', ')
    )
  const bundle = mapEach(ops.scale(copies ** 2))
  return {
    limit: (input) =>
      [...(copies > 0 ? [bundle(input)] : []), ...others.map(({ limit }) => limit(input))].reduce(plus),
    reads: (needed) => (branches.some(({ reads }) => reads(needed) === 'full') ? 'full' : 'diagonal'),
    ending: endingOf(endings),
    open: openOf(branches),
    finite: (widths) => ({ kind: 'sum', blocks: distribute(branches, widths) })
  }
})

/** x + branch(x), where the branch is the given layers in order: {@link sum} with the identity. */
export const residual = plain('ntk.infinite.residual', (...layers: readonly InfiniteLayer[]): InfiniteLayer =>
  sum(chain([]), chain(layers))
)

/** The two kernels of an infinitely wide network. */
export type Kernels = {
  /** E f(x1) f(x2) over random parameters, for one output: the prior covariance of the network as a Gaussian process. */
  readonly nngp: Tensor
  /** The neural tangent kernel, for one output; between different outputs it is 0. */
  readonly ntk: Tensor
}

/** Which pixels are paired where the outputs are images. */
export interface SpatialOptions {
  /**
   * `full`: [n1, n2, h, w, h, w]; `diagonal`: [n1, n2, h, w]. Without effect where outputs are features.
   *
   * @defaultValue `'full'`
   */
  readonly spatial?: Spatial
}

const spatialKinds: OptionKinds<SpatialOptions> = { spatial: option.word('full', 'diagonal') }

/** An infinitely wide network; also a layer, so networks nest. */
export interface InfiniteNetwork extends InfiniteLayer {
  /**
   * The kernels between inputs [n1, d] and [n2, d], or images [n, channels, height, width]. A traced function: it runs on
   * every engine and is differentiable in both inputs.
   *
   * @defaultValue `x2` is `x1`
   */
  readonly kernel: (x1: Tensor, x2?: Tensor, options?: SpatialOptions) => Kernels
  /**
   * The finite network in NTK parametrisation, whose kernels tend to these as widths grow. One width for all layers
   * without a width of their own, or one for each of them in order.
   */
  readonly network: (widths: number | readonly number[]) => Network
}

/**
 * The network of the given layers in order.
 *
 * @example
 * import assert from 'node:assert'
 * import { evaluateOn, ndarray, ntk, type Tensor } from 'tangentflow'
 *
 * const { serial, dense, relu } = ntk.infinite
 * const net = serial(dense(), relu, dense())
 * // two inputs at 60 degrees, of length √(d/2), so that units have variance 1
 * const x = ndarray.fromNested([[1, 0], [0.5, Math.sqrt(0.75)]])
 * const { nngp, ntk: theta } = evaluateOn((at: Tensor) => net.kernel(at))(x)
 * assert.ok(Math.abs(nngp.data[1]! - 0.608998) < 1e-6)
 * assert.ok(Math.abs(theta.data[1]! - 0.942331) < 1e-6)
 */
export const serial = plain('ntk.infinite.serial', (...layers: readonly InfiniteLayer[]): InfiniteNetwork => {
  const whole = chain(layers)
  return {
    ...whole,
    kernel: (x1, x2 = x1, options = {}) => {
      const { spatial = 'full' } = checkOptions('infinite.kernel', spatialKinds, options)
      const out = whole.limit(inputCovariances(x1, x2, whole.reads(spatial)))
      const { nngp, ntk } = spatial === 'diagonal' ? toDiagonal(out) : out
      return x1 === x2 ? { nngp: symmetrised(nngp), ntk: symmetrised(ntk) } : { nngp, ntk }
    },
    network: (widths) => {
      const list = typeof widths === 'number' ? new Array<number>(whole.open).fill(widths) : widths
      return list.length === whole.open
        ? finiteNetwork(whole.finite(list))
        : fail('ArgumentError', 'infinite.network', `${whole.open} widths`, `${list.length}`)
    }
  }
})
