import { fail } from '../core/error.js'
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

/** What SNIP needs. */
export interface SnipOptions extends DataScoreOptions {
  /**
   * Examples of one gradient; all of them together unless given. With fewer, the score is the mean over mini-batches, which
   * takes the place of the cancelling signs of one large batch by what a step of SGD would see.
   */
  readonly batch?: number
}

/**
 * |w ∂L/∂w| for the mean cross-entropy L (SNIP: Lee, Ajanthan, Torr, arXiv:1810.02340, eq. 5), on one batch or as the mean over
 * mini-batches. The examples must divide into whole ones, or it is an ArgumentError.
 */
export const snip =
  (model: Model<Params>, { attack = none, batch: size }: SnipOptions = {}) =>
  (params: Params, batch: Batch, key: Key): Weights => {
    const { x } = attack(model)(params, batch, key)
    const count = x.shape[0]!
    const each = size ?? count
    if (!(Number.isInteger(each) && each >= 1 && count % each === 0))
      fail('ArgumentError', 'mask.score.snip', `mini-batches into which ${count} divides`, `${each}`, 'batch')
    const rows = (from: number) => ops.sliceAxis(0, from, from + each)
    const gradients = Array.from({ length: count / each }, (_, i) =>
      grad((p: Params) => crossEntropy(rows(i * each)(batch.y))(model(p)(rows(i * each)(x))))(params)
    )
    return weightsOf(params).map(({ w }, l) => {
      if (w === undefined) return {}
      const sizes = gradients.map((gradient) => ops.abs(ops.mul(gradient[l]!.w!)(w)))
      return { w: ops.scale(each / count)(sizes.reduce((a, b) => ops.add(b)(a))) }
    })
  }
