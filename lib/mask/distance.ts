import type { Key } from '../graph/key.js'
import type { Tensor } from '../graph/tensor.js'
import type { Attack, Batch, Model } from '../nn/batch.js'
import type { Params, Weights } from '../nn/layer.js'
import { empiricalNtk, type MaskedOptions, relativeDistance } from '../ntk/index.js'
import { apply } from './apply.js'

/** How far a masked network is from the dense one, both relative: 0 is equal, 1 as far as the zero mask. */
export type MaskDistance = { readonly kernel: Tensor; readonly output: Tensor }

/**
 * ‖Θₘ(X, X̃) − Θ(X, X̃)‖_F / ‖Θ(X, X̃)‖_F with full outputs, and ‖f(m∘θ, X̃) − f(θ, X̃)‖ / ‖f(θ, X̃)‖, where X̃ is the
 * attack on the dense network for both. Θₘ is the restricted kernel unless another form is asked for. Where the weights under the
 * mask have moved, `at` has them: then m∘θ is m∘at.
 */
export const distance =
  (model: Model<Params>, attack: Attack, options: MaskedOptions = {}) =>
  (params: Params, mask: Weights, x: Tensor, batch: Batch, key: Key, at: Params = params): MaskDistance => {
    const adversarial = attack(model)(params, batch, key).x
    const kernel = (p: Params, m?: Weights): Tensor => empiricalNtk(model, options)(p, x, adversarial, m)
    const output = (p: Params): Tensor => model(p)(adversarial)
    return {
      kernel: relativeDistance(kernel(params))(kernel(at, mask)),
      output: relativeDistance(output(params))(output(apply(mask)(at)))
    }
  }
