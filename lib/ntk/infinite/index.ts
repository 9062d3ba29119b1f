/**
 * Networks of infinite width: layers go in, `serial` gives their NNGP and NTK as traced functions of two batches, and the
 * finite network that tends to them. Every layer is an `InfiniteLayer` (layer.ts): a map of covariances.ts and its finite
 * form. A new activation with a closed form is an entry of activation.ts, its expectations in `Dual`.
 */
export { abs, elementwise, type ElementwiseOptions, erf, leakyRelu, rbf, relu, sin } from './activation.js'
export { type AffineOptions, conv2d, type ConvOptions, dense } from './affine.js'
export type { Spatial } from './covariances.js'
export {
  type Ending,
  type InfiniteLayer,
  type InfiniteNetwork,
  type Kernels,
  residual,
  serial,
  type SpatialOptions,
  sum
} from './layer.js'
export { avgPool, flatten, globalAvgPool, identity } from './pooling.js'
