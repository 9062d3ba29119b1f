/**
 * Training. {@link fit} takes a model, concrete parameters, a data set and a key to trained parameters, under attack and under a
 * mask if asked, and can be saved and resumed. `train-step.ts` has one step as a traced function, `fit-plan.ts` what is fixed before
 * the first one. Add an objective to `objective.ts`, a recipe of several trainings to `train-and-prune.ts`, an optimiser or a schedule
 * to `lib/nn`.
 */
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
export { adamW, type AdamWOptions, clipNorm, type DecayOptions, weightDecay } from '../nn/step-rules.js'
export * as schedule from '../nn/schedule.js'
export type { Store } from '../checkpoint/checkpoint.js'
export type { Checkpointing } from '../checkpoint/run-steps.js'
export { fit } from './fit.js'
export type { Best, Validation } from './fit-options.js'
export { meanLoss, type MeanLossOptions } from './mean-loss.js'
export { distances, type Recorded, type Trajectory } from './trajectory.js'
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
export { type FitEvent, type FitOptions, type FitResult, patience, type Validate } from './fit-options.js'
export { type Scheduled, type TrainStepOptions, trainStep } from './train-step.js'
export {
  paramsAfter,
  type Pruned,
  type PruneOptions,
  rewind,
  type RewindOptions,
  type Rewound,
  threeStage,
  type ThreeStage,
  type ThreeStageOptions,
  trainAndPrune
} from './train-and-prune.js'
