import { fail } from '../core/error.js'
import { type HostKey, uniforms } from '../core/key.js'
import { of } from '../core/ndarray.js'
import { sizeOf } from '../core/shape.js'
import { fold } from '../graph/key.js'
import type { Concrete } from '../graph/spec.js'
import { apply } from './apply.js'
import { fanIn } from './density.js'
import type { MaskObjective } from './learn-options.js'
import type { Network, Weights } from '../nn/layer.js'
import { crossEntropy, type Loss } from '../nn/loss.js'

/**
 * The training loss of the masked network on the attacked examples: what edge-popup (Ramanujan et al., arXiv:1911.13299)
 * and, under attack, HYDRA (Sehwag, Wang, Mittal, Jana, arXiv:2002.10509) lower over scores with the weights frozen. Learn
 * it `against: 'sparse'`, so that the attack is on the network that is trained, or with `attack.none` for the natural loss.
 */
export const trainingLoss =
  (network: Network, loss: Loss = crossEntropy): MaskObjective =>
  ({ mask, params, adversarial }) => ({
    loss: loss(adversarial.y)(network.apply(apply(mask)(params))(adversarial.x))
  })

/** Uniform scores in [0, 1/√fan-in), where edge-popup starts (with the absolute value taken at the start, not at every step). */
export const popupStart =
  (key: HostKey) =>
  (weights: Concrete<Weights>): Concrete<Weights> =>
    weights.map(({ w }, l) =>
      w === undefined
        ? {}
        : {
            w: of(
              w.shape,
              uniforms(fold(l)(key), sizeOf(w.shape)).map((u) => u / Math.sqrt(fanIn(w.shape)))
            )
          }
    )

/** √(6 / fan-in) |w| / max |w| layer by layer, where HYDRA starts (eq. 6): in the order of the magnitudes. */
export const hydraStart = (weights: Concrete<Weights>): Concrete<Weights> =>
  weights.map(({ w }, l) => {
    if (w === undefined) return {}
    const size = Array.from(w.data).reduce((most, v) => Math.max(most, Math.abs(v)), 0)
    const scale =
      size > 0
        ? Math.sqrt(6 / fanIn(w.shape)) / size
        : fail('ArgumentError', 'mask.hydraStart', 'a weight that is not 0', 'zeros only', `layer ${l}`)
    return {
      w: of(
        w.shape,
        Float32Array.from(w.data, (v) => scale * Math.abs(v))
      )
    }
  })
