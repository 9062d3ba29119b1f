/**
 * Networks of infinite width: layers go in, `serial` gives their NNGP and NTK as traced functions of two batches, and the
 * finite network that tends to them. Every layer is an `InfiniteLayer` (infinite-layer.ts): a map of covariances.ts and its finite
 * form. A new activation with a closed form is an entry of activation.ts, its expectations in `Dual`.
 */
export * from './activation.js'
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
} from './infinite-layer.js'
export * from './linear.js'
