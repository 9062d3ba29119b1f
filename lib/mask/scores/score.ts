import { fail } from '../core/error.js'
import { grad } from '../diff/index.js'
import { fold, type Key } from '../graph/key.js'
import * as ops from '../graph/ops/index.js'
import * as random_ from '../graph/random.js'
import type { Tensor } from '../graph/tensor.js'
import * as tree from '../graph/tree.js'
import { none } from '../attack/attack.js'
import type { Attack, Batch, Model } from '../nn/batch.js'
import { type MaskedLeaves, type Params, type Weights, weightsOf } from '../nn/layer.js'
import { crossEntropy } from '../nn/loss.js'
import { mapMasked, streamOf } from './masked-leaves.js'

export { grasp, type GraspOptions } from './score/grasp.js'
export { kernelTrace, type KernelTraceOptions } from './score/kernel-trace.js'
export { synflow } from './score/synflow.js'

// Scores are trees over the weights of a network, and its biases where asked; larger is kept. A bias is scored by the formula of
// a weight, so that biases that start at 0 score 0 by all but `random`.

/** Uniform noise in [0, 1), a stream of its own for each leaf: with layer counts, a random mask. */
export const random =
  (key: Key, covering: MaskedLeaves = {}) =>
  (params: Params): Weights =>
    mapMasked(({ shape }: Tensor, l, part) =>
      random_.uniform(shape)(fold(streamOf(params.length, l, part))(key))
    )(weightsOf(params, covering))

/** |w| (Han, Pool, Tran, Dally, arXiv:1506.02626); layer by layer as a rule, since layers differ in scale. */
export const magnitude = (params: Params, covering: MaskedLeaves = {}): Weights =>
  tree.map(ops.abs)(weightsOf(params, covering))

/** What a score that looks at data needs. */
export interface DataScoreOptions extends MaskedLeaves {
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
  (model: Model<Params>, { attack = none, batch: size, ...covering }: SnipOptions = {}) =>
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
    return mapMasked((p: Tensor, l, part) => {
      const sizes = gradients.map((gradient) => ops.abs(ops.mul(gradient[l]![part]!)(p)))
      return ops.scale(each / count)(sizes.reduce((a, b) => ops.add(b)(a)))
    })(weightsOf(params, covering))
  }
