import { plain, plainRecord } from '../core/plain.js'
import { requireFinite, requirePositive } from '../core/check.js'
import { fail } from '../core/error.js'
import { type Shape, showShape, sizeOf } from '../core/shape.js'
import { ops } from '../graph/ops/index.js'
import type { Tensor } from '../graph/tensor.js'
import type { Layer } from './layer.js'

/** A layer without parameters that keeps the shape. */
export const pointwise = plain('nn.pointwise', (f: (x: Tensor) => Tensor): Layer => ({
  outputShape: (shape) => shape,
  init: () => ({}),
  apply: () => f
}))

/** max(x, 0), with derivative 0 at 0. */
export const relu = pointwise(ops.relu)
/** The hyperbolic tangent as a layer. */
export const tanh = pointwise(ops.tanh)
/** The error function, as in kernels with a closed form (Williams, "Computing with infinite networks", 1997). */
export const erf = pointwise(ops.erf)

/**
 * (x − mean) / deviation, the same for every element: images are standardised inside the network, so that attacks and their ε
 * stay in the units of the images. A deviation that is not above 0 is an ArgumentError. `data.moments` has both numbers.
 *
 * @example
 * import assert from 'node:assert'
 * import { evaluateOn, ndarray, nn, type Tensor } from 'tangentflow'
 *
 * const net = nn.serial(nn.standardise(0.5, 0.25))
 * const out = evaluateOn((x: Tensor) => net.apply([{}])(x))(ndarray.fromNested([[0, 0.5, 1]]))
 * assert.deepEqual(ndarray.toNested(out), [[-2, 0, 2]])
 */
export const standardise = plain('nn.standardise', (mean: number, deviation: number): Layer => {
  requireFinite('nn.standardise', 'mean', mean)
  requirePositive('nn.standardise', 'deviation', deviation)
  return pointwise((x) => ops.div(deviation)(ops.add(-mean)(x)))
})

/** Every example as one axis: [n, …] → [n, size]. */
export const flatten: Layer = plainRecord('nn.flatten', {
  outputShape: (shape) => [sizeOf(shape)],
  init: () => ({}),
  apply: () => (x) => ops.reshape([x.shape[0]!, sizeOf(x.shape.slice(1))])(x)
})

/** Every example in another shape of as many elements: [n, …] → [n, …shape]. */
export const reshape = plain('nn.reshape', (shape: Shape): Layer => ({
  outputShape: (from) =>
    sizeOf(from) === sizeOf(shape)
      ? shape
      : fail('ShapeError', 'nn.reshape', `examples of ${sizeOf(shape)} elements`, showShape(from)),
  init: () => ({}),
  apply: () => (x) => ops.reshape([x.shape[0]!, ...shape])(x)
}))
