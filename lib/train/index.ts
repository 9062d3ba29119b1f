export {
  adam,
  type AdamOptions,
  momentum,
  type Optimised,
  type Optimiser,
  type OptimiserState,
  initialState,
  sgd
} from '../nn/optimiser.js'
export * as schedule from '../nn/schedule.js'
export { distances, type Trajectory } from './dynamics.js'
export { fit, type Fitted, type FitEvent, type FitOptions, trainStep } from './fit.js'
