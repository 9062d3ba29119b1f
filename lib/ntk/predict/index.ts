/**
 * Predictions of training from a kernel, for the model linearised at its start: Θ(X, X), outputs at the start and targets go in,
 * outputs at the given times come out. predict-mse.ts and predict-ensemble.ts have closed forms for squared error,
 * predict-ode.ts steps and flow under any loss, predict-adversarial.ts flow under attacks; dynamics.ts has the linearised
 * model and the response of its modes. A new predictor takes its checks from prediction.ts.
 */
export { type Dynamics, linearised, maxLearningRate, type RateOptions } from './dynamics.js'
export type { OdeOptions } from './integrate.js'
export * from './predict-adversarial.js'
export * from './predict-ensemble.js'
export {
  kernelRegression,
  type MseOptions,
  predictMse,
  type Regression,
  type RegressionOptions
} from './predict-mse.js'
export { type DescentOptions, type FlowOptions, predictDescent, predictOde } from './predict-ode.js'
export type { Prediction, PredictionOptions, TestInputs } from './prediction.js'
