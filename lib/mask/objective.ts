import { checkOptions, option, type OptionKinds } from '../core/options.js'
import { requireWhole } from '../core/check.js'
import { fail } from '../core/error.js'
import type { Key } from '../graph/key.js'
import { ops } from '../graph/ops/index.js'
import { random } from '../graph/key.js'
import type { Tensor } from '../graph/tensor.js'
import type { Attack, Batch, Model } from '../nn/model.js'
import {
  empiricalNtk,
  type MaskedOptions,
  type MaskForm,
  type MaskTree,
  ntkVectorProduct,
  relativeDistance
} from '../ntk/index.js'
import { maskedKinds } from '../ntk/empirical/kernel-problem.js'
import { inUnitsOf } from '../ntk/spectrum/alignment.js'
import { apply } from './apply.js'
import { checked, ofModel } from '../nn/require.js'

/** The parts of the objective of a ticket. */
export interface ObjectiveOptions {
  /** Weight of the kernel term. @defaultValue 1 */
  readonly gamma?: number
  /**
   * Weight of the output term. On digits 1 brings the outputs three times closer to dense than 0 does, and changes neither the
   * kernel's distance nor robust accuracy by more than seeds do.
   *
   * @defaultValue 0
   */
  readonly c?: number
  /**
   * `probes`: Rademacher vectors V take the place of the kernel, E‖(Θₛ − Θ)V‖² = ‖Θₛ − Θ‖²_F, so that neither kernel nor
   * Jacobian is formed; `explicit`: the kernel itself, for small batches.
   *
   * @defaultValue `probes`
   */
  readonly kernel?: 'probes' | 'explicit'
  /** Whether distances are divided by the dense network's size; if not, γ and c depend on that size. @defaultValue true */
  readonly relative?: boolean
  /**
   * How often the dense kernel on X̃ is applied to the probes before they are used, each time scaled back to unit entries:
   * ΘᵖV lies more and more in the leading eigenspaces, so that these are matched first.
   *
   * @defaultValue 0: all eigenspaces count alike
   */
  readonly power?: number
  /**
   * Compares what 1, 2, 4, … and at last so many steps of descent learn with each kernel, I − (I − ηΘ)ᵗ of the `explicit` kernel
   * Θ(X̃, X̃), η one by the largest absolute row sum of the dense one: a mode then counts by when it is learnt, and not by its size. A
   * power of 2; 1 compares the kernels on X̃.
   *
   * @defaultValue none: the kernels Θ(X, X̃) are compared
   */
  readonly horizon?: number
  /** How the mask enters the kernel. @defaultValue `linear`, through which pruned weights have a gradient */
  readonly mask?: MaskForm
}

/** The kinds of {@link ObjectiveOptions}. */
export const objectiveKinds: OptionKinds<ObjectiveOptions> = {
  gamma: option.finite,
  c: option.finite,
  kernel: option.word('probes', 'explicit'),
  relative: option.flag,
  power: option.number,
  horizon: option.number,
  mask: option.any
}

/** The terms of the search's loss, scalars. Kernel and output distances are squared and relative to the dense network. */
export type ObjectiveTerms = {
  /** The weighted sum, a scalar. */
  readonly loss: Tensor
  /** The squared distance of the kernels. */
  readonly kernel: Tensor
  /** The squared distance of the outputs. */
  readonly output: Tensor
}

const squaredDistance = (a: Tensor, b: Tensor, relative: boolean): Tensor => {
  const d = ops.sub(b)(a)
  return relative ? inUnitsOf(ops.dot(b)(b))(ops.dot(d)(d)) : ops.dot(d)(d)
}

const checkKernel = (kernel: 'probes' | 'explicit', power: number, horizon: number | undefined): void => {
  const operation = 'mask.objective'
  requireWhole(operation, 'power', power)
  if (kernel === 'explicit' && power > 0)
    fail('ArgumentError', operation, 'probes, which a power is taken of', kernel, 'kernel')
  if (horizon === undefined) return
  if (!Number.isInteger(Math.log2(requireWhole(operation, 'horizon', horizon, 1))))
    fail('ArgumentError', operation, 'a power of 2', `${horizon}`, 'horizon')
  if (kernel === 'probes')
    fail('ArgumentError', operation, 'an explicit kernel, which steps are taken with', kernel, 'kernel')
}

/** Θ(X̃, X̃)ᵖ V of the dense network, scaled to a mean square of 1: probes of its leading eigenspaces. */
const leading =
  <P>(model: Model<P>, params: P, x: Tensor, power: number) =>
  (probes: Tensor): Tensor => {
    if (power === 0) return probes
    const turned = ntkVectorProduct(model)(params, x, x, probes)
    const scaled = ops.div(ops.sqrt(ops.mean()(ops.square(turned))))(turned)
    return leading(model, params, x, power - 1)(scaled)
  }

/** A kernel [n, n, o, o] as a matrix over examples and outputs. */
const matrixOf = (kernel: Tensor): Tensor => {
  const [n = 0, , o = 0] = kernel.shape
  return ops.reshape([n * o, n * o])(ops.transpose([0, 2, 1, 3])(kernel))
}

/** The mean distance, over t = 1, 2, 4, …, `horizon`, of what t steps of descent learn with two kernels. */
const distanceAlong = (sparse: Tensor, dense: Tensor, horizon: number, relative: boolean): Tensor => {
  const matrix = matrixOf(dense)
  const whole = ops.eye(matrix.shape[0]!)
  const rate = ops.div(ops.reduceMax()(ops.sum([1])(ops.abs(matrix))))(ops.ones([]))
  const leftAfterOne = (kernel: Tensor): Tensor => ops.sub(ops.mul(rate)(kernel))(whole)
  const from = (t: number, a: Tensor, b: Tensor): readonly Tensor[] => [
    squaredDistance(ops.sub(a)(whole), ops.sub(b)(whole), relative),
    ...(t === horizon ? [] : from(2 * t, ops.matmul(a)(a), ops.matmul(b)(b)))
  ]
  const all = from(1, leftAfterOne(matrixOf(sparse)), leftAfterOne(matrix))
  return ops.scale(1 / all.length)(all.reduce((a, b) => ops.add(b)(a)))
}

/**
 * γ ‖T_m − T‖²/‖T‖² + c ‖f(m∘θ, X̃) − f(θ, X̃)‖²/‖f(θ, X̃)‖², where T is the mixed kernel Θ(X, X̃) of the dense
 * network (times probes) and T_m that of the masked one, by default in its linear form, J diag(m) Jᵀ at m∘θ. X̃ is the same
 * on both sides. The weights under the mask may have moved from the dense network's: `at`.
 */
export const objective = checked(
  'mask.objective',
  ofModel,
  <P>(model: Model<P>, options: ObjectiveOptions = {}) =>
    (mask: MaskTree, params: P, x: Tensor, adversarial: Tensor, key: Key, at: P = params): ObjectiveTerms => {
      const {
        gamma = 1,
        c = 0,
        kernel = 'probes',
        relative = true,
        mask: form = 'linear',
        power = 0,
        horizon
      } = checkOptions('mask.objective', objectiveKinds, options)
      checkKernel(kernel, power, horizon)
      const dense = model(params)(adversarial)
      const outputs = model(apply(mask)(at))(adversarial)
      const probes =
        kernel === 'probes'
          ? leading(model, params, adversarial, power)(random.rademacher(dense.shape)(key))
          : undefined
      const from = horizon === undefined ? x : adversarial
      const transfer = (p: P, m?: MaskTree): Tensor =>
        probes === undefined
          ? empiricalNtk(model, { mask: form })(p, from, adversarial, m)
          : ntkVectorProduct(model, { mask: form })(p, x, adversarial, probes, m)
      const terms = {
        kernel:
          horizon === undefined
            ? squaredDistance(transfer(at, mask), transfer(params), relative)
            : distanceAlong(transfer(at, mask), transfer(params), horizon, relative),
        output: squaredDistance(outputs, dense, relative)
      }
      // a term without weight does not enter, whatever it is
      const weighed = (weight: number, term: Tensor): Tensor =>
        weight === 0 ? ops.constant(0) : ops.scale(weight)(term)
      return { ...terms, loss: ops.add(weighed(c, terms.output))(weighed(gamma, terms.kernel)) }
    }
)

/** How far a masked network is from the dense one, both relative: 0 is equal, 1 as far as the zero mask. */
export type MaskDistance = {
  /** The relative distance of the kernels. */
  readonly kernel: Tensor
  /** The relative distance of the outputs. */
  readonly output: Tensor
}

/**
 * Measures ‖Θₘ(X, X̃) − Θ(X, X̃)‖_F / ‖Θ(X, X̃)‖_F with full outputs, and ‖f(m∘θ, X̃) − f(θ, X̃)‖ / ‖f(θ, X̃)‖, where X̃ is
 * the attack on the dense network for both. Θₘ is the restricted kernel, or another form if asked. Where the weights under
 * the mask have moved, `at` has them: then m∘θ is m∘at.
 *
 * @example
 * import assert from 'node:assert'
 * import { type attack, evaluateOn, key, type Key, mask, ndarray, type nn, ops, type Tensor } from 'tangentflow'
 *
 * const linear = (w: Tensor) => (x: Tensor) => ops.matmul(w)(x)
 * const clean: attack.Attack = () => (_, { x }) => ({ x })
 * const measure = mask.distance(linear, clean)
 * const batch = { x: ndarray.fromNested([[1, 2]]), y: ndarray.of([1], [0]) }
 * const [w, kept] = [ndarray.fromNested([[1], [1]]), ndarray.fromNested([[1], [0]])]
 * const found = evaluateOn((p: Tensor, m: Tensor, b: nn.Batch, k: Key) => measure(p, m, b.x, b, k))(w, kept, batch, key(0))
 * // Θ = 1·1 + 2·2 and f = 3; without the second weight both are 1
 * assert.deepEqual([found.kernel, found.output].map(ndarray.toNumber), [4 / 5, 2 / 3])
 */
export const distance = checked(
  'mask.distance',
  ofModel,
  <P>(model: Model<P>, attack: Attack, options: MaskedOptions = {}) =>
    (params: P, mask: MaskTree, x: Tensor, batch: Batch, key: Key, at: P = params): MaskDistance => {
      checkOptions('mask.distance', maskedKinds, options)
      const adversarial = attack(model)(params, batch, key).x
      const kernel = (p: P, m?: MaskTree): Tensor => empiricalNtk(model, options)(p, x, adversarial, m)
      const output = (p: P): Tensor => model(p)(adversarial)
      return {
        kernel: relativeDistance(kernel(params))(kernel(at, mask)),
        output: relativeDistance(output(params))(output(apply(mask)(at)))
      }
    }
)
