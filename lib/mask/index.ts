export { type LayerAllocation } from './allocation.js'
export { topKMaskOf, emptyLayers } from './choose.js'
export { iterative, type IterativeOptions, type Score } from './iterative.js'
export type { OneShot } from './sample.js'
export { apply, applyConcrete } from './apply.js'
export { cost, type MaskCost } from './cost.js'
export { countKept, density, erkCounts, uniformCounts, weightShapes } from './density.js'
export { distance, type MaskDistance } from './distance.js'
export { oneShot, oneShotMethods, type OneShotMethod, type OneShotOptions } from './oneshot.js'
export * as score from './score.js'
export { objective, type Objective, type ObjectiveOptions } from './objective.js'
export * as parametrisation from './parametrisation.js'
export type { Annealing, HardConcreteOptions, Sparsity, Parametrisation } from './parametrisation.js'
export { learn } from './learn.js'
export type {
  LearnEvent,
  LearnOptions,
  LearnResult,
  MaskObjective,
  TrainableWeights,
  LossTerms,
  ObjectiveInput
} from './learn-options.js'
export { magnitudes } from './magnitude.js'
export { matching, search, type SearchEvent, type SearchOptions, type Ticket } from './search.js'
export { hydraStart, edgePopupStart, trainingLoss } from './edge-popup.js'
export { transfer, type TransferEvent, type TransferOptions, type Transferred } from './transfer.js'
export { topK, topKPerLayer, type TopKOptions } from './topk.js'
