import { pipe } from 'fp-ts/lib/function.js'
import { grad } from '../diff/index.js'
import { fold, type Key } from '../graph/key.js'
import * as ops from '../graph/ops/index.js'
import * as random_ from '../graph/random.js'
import * as tree from '../graph/tree.js'
import { none } from '../attack/attack.js'
import type { Attack, Batch, Model } from '../nn/batch.js'
import { type Params, type Weights, weightsOf } from '../nn/layer.js'
import { crossEntropy } from '../nn/loss.js'

export { grasp, type GraspOptions } from './score/grasp.js'
export { kernelTrace, type KernelTraceOptions } from './score/kernel-trace.js'
export { synflow } from './score/synflow.js'

// Scores are trees over the weights of a network; larger is kept.

/** Uniform noise in [0, 1), a stream of its own for each layer: with layer counts, a random mask. */
export const random =
  (key: Key) =>
  (params: Params): Weights =>
    params.map(({ w }, l) => (w === undefined ? {} : { w: random_.uniform(w.shape)(fold(l)(key)) }))

/** |w| (Han, Pool, Tran, Dally, arXiv:1506.02626); layer by layer as a rule, since layers differ in scale. */
export const magnitude = (params: Params): Weights => tree.map(ops.abs)(weightsOf(params))

/** What a score that looks at data needs. */
export interface DataScoreOptions {
  /** The inputs on which the score is taken: attacked ones, or as they are (the default). */
  readonly attack?: Attack
}

/** |w ∂L/∂w| for the mean cross-entropy L (SNIP: Lee, Ajanthan, Torr, arXiv:1810.02340). */
export const snip =
  (model: Model<Params>, { attack = none }: DataScoreOptions = {}) =>
  (params: Params, batch: Batch, key: Key): Weights => {
    const { x } = attack(model)(params, batch, key)
    const gradient = grad((p: Params) => crossEntropy(batch.y)(model(p)(x)))(params)
    return pipe(
      weightsOf(params),
      tree.zipWith(weightsOf(gradient), (w, g) => ops.abs(ops.mul(g)(w)))
    )
  }
