export * as infinite from './infinite/index.js'
export type { KernelBlock } from './block.js'
export { cosineSimilarity, relativeDistance } from './distance.js'
export { empiricalNtk, type KernelOptions, layerKernels } from './empirical.js'
export { jacobians } from './jacobians.js'
export { type AttackShift, attackShift, jointNtk, type KernelBlocks, kernelBlocks } from './joint.js'
export type { MaskedOptions, MaskForm, MaskTree } from './masked.js'
export type { Method } from './methods.js'
export { mixedNtk } from './mixed.js'
export { type CostPrediction, predictCost } from './cost.js'
export type { KernelForm, Outputs } from './problem.js'
export { forEachBlock, tiled, type TiledOptions, type TileEvent } from './tiled.js'
export { ntkVectorProduct } from './vector-product.js'
export { alignment, type AlignmentOptions, labelAlignment } from './alignment.js'
export { drift } from './drift.js'
export type { ToleranceOptions } from './eigen-function.js'
export { linearised } from './linearised.js'
export type { OdeOptions } from './ode.js'
export {
  type AdversarialOptions,
  type AdversarialPrediction,
  predictAdversarial
} from './predict-adversarial.js'
export { type DescentOptions, predictDescent } from './predict-descent.js'
export { type MseOptions, predictMse } from './predict-mse.js'
export {
  type EnsembleOptions,
  type EnsemblePrediction,
  type Gaussian,
  type LimitKernels,
  predictEnsemble
} from './predict-ensemble.js'
export { type FlowOptions, predictOde } from './predict-ode.js'
export type { Dynamics } from './predict-response.js'
export type { Prediction, TestInputs } from './predict-setting.js'
export { maxLearningRate, type RateOptions } from './rates.js'
export { kernelRegression, type Regression, type RegressionOptions } from './regression.js'
export { effectiveRank, type RankMeasure } from './spectrum-rank.js'
export { type ModeResidual, modeResiduals } from './spectrum-residuals.js'
export { spectrum, type Spectrum } from './spectrum.js'
