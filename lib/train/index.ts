export {
  adam,
  type AdamOptions,
  momentum,
  type TrainState,
  type Optimiser,
  type OptimiserState,
  initialState,
  sgd
} from '../nn/optimiser.js'
export * as schedule from '../nn/schedule.js'
export type { Store } from '../checkpoint/checkpoint.js'
export type { Checkpointing } from '../checkpoint/run-steps.js'
export { distances, type Trajectory } from './dynamics.js'
export { fit } from './fit.js'
export type { Best, Recorded, Validation } from './history.js'
export {
  adversarial,
  type AttackOf,
  fgsmRs,
  type FgsmRsOptions,
  mart,
  type MartOptions,
  mixed,
  type Objective,
  trades,
  type TradesOptions
} from './objective.js'
export { type FitEvent, type FitOptions, type FitResult, patience, type Validate } from './options.js'
export { type Scheduled, type StepOptions, trainStep } from './step.js'
export { paramsAfter, type Pruned, type PruneOptions, trainAndPrune } from './pruned.js'
export { rewind, type RewindOptions, type Rewound } from './rewind.js'
export { threeStage, type ThreeStage, type ThreeStageOptions } from './three-stage.js'
