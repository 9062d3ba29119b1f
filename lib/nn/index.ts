/**
 * Networks. A {@link Layer} has the shapes it maps, an initialisation and a traced function; {@link serial} joins layers to a
 * {@link Network}, whose `apply` is a `Model`: parameters to a function of a batch. Beside them are losses, optimisers and schedules.
 * Add a layer as a file of its own, or to `pointwise.ts` if it has no parameters, a loss to `loss.ts`, a whole network to
 * `networks.ts`.
 */
export { erf, flatten, pointwise, relu, reshape, standardise, tanh } from './pointwise.js'
export { record, residual } from './block.js'
export { dropout } from './dropout.js'
export { groupNorm, layerNorm, type NormOptions } from './norm.js'
export { type AffineOptions, dense, type DenseOptions } from './affine.js'
export type { Batch, Dataset, Model } from './model.js'
export { centred } from './centred.js'
export { conv2d, type ConvOptions } from './conv2d.js'
export {
  type Block,
  type Layer,
  type LayerParams,
  type Network,
  type NetworkLike,
  type Params,
  type ParamsOf,
  type InSeries,
  serial
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
export { type MaskedLeaves, type Weights, weightsOf, withWeights } from './weights.js'
export type { Pair, WindowOptions } from '../graph/ops/window.js'
