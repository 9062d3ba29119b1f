import { pipe } from 'fp-ts/lib/function.js'
import { checkOptions, option, type OptionKinds } from '../../core/options.js'
import { requirePositive } from '../../core/check.js'
import { grad, hvp } from '../../diff/index.js'
import type { Key } from '../../graph/key.js'
import { ops } from '../../graph/ops/index.js'
import type { Tensor } from '../../graph/tensor.js'
import * as tree from '../../graph/tree.js'
import { none } from '../../attack/pgd.js'
import { crossEntropy } from '../../nn/loss.js'
import type { Batch, Model } from '../../nn/model.js'
import { type Weights, weightsOf, withWeights } from '../../nn/weights.js'
import { dataScoreKinds, type DataScoreOptions, withBoxOf } from './score.js'
import { checked, ofModel } from '../../nn/require.js'

/** The options of GraSP. */
export interface GraspOptions extends DataScoreOptions {
  /**
   * What logits are divided by, so that the softmax is not saturated.
   *
   * @defaultValue 200, as in the authors' code
   */
  readonly temperature?: number
}

const kinds: OptionKinds<GraspOptions> = { ...dataScoreKinds, temperature: option.number }

/**
 * w ⊙ Hg, signed, with g and H the gradient and Hessian of the mean cross-entropy in what is masked (GraSP: Wang, Zhang,
 * Grosse, arXiv:2002.07376, eq. 8, whose score −w ⊙ Hg removes the largest). Removing weight q changes the squared
 * gradient norm by −2 w_q (Hg)_q to first order, so what is kept carries the gradient flow. Hg is one
 * Hessian–vector product.
 */
export const grasp = checked(
  'mask.score.grasp',
  ofModel,
  <P>(model: Model<P>, options: GraspOptions = {}) => {
    const { attack = none, temperature = 200, ...leaves } = checkOptions('mask.score.grasp', kinds, options)
    return withBoxOf(attack, (params: P, batch: Batch, key: Key): Weights<P> => {
      requirePositive('mask.score.grasp', 'temperature', temperature)
      const { x } = attack(model)(params, batch, key)
      const weights = weightsOf(params, leaves)
      const loss = (w: Weights<P>): Tensor =>
        pipe(model(withWeights(params, w))(x), ops.scale(1 / temperature), crossEntropy(batch.y))
      const curvature = hvp(loss)(weights, grad(loss)(weights))
      return pipe(
        weights,
        tree.zipWith(curvature, (w, c) => ops.mul(c)(w))
      )
    })
  }
)
