import { plain } from '../core/plain.js'
import { checkOptions, option, type OptionKinds } from '../core/options.js'
import { pipe } from 'fp-ts/lib/function.js'
import { requireFinite } from '../core/check.js'
import { fail } from '../core/error.js'
import { fold, type Key } from '../graph/key.js'
import { ops } from '../graph/ops/index.js'
import type { Tensor } from '../graph/tensor.js'
import * as tree from '../graph/tree.js'
import { none, pgd } from '../attack/pgd.js'
import type { AttackLoss } from '../attack/goal.js'
import type { Attack, Batch, Box, Model } from '../nn/model.js'
import { crossEntropy, crossEntropyEach, klEach, type Loss } from '../nn/loss.js'

/** The child of a step's key that layers draw from; attacks take others. */
const FOR_LAYERS = 2 ** 32 - 2

/** A model with its layers as they are trained: `nn.dropout` drops. Attacks are on the model as it is evaluated. */
const drawing =
  <P>(model: Model<P>, params: P, key: Key) =>
  (pass: number, x: Tensor): Tensor =>
    model(params, fold(pass)(fold(FOR_LAYERS)(key)))(x)

/** What a training step minimises: a scalar of the parameters, a labelled batch and the step's key. */
export interface Objective {
  <P>(model: Model<P>): (params: P, batch: Batch, key: Key) => Tensor
  /** The box that its attack keeps inputs in, see `attack.Attack`. */
  readonly box?: Box | undefined
  /** Whether it reads labels, which are then checked, and not targets of any shape. @defaultValue false */
  readonly labels?: boolean
}

/**
 * The loss on attacked inputs, as adversarial training minimises it (Madry et al., arXiv:1706.06083); the loss itself
 * without an attack. As in all objectives here, layers such as `nn.dropout` draw from the step's key in the loss, and attacks see
 * the model without them.
 *
 * @defaultValue `loss` is `nn.crossEntropy`
 */
export const adversarial = plain(
  'train.adversarial',
  (attack: Attack = none, loss: Loss = crossEntropy): Objective => {
    const objective: Objective = (model) => (params, batch, key) =>
      loss(batch.y)(drawing(model, params, key)(0, attack(model)(params, batch, key).x))
    return Object.assign(objective, { box: attack.box, labels: loss === crossEntropy })
  }
)

/** An attack that raises a given loss, as TRADES and MART need it: `(loss) => attack.pgd({ …, loss })`. */
export type AttackOf = (loss: AttackLoss) => Attack

/** The options of TRADES. */
export interface TradesOptions {
  /** Weight of the robust term, 1/λ in the paper. @defaultValue 6 */
  readonly beta?: number
  /**
   * The inner attack, given its loss. It must start away from the input (`randomStart`, on unless turned off): there the
   * divergence and its gradient are 0.
   */
  readonly attack: AttackOf
}

/**
 * TRADES (Zhang et al., arXiv:1901.08573, eq. 5): CE(f(x), y) + β · KL(f(x) ‖ f(x̃)), means over the batch, where x̃ raises
 * that divergence. The gradient goes through both f(x) and f(x̃), as in the authors' code; x̃ and the target of the inner
 * attack are constants.
 *
 * @example
 * import assert from 'node:assert'
 * import { attack, evaluateOn, key, ndarray, nn, train } from 'tangentflow'
 *
 * const net = nn.serial(nn.dense(4), nn.relu, nn.dense(3))
 * const params = net.init(key(0), [5])
 * const batch = { x: ndarray.full([2, 5], 0.5), y: ndarray.of([2], [0, 2]) }
 * const trades = train.trades({
 *   attack: (loss) => attack.pgd({ epsilon: 0.1, steps: 3, stepSize: 0.05, loss })
 * })
 * const natural = evaluateOn(train.adversarial()(net.apply))(params, batch, key(1))
 * const robust = evaluateOn(trades(net.apply))(params, batch, key(1))
 * assert.ok(ndarray.toNumber(robust) > ndarray.toNumber(natural)) // by β times the divergence
 */
export const trades = plain('train.trades', (options: TradesOptions): Objective => {
  const kinds: OptionKinds<TradesOptions> = { beta: option.number, attack: option.function }
  const { beta = 6, attack } = checkOptions('train.trades', kinds, options)
  requireFinite('train.trades', 'beta', beta, 0)
  const objective: Objective = (model) => (params, batch, key) => {
    const trained = drawing(model, params, key)
    const logits = trained(0, batch.x)
    const target = ops.stopGradient(model(params)(batch.x))
    const { x } = attack(() => klEach(target))(model)(params, batch, key)
    const divergence = ops.mean()(klEach(logits)(trained(1, x)))
    return pipe(crossEntropy(batch.y)(logits), ops.add(ops.scale(beta)(divergence)))
  }
  return Object.assign(objective, { box: attack(crossEntropyEach).box, labels: true })
})

/** The options of MART. */
export interface MartOptions {
  /** Weight of the divergence, λ in the paper. @defaultValue 5 */
  readonly lambda?: number
  /** The inner attack, given its loss, which is `nn.crossEntropyEach`. */
  readonly attack: AttackOf
}

/** −log of the largest probability left for another class: −log(1 − max_{k≠y} p_k), from log probabilities. */
const otherMass = (labels: Tensor, logP: Tensor): Tensor => {
  const own = ops.oneHot(logP.shape.at(-1)!)(labels)
  const rival = ops.reduceMax(-1)(ops.where(own)(-1e30, logP))
  // as the authors' code keeps the logarithm away from 0
  return pipe(rival, ops.exp, ops.neg, ops.add(1 + 1e-4), ops.log, ops.neg)
}

/**
 * MART (Wang et al., ICLR 2020, "Improving adversarial robustness requires revisiting misclassified examples", eq. 11):
 * BCE(f(x̃), y) + λ · KL(f(x) ‖ f(x̃)) · (1 − p_y(x)), the mean over the batch, where x̃ raises the cross-entropy and
 * BCE = −log p_y(x̃) − log(1 − max_{k≠y} p_k(x̃)).
 */
export const mart = plain('train.mart', (options: MartOptions): Objective => {
  const kinds: OptionKinds<MartOptions> = { lambda: option.number, attack: option.function }
  const { lambda = 5, attack } = checkOptions('train.mart', kinds, options)
  requireFinite('train.mart', 'lambda', lambda, 0)
  const objective: Objective = (model) => (params, batch, key) => {
    const { x } = attack(crossEntropyEach)(model)(params, batch, key)
    const trained = drawing(model, params, key)
    const [clean, attacked] = [trained(0, batch.x), trained(1, x)]
    const boosted = pipe(
      crossEntropyEach(batch.y)(attacked),
      ops.add(otherMass(batch.y, ops.logSoftmax(-1)(attacked)))
    )
    const doubt = pipe(crossEntropyEach(batch.y)(clean), ops.neg, ops.exp, ops.neg, ops.add(1))
    const weighted = ops.mul(doubt)(klEach(clean)(attacked))
    return ops.mean()(ops.add(ops.scale(lambda)(weighted))(boosted))
  }
  return Object.assign(objective, { box: attack(crossEntropyEach).box, labels: true })
})

/**
 * The attack of "Fast is better than free" (Wong et al., arXiv:2001.03994): one signed step, by default of 1.25 ε, their
 * choice, from a uniform point of the ball. `fgsmRs({ epsilon })` as the `attack` of a training is FGSM-RS training.
 */
export const fgsmRs = plain(
  'train.fgsmRs',
  ({ epsilon, stepSize = 1.25 * epsilon, ...rest }: FgsmRsOptions): Attack =>
    pgd({ ...rest, epsilon, stepSize, steps: 1 })
)

/** An L∞ ball, and the step in it. */
export interface FgsmRsOptions {
  /** The radius, in the units of the inputs. */
  readonly epsilon: number
  /** The least and the largest value of an input. @defaultValue `[0, 1]` */
  readonly box?: Box
  /** The step size. @defaultValue 1.25 ε */
  readonly stepSize?: number
}

/**
 * An attack on a part of each batch, for adversarial training on clean and attacked examples at once (Goodfellow et al.,
 * arXiv:1412.6572, section 6; in halves of different examples, as here, in the code of Croce et al., arXiv:1810.07481): of n
 * examples the first (1 − clean) · n, rounded, are attacked, and the others stay as they are. Batches are shuffled, so the mean
 * loss is clean · natural + (1 − clean) · adversarial in expectation, and only what is attacked costs an attack. Noise follows
 * places in the batch, because ids of a part are no argument of the program; where all is attacked it follows ids.
 *
 * @example
 * import assert from 'node:assert'
 * import { attack, evaluateOn, key, ndarray, nn, train } from 'tangentflow'
 *
 * const net = nn.serial(nn.dense(4), nn.relu, nn.dense(3))
 * const x = ndarray.full([4, 5], 0.5)
 * const half = train.mixed(0.5)(attack.pgd({ epsilon: 0.1, steps: 3, stepSize: 0.05 }))
 * const batch = { x, y: ndarray.of([4], [0, 2, 1, 1]) }
 * const found = evaluateOn(half(net.apply))(net.init(key(0), [5]), batch, key(1)).x.data
 * assert.deepEqual([...found.slice(10)], [...x.data.slice(10)]) // the last two of four
 * assert.ok(found.slice(0, 10).every((v) => v !== 0.5))
 */
export const mixed = plain('train.mixed', (clean: number) => (attack: Attack): Attack => {
  const part: Attack = (model) => (params, batch, key) => {
    if (!(clean >= 0 && clean <= 1))
      fail('ArgumentError', 'train.mixed', 'a part of the batch in [0, 1]', `${clean}`)
    const count = batch.y.shape[0]!
    const attacked = Math.round((1 - clean) * count)
    if (attacked === 0) return { x: batch.x }
    if (attacked === count) return attack(model)(params, batch, key)
    const first = ops.sliceAxis(0, 0, attacked)
    // a batch may bring radii and targets, one for all or one for each
    const { ids: _, ...given } = batch
    const mine = tree.map((part) => (part.shape[0] === count ? first(part) : part))(given)
    const { x } = attack(model)(params, mine, key)
    return { x: ops.concat(0)([x, ops.sliceAxis(0, attacked, count)(batch.x)]) }
  }
  return Object.assign(part, { box: attack.box })
})
