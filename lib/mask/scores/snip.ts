import { none } from '../../attack/pgd.js'
import { checkOptions, option, type OptionKinds } from '../../core/options.js'
import { fail } from '../../core/error.js'
import { grad } from '../../diff/index.js'
import type { Key } from '../../graph/key.js'
import { ops } from '../../graph/ops/index.js'
import * as tree from '../../graph/tree.js'
import { crossEntropy } from '../../nn/loss.js'
import type { Batch, Model } from '../../nn/model.js'
import { type Weights, weightsOf } from '../../nn/weights.js'
import { dataScoreKinds, type DataScoreOptions, withBoxOf } from './score.js'
import { checked, ofModel } from '../../nn/require.js'

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

const kinds: OptionKinds<SnipOptions> = { ...dataScoreKinds, batch: option.number }

/**
 * |w ∂L/∂w| for the mean cross-entropy L (SNIP: Lee, Ajanthan, Torr, arXiv:1810.02340, eq. 5), on one batch or as the mean over
 * mini-batches. The examples must divide into whole ones, or it is an ArgumentError.
 */
export const snip = checked('mask.score.snip', ofModel, <P>(model: Model<P>, options: SnipOptions = {}) => {
  const { attack = none, batch: size, ...leaves } = checkOptions('mask.score.snip', kinds, options)
  return withBoxOf(attack, (params: P, batch: Batch, key: Key): Weights<P> => {
    const { x } = attack(model)(params, batch, key)
    const count = x.shape[0]!
    const each = size ?? count
    if (!(Number.isInteger(each) && each >= 1 && count % each === 0))
      fail('ArgumentError', 'mask.score.snip', `mini-batches into which ${count} divides`, `${each}`, 'batch')
    const rows = (from: number) => ops.sliceAxis(0, from, from + each)
    const sizes = Array.from({ length: count / each }, (_, i) => {
      const loss = (p: P) => crossEntropy(rows(i * each)(batch.y))(model(p)(rows(i * each)(x)))
      const gradient = weightsOf(grad(loss)(params), leaves)
      return tree.zipWith(gradient, (w, g) => ops.abs(ops.mul(g)(w)))(weightsOf(params, leaves))
    })
    const total = sizes.reduce((a, b) => tree.zipWith(b, (x1, x2) => ops.add(x2)(x1))(a))
    return tree.map(ops.scale(each / count))(total)
  })
})
