export * as infinite from './infinite/index.js'
export type { KernelBlock } from './tiled/block.js'
export { cosineSimilarity, relativeDistance } from './spectrum/distance.js'
export { empiricalNtk, type KernelOptions, layerKernels } from './empirical/empirical-ntk.js'
export { jacobians } from './empirical/jacobians.js'
export {
  type AttackShift,
  attackShift,
  jointNtk,
  type KernelBlocks,
  kernelBlocks
} from './empirical/joint.js'
export type { MaskedOptions, MaskForm, MaskTree } from './empirical/masked.js'
export type { Method } from './empirical/methods.js'
export { mixedNtk } from './empirical/mixed-ntk.js'
export { type CostPrediction, predictCost } from './empirical/predict-cost.js'
export type { KernelForm, Outputs } from './empirical/kernel-problem.js'
export { forEachBlock, tiled, type TiledOptions, type TileEvent } from './tiled/tiled.js'
export { ntkVectorProduct } from './empirical/vector-product.js'
export { alignment, type AlignmentOptions, labelAlignment } from './spectrum/alignment.js'
export { drift } from './spectrum/drift.js'
export type { ToleranceOptions } from './spectrum/matrix-function.js'
export { linearised } from './predict/linearised.js'
export type { OdeOptions } from './predict/integrate.js'
export {
  type AdversarialOptions,
  type AdversarialPrediction,
  predictAdversarial
} from './predict/predict-adversarial.js'
export { type DescentOptions, predictDescent } from './predict/predict-descent.js'
export { type MseOptions, predictMse } from './predict/predict-mse.js'
export {
  type EnsembleOptions,
  type EnsemblePrediction,
  type Gaussian,
  type LimitKernels,
  predictEnsemble
} from './predict/predict-ensemble.js'
export { type FlowOptions, predictOde } from './predict/predict-ode.js'
export type { Dynamics } from './predict/dynamics.js'
export type { Prediction, TestInputs } from './predict/prediction.js'
export { maxLearningRate, type RateOptions } from './predict/rates.js'
export { kernelRegression, type Regression, type RegressionOptions } from './predict/regression.js'
export { effectiveRank, type RankMeasure } from './spectrum/spectrum-rank.js'
export { type ModeResidual, modeResiduals } from './spectrum/spectrum-residuals.js'
export { spectrum, type Spectrum } from './spectrum/spectrum.js'
