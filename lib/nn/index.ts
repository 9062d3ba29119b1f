export { erf, flatten, pointwise, relu, reshape, tanh } from './activation.js'
export type { AffineOptions } from './affine.js'
export type { Batch, Dataset, Model } from './batch.js'
export { conv2d, type ConvOptions } from './conv.js'
export { dense, type DenseOptions } from './dense.js'
export {
  type MaskedLeaves,
  type Layer,
  type LayerParams,
  type Layerwise,
  type Network,
  type Params,
  serial,
  type Weights,
  weightsOf,
  withWeights
} from './layer.js'
export {
  accuracy,
  correct,
  crossEntropy,
  crossEntropyEach,
  cw,
  dlr,
  kl,
  klEach,
  type Loss,
  margin,
  mse,
  mseEach,
  targetedDlr
} from './loss.js'
export { conv16Conv32Fc100, lenet300100, lenet5, type NetworkOptions, vgg32 } from './networks.js'
export { avgPool, globalAvgPool, maxPool, type PoolOptions } from './pool.js'
export { standardise } from './standardise.js'
export type { Pair, WindowOptions } from './window.js'
