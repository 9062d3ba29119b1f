import { plain } from '../../core/plain.js'
import { pipe } from 'fp-ts/lib/function.js'
import { fail } from '../../core/error.js'
import { showShape } from '../../core/shape.js'
import type { Key } from '../../graph/key.js'
import { ops } from '../../graph/ops/index.js'
import type { Tensor } from '../../graph/tensor.js'
import type { Attack, Batch, Model } from '../../nn/model.js'
import { checked, ofModel } from '../../nn/require.js'
import { cosineSimilarity, relativeDistance } from '../spectrum/alignment.js'
import { empiricalNtk, type KernelOptions } from './empirical-ntk.js'
import { masked, type MaskTree } from './kernel-problem.js'

/** What a function of the kernel gives at a batch X and at X̃, the batch under an attack on the masked network. */
const underAttack =
  <Out>(
    operation: string,
    f: (kernel: (x1: Tensor, x2: Tensor) => Tensor, x: Tensor, attacked: Tensor) => Out
  ) =>
  (attack: Attack) =>
    checked(
      operation,
      ofModel,
      <P>(model: Model<P>, options: KernelOptions = {}) =>
        (params: P, batch: Batch, key: Key, mask?: MaskTree): Out =>
          f(
            (x1, x2) => empiricalNtk(model, options)(params, x1, x2, mask),
            batch.x,
            attack(model)(masked('mixedNtk', params, mask), batch, key).x
          )
    )

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
export const mixedNtk = plain(
  'ntk.mixedNtk',
  underAttack('ntk.mixedNtk', (kernel, x, attacked) => kernel(x, attacked))
)

/**
 * The kernel on the inputs and their attacked versions together, Θ([X; X̃], [X; X̃]): its first axes are 2n long, X
 * first. Positive semi-definite, so Θ(x, x̃)² ≤ Θ(x, x) Θ(x̃, x̃) for one output or their mean. Arguments as in
 * {@link mixedNtk}; {@link kernelBlocks} splits it.
 *
 * @example
 * import assert from 'node:assert'
 * import { attack, evaluateOn, key, type Key, ndarray, nn, ntk } from 'tangentflow'
 *
 * const net = nn.serial(nn.dense(1, { bias: false }))
 * const fgsm = attack.fgsm({ epsilon: 0.25, loss: nn.mseEach })
 * const joint = (p: nn.Params, b: nn.Batch, k: Key) => ntk.jointNtk(fgsm)(net.apply)(p, b, k)
 * // f = x: raising (f − 0)² moves x = ½ to ¾, and Θ(x, x′) = x x′
 * const batch = { x: ndarray.fromNested([[0.5]]), y: ndarray.fromNested([[0]]) }
 * const kernel = evaluateOn(joint)([{ w: ndarray.fromNested([[1]]) }], batch, key(0))
 * assert.deepEqual(Array.from(kernel.data), [0.25, 0.375, 0.375, 0.5625])
 */
export const jointNtk = plain(
  'ntk.jointNtk',
  underAttack('ntk.jointNtk', (kernel, x, attacked) => {
    const both = ops.concat(0)([x, attacked])
    return kernel(both, both)
  })
)

/** The blocks of a joint kernel. */
export type KernelBlocks = {
  /** Θ(X, X). */
  readonly clean: Tensor
  /** Θ(X, X̃). */
  readonly mixed: Tensor
  /** Θ(X̃, X̃). */
  readonly attacked: Tensor
}

/**
 * The blocks of a joint kernel [2n, 2n, …], each [n, n, …].
 *
 * @example
 * import assert from 'node:assert'
 * import { evaluateOn, ndarray, ntk } from 'tangentflow'
 *
 * const blocks = evaluateOn(ntk.kernelBlocks)(ndarray.fromNested([[4, 3], [3, 5]]))
 * assert.deepEqual([blocks.clean, blocks.mixed, blocks.attacked].map(({ data }) => data[0]), [4, 3, 5])
 */
export const kernelBlocks = plain('ntk.kernelBlocks', (joint: Tensor): KernelBlocks => {
  const [rows, columns] = joint.shape
  if (rows === undefined || rows !== columns || rows % 2 !== 0)
    return fail('ShapeError', 'kernelBlocks', 'a joint kernel [2n, 2n, …]', showShape(joint.shape))
  const half = rows / 2
  const block = (row: number, column: number): Tensor =>
    pipe(
      joint,
      ops.sliceAxis(0, row * half, (row + 1) * half),
      ops.sliceAxis(1, column * half, (column + 1) * half)
    )
  return { clean: block(0, 0), mixed: block(0, 1), attacked: block(1, 1) }
})

/** How an attack changes a kernel. */
export type AttackShift = {
  /** ‖Θ(X, X̃) − Θ(X, X)‖ / ‖Θ(X, X)‖. */
  readonly distance: Tensor
  /** ⟨Θ(X, X̃), Θ(X, X)⟩ / (‖Θ(X, X̃)‖ ‖Θ(X, X)‖). */
  readonly cosine: Tensor
}

/**
 * How far the mixed kernel Θ(X, X̃) is from the kernel Θ(X, X) of the inputs alone. Arguments as in {@link mixedNtk}.
 *
 * @example
 * import assert from 'node:assert'
 * import { attack, evaluateOn, key, type Key, ndarray, nn, ntk } from 'tangentflow'
 *
 * const net = nn.serial(nn.dense(1, { bias: false }))
 * const fgsm = attack.fgsm({ epsilon: 0.25, loss: nn.mseEach })
 * const shift = (p: nn.Params, b: nn.Batch, k: Key) => ntk.attackShift(fgsm)(net.apply)(p, b, k)
 * // f = x: the attack moves x = ½ to ¾, so Θ(x, x̃) = .375 where Θ(x, x) = .25
 * const batch = { x: ndarray.fromNested([[0.5]]), y: ndarray.fromNested([[0]]) }
 * const { distance, cosine } = evaluateOn(shift)([{ w: ndarray.fromNested([[1]]) }], batch, key(0))
 * assert.deepEqual([distance, cosine].map(ndarray.toNumber), [0.5, 1])
 */
export const attackShift = plain(
  'ntk.attackShift',
  underAttack('ntk.attackShift', (kernel, x, attacked): AttackShift => {
    const [clean, mixed] = [kernel(x, x), kernel(x, attacked)]
    return { distance: relativeDistance(clean)(mixed), cosine: cosineSimilarity(clean)(mixed) }
  })
)
