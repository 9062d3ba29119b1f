import { fail } from '../core/error.js'
import { type Shape, showShape, sizeOf } from '../core/shape.js'
import * as ops from '../graph/ops/index.js'
import type { Tensor } from '../graph/tensor.js'
import type { Layer } from './layer.js'

/** A layer without parameters that keeps the shape. */
export const pointwise = (f: (x: Tensor) => Tensor): Layer => ({
  outputShape: (shape) => shape,
  init: () => ({}),
  apply: () => f
})

/** max(x, 0), with derivative 0 at 0. */
export const relu = pointwise(ops.relu)
/** The hyperbolic tangent as a layer. */
export const tanh = pointwise(ops.tanh)
/** The error function, as in kernels with a closed form (Williams, "Computing with infinite networks", 1997). */
export const erf = pointwise(ops.erf)

/** Every example as one axis: [n, …] → [n, size]. */
export const flatten: Layer = {
  outputShape: (shape) => [sizeOf(shape)],
  init: () => ({}),
  apply: () => (x) => ops.reshape([x.shape[0]!, sizeOf(x.shape.slice(1))])(x)
}

/** Every example in another shape of as many elements: [n, …] → [n, …shape]. */
export const reshape = (shape: Shape): Layer => ({
  outputShape: (from) =>
    sizeOf(from) === sizeOf(shape)
      ? shape
      : fail('ShapeError', 'nn.reshape', `examples of ${sizeOf(shape)} elements`, showShape(from)),
  init: () => ({}),
  apply: () => (x) => ops.reshape([x.shape[0]!, ...shape])(x)
})
