import { fail } from '../../core/error.js'
import type { Tensor } from '../../graph/tensor.js'
import type { Network } from '../../nn/index.js'
import { networkOf } from './block.js'
import { chain } from './chain.js'
import { ofInputs, type Spatial, toDiagonal } from './covariances.js'
import type { InfiniteLayer } from './layer.js'

/** The two kernels of an infinitely wide network. */
export type Kernels = {
  /** E f(x1) f(x2) over random parameters, for one output: the prior covariance of the network as a Gaussian process. */
  readonly nngp: Tensor
  /** The neural tangent kernel, for one output; between different outputs it is 0. */
  readonly ntk: Tensor
}

/** Which pixels are paired where the outputs are images. */
export interface SpatialOptions {
  /** `full`: [n1, n2, h, w, h, w] (the default); `diagonal`: [n1, n2, h, w]. Without effect on networks with features as outputs. */
  readonly spatial?: Spatial
}

/** An infinitely wide network; also a layer, so networks nest. */
export interface InfiniteNetwork extends InfiniteLayer {
  /**
   * The kernels between inputs [n1, d] and [n2, d], or images [n, channels, height, width]; x2 = x1 unless given. A traced
   * function: it runs on every engine and is differentiable in both.
   */
  readonly kernel: (x1: Tensor, x2?: Tensor, options?: SpatialOptions) => Kernels
  /**
   * The finite network in NTK parametrisation, whose kernels tend to these as widths grow. One width for all layers that
   * have none of their own, or one for each of them in order.
   */
  readonly network: (widths: number | readonly number[]) => Network
}

/**
 * Layers one after the other.
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
export const serial = (...layers: readonly InfiniteLayer[]): InfiniteNetwork => {
  const whole = chain(layers)
  return {
    ...whole,
    kernel: (x1, x2 = x1, { spatial = 'full' } = {}) => {
      const out = whole.limit(ofInputs(x1, x2, whole.reads(spatial)))
      const { nngp, ntk } = spatial === 'diagonal' ? toDiagonal(out) : out
      return { nngp, ntk }
    },
    network: (widths) => {
      const list = typeof widths === 'number' ? new Array<number>(whole.open).fill(widths) : widths
      return list.length === whole.open
        ? networkOf(whole.finite(list))
        : fail('ArgumentError', 'infinite.network', `${whole.open} widths`, `${list.length}`)
    }
  }
}
