import { valueAndGrad } from '../diff/index.js'
import type { Key } from '../graph/key.js'
import type { Tensor } from '../graph/tensor.js'
import * as mask_ from '../mask/apply.js'
import type { Attack, Batch, Model } from '../nn/model.js'
import type { Loss } from '../nn/loss.js'
import type { TrainState, Optimiser } from '../nn/optimiser.js'
import type { Schedule } from '../nn/schedule.js'
import type { Weights } from '../nn/weights.js'
import { adversarial, type Objective } from './objective.js'
import { checked, ofModel } from '../nn/require.js'

/**
 * A part of the recipe into which a number of each step goes, such as the radius of an attack: the number is an input of the
 * program, so that one program serves all steps.
 *
 * `{ schedule: train.schedule.linear(0, 0.1, 500), at: (epsilon) => attackOf(epsilon) }`
 */
export interface Scheduled<A> {
  /** The value of every step. */
  readonly schedule: Schedule
  /** What a value gives. */
  readonly at: (value: Tensor) => A
}

/** What a step minimises, and how. */
export interface TrainStepOptions {
  /** How parameters are moved. */
  readonly optimiser: Optimiser
  /** The attack on the inputs of every step. @defaultValue none */
  readonly attack?: Attack | Scheduled<Attack>
  /** @defaultValue `nn.crossEntropy` */
  readonly loss?: Loss
  /** What is minimised in place of the loss on attacked inputs: `train.trades`, for example. It replaces attack and loss. */
  readonly objective?: Objective | Scheduled<Objective>
}

const isScheduled = <A>(part: A | Scheduled<A>): part is Scheduled<A> =>
  typeof part === 'object' && part !== null && 'schedule' in part

/** The schedule of the recipe's part that has one. */
export const scheduleOf = ({ attack, objective }: TrainStepOptions): Schedule | undefined => {
  const part = objective ?? attack
  return part !== undefined && isScheduled<Attack | Objective>(part) ? part.schedule : undefined
}

/** What a step minimises where the scheduled number is `level`. */
export const objectiveOf = ({ attack, loss, objective }: TrainStepOptions, level: Tensor): Objective => {
  const fixed = <A>(part: A | Scheduled<A>): A => (isScheduled(part) ? part.at(level) : part)
  return objective === undefined
    ? adversarial(attack === undefined ? undefined : fixed(attack), loss)
    : fixed(objective)
}

/**
 * One step of (adversarial, masked) training as a traced function. The attack is a constant to the gradient;
 * gradients are masked as parameters are, so momentum never reaches a pruned weight. `level` is the number of a scheduled
 * attack or objective, and is not used where there is none.
 */
export const trainStep = checked(
  'train.trainStep',
  ofModel,
  <P>(model: Model<P>, options: TrainStepOptions) =>
    (
      from: TrainState<P>,
      batch: Batch,
      mask: Weights<P>,
      rate: Tensor,
      key: Key,
      level: Tensor = rate
    ): {
      /** The state after the step. */
      readonly to: TrainState<P>
      /** The loss before it, a scalar. */
      readonly loss: Tensor
    } => {
      const lowered = objectiveOf(options, level)(model)
      const [value, gradient] = valueAndGrad((p: P) => lowered(p, batch, key))(from.params)
      return { to: options.optimiser.step(rate)(mask_.apply(mask)(gradient))(from), loss: value }
    }
)
