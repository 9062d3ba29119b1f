import { plain } from '../core/plain.js'
import { checkOptions, option, type OptionKinds } from '../core/options.js'
import { requirePositive, requireWhole } from '../core/check.js'
import { fail } from '../core/error.js'
import { full, zeros } from '../core/ndarray.js'
import { type Shape, showShape } from '../core/shape.js'
import { ops } from '../graph/ops/index.js'
import { imageOf } from '../graph/ops/window.js'
import type { Tensor } from '../graph/tensor.js'
import type { Layer } from './layer.js'

/** How elements are normalised. */
export interface NormOptions {
  /** What is added to the variance. @defaultValue 1e-5, as in PyTorch */
  readonly epsilon?: number
}

const kinds: OptionKinds<NormOptions> = { epsilon: option.number }

/** (x − mean) / √(variance + ε) over an axis, the variance with 1/n. */
const normalised = (axis: number, epsilon: number, x: Tensor): Tensor => {
  const mean = ops.mean(axis, { keepDims: true })
  const centred = ops.sub(mean(x))(x)
  return ops.div(ops.sqrt(ops.add(epsilon)(mean(ops.square(centred)))))(centred)
}

/** A layer that normalises, then scales by gains w and adds biases b, which start at 1 and 0. */
const norm = (
  operation: string,
  options: NormOptions,
  width: (shape: Shape) => number,
  normalise: (x: Tensor, epsilon: number) => Tensor,
  along: (p: Tensor, x: Tensor) => Tensor
): Layer => {
  const { epsilon = 1e-5 } = checkOptions(operation, kinds, options)
  requirePositive(operation, 'epsilon', epsilon)
  return {
    outputShape: (shape) => (width(shape), shape),
    init: (_, shape) => ({ w: full([width(shape)], 1), b: zeros([width(shape)]) }),
    apply:
      ({ w, b }) =>
      (x) =>
        w === undefined || b === undefined
          ? fail('TreeError', operation, 'gains and biases', 'none', w === undefined ? 'w' : 'b')
          : ops.add(along(b, x))(ops.mul(along(w, x))(normalise(x, epsilon)))
  }
}

/**
 * Layer normalisation over the last axis of each example (Ba, Kiros, Hinton, arXiv:1607.06450): (x − mean) / √(variance + ε)
 * · w + b, with gains w and biases b of the size of that axis. They are no weights to masks, which cover leaves of two axes.
 *
 * @example
 * import assert from 'node:assert'
 * import { evaluateOn, key, ndarray, nn, type Tensor } from 'tangentflow'
 *
 * const layer = nn.layerNorm()
 * const out = evaluateOn((p: nn.LayerParams, x: Tensor) => layer.apply(p)(x))(
 *   layer.init(key(0), [2]),
 *   ndarray.fromNested([[1, 3]])
 * )
 * assert.ok(Math.abs(out.data[0]! + 1) < 1e-4 && Math.abs(out.data[1]! - 1) < 1e-4)
 */
export const layerNorm = plain('nn.layerNorm', (options: NormOptions = {}): Layer =>
  norm(
    'nn.layerNorm',
    options,
    (shape) => shape.at(-1) ?? fail('ShapeError', 'nn.layerNorm', 'examples of an axis', showShape(shape)),
    (x, epsilon) => normalised(-1, epsilon, x),
    (p) => p
  )
)

/**
 * Group normalisation of images [n, channels, height, width] (Wu and He, arXiv:1803.08494): mean and variance over all pixels of
 * each of `groups` equal parts of the channels, gains and biases for each channel. Groups that do not divide the channels are a
 * ShapeError.
 */
export const groupNorm = plain('nn.groupNorm', (groups: number, options: NormOptions = {}): Layer => {
  const operation = 'nn.groupNorm'
  requireWhole(operation, 'groups', groups, 1)
  const channelsOf = (shape: Shape): number => {
    const [channels] = imageOf(operation, shape)
    return channels % groups === 0
      ? channels
      : fail('ShapeError', operation, `images of a multiple of ${groups} channels`, showShape(shape))
  }
  return norm(
    operation,
    options,
    channelsOf,
    (x, epsilon) => {
      channelsOf(x.shape.slice(1))
      const parts = ops.reshape([x.shape[0]!, groups, -1])(x)
      return ops.reshape(x.shape)(normalised(-1, epsilon, parts))
    },
    (p) => ops.reshape([p.shape[0]!, 1, 1])(p)
  )
})
