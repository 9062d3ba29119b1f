export { apply, applyConcrete } from './apply.js'
export { countKept, density, erkCounts, uniformCounts, weightShapes } from './density.js'
export { distance, type MaskDistance } from './distance.js'
export { oneShot, oneShotMethods, type OneShot, type OneShotMethod, type OneShotOptions } from './oneshot.js'
export * as score from './score.js'
export {
  objective,
  type Objective,
  type ObjectiveOptions,
  search,
  type SearchEvent,
  type SearchOptions,
  type Ticket
} from './search.js'
export { topK, topKPerLayer, type TopKOptions } from './topk.js'
