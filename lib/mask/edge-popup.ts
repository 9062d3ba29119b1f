import { fail } from '../core/error.js'
import { type HostKey, uniforms } from '../core/key.js'
import { elementsOf, isNdArray, of } from '../core/ndarray.js'
import { sizeOf } from '../core/shape.js'
import { fold } from '../graph/key.js'
import type { NetworkLike, Params } from '../nn/layer.js'
import { crossEntropy, type Loss } from '../nn/loss.js'
import { isWeight } from '../nn/weights.js'
import { apply } from './apply.js'
import type { MaskObjective } from './learn-step.js'
import { mapMasked } from './masked-leaves.js'
import { checked, ofNetwork } from '../nn/require.js'

/**
 * The training loss of the masked network on the attacked examples: what edge-popup (Ramanujan et al., arXiv:1911.13299)
 * and, under attack, HYDRA (Sehwag, Wang, Mittal, Jana, arXiv:2002.10509) lower over scores with the weights frozen. Learn
 * it with `attackTarget: 'sparse'`, so that the attack is on the network that is trained, or with `attack.none` for the
 * natural loss.
 */
export const trainingLoss = checked(
  'mask.trainingLoss',
  ofNetwork,
  <P = Params>(network: NetworkLike<P>, loss: Loss = crossEntropy): MaskObjective<P> =>
    ({ mask, params, adversarial }) => ({
      loss: loss(adversarial.y)(network.apply(apply(mask)(params))(adversarial.x))
    })
)

/**
 * Uniform scores in [0, 1/√fan-in), where edge-popup starts (with the absolute value taken at the start, not at every step).
 * Biases have the fan-in of their layer.
 */
export const edgePopupStart =
  (key: HostKey) =>
  <C>(weights: C): C =>
    mapMasked(isNdArray, ({ value: { shape }, stream, fanIn }) =>
      of(
        shape,
        uniforms(fold(stream)(key), sizeOf(shape)).map((u) => u / Math.sqrt(fanIn))
      )
    )(weights)

/**
 * √(6 / fan-in) |w| / max |w| layer by layer, where HYDRA starts (eq. 6): in the order of the magnitudes. Biases by the same
 * formula, with the fan-in of their layer; a layer's biases that are all 0 start at 0. Weights that are all 0 are an
 * ArgumentError.
 */
export const hydraStart = <C>(weights: C): C =>
  mapMasked(isNdArray, ({ path, value, fanIn }) => {
    const size = Array.from(value.data).reduce((most, v) => Math.max(most, Math.abs(v)), 0)
    if (size === 0 && isWeight(value))
      fail('ArgumentError', 'mask.hydraStart', 'a weight that is not 0', 'zeros only', path)
    const scale = size === 0 ? 0 : Math.sqrt(6 / fanIn) / size
    return of(value.shape, elementsOf(value).from(value.data.map((v) => scale * Math.abs(v))))
  })(weights)
