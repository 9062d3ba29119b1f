import { none } from '../../attack/pgd.js'
import { fail } from '../../core/error.js'
import { grad } from '../../diff/index.js'
import type { Key } from '../../graph/key.js'
import { ops } from '../../graph/ops/index.js'
import type { Tensor } from '../../graph/tensor.js'
import type { Batch, Model } from '../../nn/model.js'
import { type Params, type Weights, weightsOf } from '../../nn/layer.js'
import { crossEntropy } from '../../nn/loss.js'
import { mapMasked } from '../masked-leaves.js'
import type { DataScoreOptions } from './score.js'

/** The options of SNIP. */
export interface SnipOptions extends DataScoreOptions {
  /**
   * Examples of one gradient. With fewer than all, the score is the mean over mini-batches, which replaces the cancelling
   * signs of one large batch by what a step of SGD would see.
   *
   * @defaultValue all examples
   */
  readonly batch?: number
}

/**
 * |w ∂L/∂w| for the mean cross-entropy L (SNIP: Lee, Ajanthan, Torr, arXiv:1810.02340, eq. 5), on one batch or as the mean over
 * mini-batches. The examples must divide into whole ones, or it is an ArgumentError.
 */
export const snip =
  (model: Model<Params>, { attack = none, batch: size, ...leaves }: SnipOptions = {}) =>
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
    return mapMasked((p: Tensor, l, name) => {
      const sizes = gradients.map((gradient) => ops.abs(ops.mul(gradient[l]![name]!)(p)))
      return ops.scale(each / count)(sizes.reduce((a, b) => ops.add(b)(a)))
    })(weightsOf(params, leaves))
  }
