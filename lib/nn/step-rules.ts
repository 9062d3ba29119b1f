import { plain } from '../core/plain.js'
import { checkOptions, option, type OptionKinds } from '../core/options.js'
import { requireFinite, requirePositive } from '../core/check.js'
import { ops } from '../graph/ops/index.js'
import * as tree from '../graph/tree.js'
import { adam, adamKinds, type AdamOptions, type Optimiser, type TrainState } from './optimiser.js'
import { globalNorm } from './global-norm.js'
import { isWeight } from './weights.js'

/** Which parameters decay. */
export interface DecayOptions {
  /** Whether leaves of less than two axes, biases and gains, decay too. @defaultValue true, as in PyTorch */
  readonly biases?: boolean
}

const decayKinds: OptionKinds<DecayOptions> = { biases: option.flag }

/**
 * An optimiser with decoupled weight decay (Loshchilov and Hutter, arXiv:1711.05101): θ ← θ − rate · λ θ, then its own
 * step, whose gradient and memory know nothing of the decay. With {@link adam} it is {@link adamW}, with plain SGD the
 * gradient of ½ λ ‖θ‖².
 *
 * @example
 * import assert from 'node:assert'
 * import { evaluateOn, ndarray, type Tensor, train } from 'tangentflow'
 *
 * const optimiser = train.weightDecay(0.5)(train.sgd)
 * const step = (params: Tensor, gradient: Tensor, rate: Tensor) =>
 *   optimiser.step(rate)(gradient)({ params, state: { slots: [], count: rate } }).params
 * const after = evaluateOn(step)(ndarray.scalar(10), ndarray.scalar(2), ndarray.scalar(0.1))
 * assert.ok(Math.abs(ndarray.toNumber(after) - (10 - 0.1 * 0.5 * 10 - 0.1 * 2)) < 1e-12)
 */
export const weightDecay = plain('train.weightDecay', (lambda: number, options: DecayOptions = {}) => {
  const { biases = true } = checkOptions('train.weightDecay', decayKinds, options)
  requireFinite('train.weightDecay', 'lambda', lambda, 0)
  return ({ slots, step }: Optimiser): Optimiser => ({
    slots,
    step:
      (rate) =>
      <P>(gradient: P) =>
      ({ params, state }: TrainState<P>): TrainState<P> => {
        const left = ops.sub(ops.scale(lambda)(rate))(ops.constant(1))
        const decayed = tree.map((p) => (biases || isWeight(p) ? ops.scale(left)(p) : p))(params)
        return step(rate)(gradient)({ params: decayed, state })
      }
  })
})

/** The constants of AdamW. */
export interface AdamWOptions extends AdamOptions, DecayOptions {
  /** λ. @defaultValue 0.01, as in PyTorch */
  readonly weightDecay?: number
}

const adamWKinds: OptionKinds<AdamWOptions> = { ...adamKinds, ...decayKinds, weightDecay: option.number }

/** {@link adam} with decoupled {@link weightDecay} (Loshchilov and Hutter, arXiv:1711.05101, algorithm 2). */
export const adamW = plain('train.adamW', (asked: AdamWOptions = {}): Optimiser => {
  checkOptions('train.adamW', adamWKinds, asked)
  const { weightDecay: lambda = 0.01, biases = true, ...options } = asked
  return weightDecay(lambda, { biases })(adam(options))
})

/**
 * An optimiser whose gradient is no longer than `most`, all leaves taken as one vector: g · min(1, most / (‖g‖ + 1e-6)), as
 * PyTorch's `clip_grad_norm_` (Pascanu, Mikolov, Bengio, arXiv:1211.5063, algorithm 1).
 *
 * @example
 * import assert from 'node:assert'
 * import { key, nn, data, train, withEngine } from 'tangentflow'
 * import * as E from 'fp-ts/lib/Either.js'
 *
 * const net = nn.serial(nn.dense(10))
 * const optimiser = train.clipNorm(1)(train.adamW({ weightDecay: 0.1 }))
 * const recipe = { epochs: 1, batch: 8, optimiser, schedule: train.schedule.constant(0.01) }
 * const examples = data.take([0, 1, 2, 3, 4, 5, 6, 7])(data.digits())
 * const fitted = await withEngine()(train.fit(net.apply, recipe)(net.init(key(0), [64]), examples, key(1)))()
 * assert.ok(E.isRight(fitted))
 */
export const clipNorm = plain('train.clipNorm', (most: number) => {
  requirePositive('train.clipNorm', undefined, most)
  return ({ slots, step }: Optimiser): Optimiser => ({
    slots,
    step: (rate) => (gradient) => {
      const size = ops.add(1e-6)(globalNorm(gradient))
      const factor = ops.min(1)(ops.div(size)(ops.constant(most)))
      return step(rate)(tree.map(ops.scale(factor))(gradient))
    }
  })
})
