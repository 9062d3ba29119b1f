import type { Key } from '../../graph/key.js'
import type { Tensor } from '../../graph/tensor.js'
import type { Attack, Batch, Model } from '../../nn/batch.js'
import { empiricalNtk, type KernelOptions } from './empirical-ntk.js'
import { masked, type MaskTree } from './masked.js'

/** X̃: the batch under an attack on the masked network; a constant to derivatives. */
export const attackedInputs =
  (attack: Attack) =>
  <P>(model: Model<P>) =>
  (params: P, batch: Batch, key: Key, mask?: MaskTree): Tensor =>
    attack(model)(masked('mixedNtk', params, mask), batch, key).x

/**
 * The mixed kernel Θ(X, X̃) = ∇f(X) ∇f(X̃)ᵀ between inputs and their attacked versions, which governs adversarial
 * training under gradient flow: ∂f(X)/∂t = −(1/N) Θ(X, X̃) ∇ℓ(f(X̃)) (arXiv:2202.06488). The attack runs against the
 * masked network and is a constant to derivatives. Layouts and mask forms as in {@link empiricalNtk}.
 *
 * @example
 * import assert from 'node:assert'
 * import { attack, evaluateOn, key, type Key, ndarray, nn, ntk } from 'tangentflow'
 *
 * // f = 2x₁ − x₂, so FGSM against target 9 moves x by ε (−1, 1); Θ(x, x̃) = x·x̃
 * const net = nn.serial(nn.dense(1, { bias: false }))
 * const fgsm = attack.fgsm({ epsilon: 0.25, box: [-9, 9], loss: (y) => (out) => nn.mseEach(y)(out) })
 * const mixed = (p: nn.Params, batch: nn.Batch, noise: Key) => ntk.mixedNtk(fgsm)(net.apply, { outputs: 'mean' })(p, batch, noise)
 * const batch = { x: ndarray.fromNested([[1, 2]]), y: ndarray.fromNested([[9]]) }
 * const params = [{ w: ndarray.fromNested([[2], [-1]]) }]
 * assert.equal(evaluateOn(mixed)(params, batch, key(0)).data[0], 1 * 0.75 + 2 * 2.25)
 */
export const mixedNtk =
  (attack: Attack) =>
  <P>(model: Model<P>, options: KernelOptions = {}) =>
  (params: P, batch: Batch, key: Key, mask?: MaskTree): Tensor => {
    const adversarial = attackedInputs(attack)(model)(params, batch, key, mask)
    return empiricalNtk(model, options)(params, batch.x, adversarial, mask)
  }
