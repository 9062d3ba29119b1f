/**
 * Scores of weights at initialisation, as traced functions: `mask.score`. Each has a file (random and magnitude
 * share score.ts) with its function, which takes a model or a network and options, then parameters, examples and a key, and
 * gives a tree of numbers like the weights. To add one, write its file and give it an entry of `score` and a row of `methods`, both here: then `mask.oneShot`
 * knows it by that name. A row in lib/experiment/methods/index.ts makes experiments know it.
 */
import type { NetworkLike } from '../../nn/layer.js'
import type { MaskedLeaves } from '../../nn/weights.js'
import type { LayerAllocation } from '../allocation.js'
import { grasp } from './grasp.js'
import { kernelTrace } from './kernel-trace.js'
import { type DataScoreOptions, magnitude, random, type Score } from './score.js'
import { snip, type SnipOptions } from './snip.js'
import { synflow } from './synflow.js'

/** Every score as a function: `mask.score.snip(model)(params, batch, key)`. */
export const score = { random, magnitude, snip, grasp, synflow, kernelTrace } as const

/** How `mask.oneShot` uses a score: what it is given, and how kept weights are allocated and how often it is taken by default. */
interface ScoreMethod {
  readonly score: <P>(network: NetworkLike<P>, options: SnipOptions) => Score<P>
  readonly layers: LayerAllocation
  readonly rounds: number
}

/** The options that scores other than SNIP have: a size of mini-batches is its own. */
const dataOptionsOf = ({ batch: _, ...options }: SnipOptions): DataScoreOptions => options

const leavesOf = ({ biases = false }: MaskedLeaves): MaskedLeaves => ({ biases })

/** Every score, one row each. */
export const methods = {
  random: {
    score: (_network, options) => (params, _batch, key) => random(key, leavesOf(options))(params),
    layers: 'erk',
    rounds: 1
  },
  magnitude: {
    score: (_network, options) => (params) => magnitude(params, leavesOf(options)),
    layers: 'uniform',
    rounds: 1
  },
  snip: { score: ({ apply }, options) => snip(apply, options), layers: 'global', rounds: 1 },
  grasp: { score: ({ apply }, options) => grasp(apply, dataOptionsOf(options)), layers: 'global', rounds: 1 },
  synflow: {
    score: ({ apply }, options) => synflow(apply, leavesOf(options)),
    layers: 'global',
    rounds: 100
  },
  kernelTrace: {
    score: (network, options) => kernelTrace(network, dataOptionsOf(options)),
    layers: 'global',
    rounds: 1
  }
} as const satisfies Readonly<Record<string, ScoreMethod>>
