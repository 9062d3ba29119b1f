export { erf, flatten, pointwise, relu, tanh } from './activation.js'
export type { Batch, Dataset, Model } from './batch.js'
export { dense, type DenseOptions } from './dense.js'
export {
  type Layer,
  type LayerParams,
  type Network,
  type Params,
  serial,
  type Weights,
  weightsOf
} from './layer.js'
export {
  accuracy,
  correct,
  crossEntropy,
  crossEntropyEach,
  dlr,
  kl,
  klEach,
  type Loss,
  margin,
  mse,
  mseEach
} from './loss.js'
