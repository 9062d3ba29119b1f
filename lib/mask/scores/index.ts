/**
 * Scores of weights at initialisation, as traced functions: `mask.score`. Each has a file with its function, which takes a model
 * or a network and options, then parameters, examples and a key, and gives a tree of numbers like the weights. To add one,
 * write its file and give it a row in the table `methods`; then `mask.oneShot` and experiments know it by that name.
 */
import type { Network } from '../../nn/layer.js'
import type { LayerAllocation } from '../allocation.js'
import { grasp } from './grasp.js'
import { kernelTrace } from './kernel-trace.js'
import { magnitude } from './magnitude.js'
import { random } from './random.js'
import type { Score } from './score.js'
import { snip, type SnipOptions } from './snip.js'
import { synflow } from './synflow.js'

export { grasp, type GraspOptions } from './grasp.js'
export { kernelTrace, type KernelTraceOptions } from './kernel-trace.js'
export { magnitude } from './magnitude.js'
export { random } from './random.js'
export type { DataScoreOptions } from './score.js'
export { snip, type SnipOptions } from './snip.js'
export { synflow } from './synflow.js'

/** How `mask.oneShot` uses a score: what it is given, and how kept weights are allocated and how often it is taken by default. */
interface Method {
  readonly score: (network: Network, options: SnipOptions) => Score
  readonly layers: LayerAllocation
  readonly rounds: number
}

/** Every score, one row each. */
export const methods = {
  random: {
    score: (_network, options) => (params, _batch, key) => random(key, options)(params),
    layers: 'erk',
    rounds: 1
  },
  magnitude: {
    score: (_network, options) => (params) => magnitude(params, options),
    layers: 'uniform',
    rounds: 1
  },
  snip: { score: ({ apply }, options) => snip(apply, options), layers: 'global', rounds: 1 },
  grasp: { score: ({ apply }, options) => grasp(apply, options), layers: 'global', rounds: 1 },
  synflow: { score: ({ apply }, options) => synflow(apply, options), layers: 'global', rounds: 100 },
  kernelTrace: { score: kernelTrace, layers: 'global', rounds: 1 }
} as const satisfies Readonly<Record<string, Method>>
