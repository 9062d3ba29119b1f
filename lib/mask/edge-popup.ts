import { fail } from '../core/error.js'
import { type HostKey, uniforms } from '../core/key.js'
import { type NdArray, of } from '../core/ndarray.js'
import { sizeOf } from '../core/shape.js'
import { fold } from '../graph/key.js'
import type { Concrete } from '../graph/spec.js'
import { apply } from './apply.js'
import { fanIn, mapMasked, streamOf } from './masked-leaves.js'
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

/** What one output of a leaf's layer sums over; a bias has its layer's. */
const fanInOf = (weights: Concrete<Weights>, layer: number): number => fanIn(weights[layer]?.w?.shape ?? [])

/**
 * Uniform scores in [0, 1/√fan-in), where edge-popup starts (with the absolute value taken at the start, not at every step).
 * Biases have the fan-in of their layer.
 */
export const edgePopupStart =
  (key: HostKey) =>
  (weights: Concrete<Weights>): Concrete<Weights> =>
    mapMasked(({ shape }: NdArray, l, part) =>
      of(
        shape,
        uniforms(fold(streamOf(weights.length, l, part))(key), sizeOf(shape)).map(
          (u) => u / Math.sqrt(fanInOf(weights, l))
        )
      )
    )(weights)

/**
 * √(6 / fan-in) |w| / max |w| layer by layer, where HYDRA starts (eq. 6): in the order of the magnitudes. Biases by the same
 * formula, with the fan-in of their layer; a layer's biases that are all 0 start at 0.
 */
export const hydraStart = (weights: Concrete<Weights>): Concrete<Weights> =>
  mapMasked(({ shape, data }: NdArray, l, part) => {
    const size = Array.from(data).reduce((most, v) => Math.max(most, Math.abs(v)), 0)
    if (size === 0 && part === 'w')
      fail('ArgumentError', 'mask.hydraStart', 'a weight that is not 0', 'zeros only', `layer ${l}`)
    const scale = size === 0 ? 0 : Math.sqrt(6 / fanInOf(weights, l)) / size
    return of(
      shape,
      Float32Array.from(data, (v) => scale * Math.abs(v))
    )
  })(weights)
