import type { Key } from '../graph/key.js'
import type { Tensor } from '../graph/tensor.js'
import type { Attack, Batch, Model } from '../nn/batch.js'
import { empiricalNtk, type KernelOptions, type MaskTree, masked } from './kernel.js'

/**
 * The mixed kernel Θ(X, X̃) = ∇f(X) ∇f(X̃)ᵀ between inputs and their attacked versions, which governs adversarial
 * training under gradient flow: ∂f(X)/∂t = −(1/N) Θ(X, X̃) ∇ℓ(f(X̃)) (arXiv:2202.06488). The attack runs against the
 * masked network and is a constant to derivatives. Layouts and mask forms as in {@link empiricalNtk}.
 */
export const mixedNtk =
  (attack: Attack) =>
  <P>(model: Model<P>, options: KernelOptions = {}) =>
  (params: P, batch: Batch, key: Key, mask?: MaskTree): Tensor => {
    const adversarial = attack(model)(masked(params, mask), batch, key).x
    return empiricalNtk(model, options)(params, batch.x, adversarial, mask)
  }
