/**
 * Masks: which weights of a network stay. A mask or a score is a tree of numbers like the weights. {@link oneShot} and
 * {@link iterative} make masks from a score of `scores/`; {@link learn} lets scores descend an objective, and {@link search} (tickets)
 * and {@link transfer} are that with an objective each. All take concrete parameters, a data set and a key, and need an engine.
 * To add a score, see `scores/index.ts`; a new search is an objective for `learn` (objective.ts is a ticket's); a new way from scores to a mask goes to
 * `parametrisation.ts`.
 */
export { erkCounts, type LayerAllocation, uniformCounts } from './allocation.js'
export { apply, applyConcrete } from './apply.js'
export { cost, type MaskCost } from './cost.js'
export { edgePopupStart, hydraStart, trainingLoss } from './edge-popup.js'
export { learn } from './learn.js'
export type {
  LearnEvent,
  LearnOptions,
  LearnResult,
  LossTerms,
  MaskObjective,
  ObjectiveInput,
  Rescoring,
  TrainableWeights
} from './learn-step.js'
export { countKept, density, emptyLayers, weightShapes } from './masked-leaves.js'
export {
  distance,
  type MaskDistance,
  objective,
  type ObjectiveTerms,
  type ObjectiveOptions
} from './objective.js'
export {
  iterative,
  type IterativeOptions,
  oneShot,
  type OneShot,
  type OneShotMethod,
  oneShotMethods,
  type OneShotOptions
} from './one-shot.js'
export * as parametrisation from './parametrisation.js'
export type { Annealing, GradualOptions, HardConcreteOptions, Parametrisation } from './parametrisation.js'
export type { GraspOptions } from './scores/grasp.js'
export { score } from './scores/index.js'
export type { KernelTraceOptions } from './scores/kernel-trace.js'
export { type DataScoreOptions, magnitudes, type Score } from './scores/score.js'
export type { SnipOptions } from './scores/snip.js'
export { matching, search, type SearchEvent, type SearchOptions, type Ticket } from './search.js'
export { type Sparsity, topK, topKMaskOf, type TopKOptions, topKPerLayer } from './top-k.js'
export { transfer, type TransferEvent, type TransferOptions, type Transferred } from './transfer.js'
