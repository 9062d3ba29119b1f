import type { IO } from 'fp-ts/lib/IO.js'
import { fail } from '../core/error.js'
import type { Key } from '../graph/key.js'
import type { Concrete } from '../graph/spec.js'
import type { Tensor } from '../graph/tensor.js'
import type { Attack, Batch } from '../nn/batch.js'
import type { Params, Weights } from '../nn/layer.js'
import type { Optimiser } from '../nn/optimiser.js'
import type { Schedule } from '../nn/schedule.js'
import type { Checkpointing } from '../checkpoint/run-steps.js'
import type { Parametrisation } from './parametrisation.js'

/** What a mask is judged on at one step. All of it is traced, so that an objective is an ordinary function. */
export interface ObjectiveInput {
  /** The mask as it is learnt, through which the scores have a gradient. */
  readonly mask: Weights
  /** The weights under the mask: the dense network's, or where they have moved to. */
  readonly params: Params
  /** The dense network at initialisation. */
  readonly dense: Params
  /** The dense network at further times of its training, where the search is given them. */
  readonly trajectory: readonly Params[]
  /** Inputs as they are, [n, …]. */
  readonly clean: Tensor
  /** Other examples under attack. */
  readonly adversarial: Required<Batch>
  readonly key: Key
}

/** What is minimised, and whatever else is to be told of a step: scalars by name. */
export type LossTerms = { readonly loss: Tensor } & { readonly [term: string]: Tensor }

/** What a search minimises; anything composed of traced functions will do. */
export type MaskObjective = (trial: ObjectiveInput) => LossTerms

/** Weights that move while the mask is learnt. */
export interface TrainableWeights {
  /** Their learning rate as a multiple of the scores'. */
  readonly rate: number
  /**
   * A trust region: each leaf of the parameters stays within this distance of where it started, relative to its norm
   * there. Unbounded unless given.
   */
  readonly radius?: number
}

/** How a mask is learnt. */
export interface LearnOptions {
  readonly objective: MaskObjective
  readonly parametrisation: Parametrisation
  /** Where the scores start, and with it what is masked: the leaves that have scores. Leaves that the parameters lack are a TreeError. */
  readonly start: Concrete<Weights>
  /** The attack on half of the examples. */
  readonly attack: Attack
  /** The network that it attacks: the `dense` one (the default), or the `sparse` one under the mask of the step. */
  readonly attackTarget?: 'dense' | 'sparse'
  /** Adam unless given. */
  readonly optimiser?: Optimiser
  readonly steps: number
  /** Clean and attacked examples a step, each this many. */
  readonly batch: number
  /** The learning rate of every step; a number is the start of a cosine to 0. */
  readonly rate: number | Schedule
  /** `frozen` unless given. */
  readonly weights?: 'frozen' | TrainableWeights
  /** Parameters of the dense network at further times of its training, for objectives that look at them; none unless given. */
  readonly trajectory?: readonly Concrete<Params>[]
  /** Called after every step. */
  readonly observe?: (event: LearnEvent) => IO<void>
  /** Asked before every step: true ends the search there, with the mask of the scores so far. */
  readonly stop?: IO<boolean>
  /** Saves the search, which is then resumed to the same bits. */
  readonly checkpoint?: Checkpointing
}

/** One step. */
export interface LearnEvent {
  readonly step: number
  readonly steps: number
  /** The objective's scalars by name, `loss` among them, before the step. */
  readonly terms: Readonly<Record<string, number>>
  /** Weights of each masked layer, and biases before them where they take part, that entered or left the hard mask since the last step. */
  readonly flips: readonly number[]
}

/** What was learnt. */
export interface LearnResult {
  /** The hard mask of the scores at the end. */
  readonly mask: Concrete<Weights>
  readonly scores: Concrete<Weights>
  /** The layers that the mask empties, see `mask.emptyLayers`; none where all is well. */
  readonly emptyLayers: readonly number[]
  /** The weights at the end: as they were, unless they move. */
  readonly params: Concrete<Params>
  readonly history: readonly LearnEvent[]
}

/** Refuses numbers that make no search. */
export const checkLearn = (
  operation: string,
  { steps, batch, rate, weights = 'frozen' }: LearnOptions
): void => {
  const least = (name: string, value: number): unknown =>
    Number.isFinite(value) && value >= 0
      ? value
      : fail('ArgumentError', operation, 'a finite number of at least 0', `${value}`, name)
  if (typeof rate === 'number') least('rate', rate)
  if (weights !== 'frozen') {
    least('weights.rate', weights.rate)
    least('weights.radius', weights.radius ?? 0)
  }
  if (!(Number.isInteger(steps) && steps >= 0))
    fail('ArgumentError', operation, 'a whole number of steps', `${steps}`, 'steps')
  if (!(Number.isInteger(batch) && batch >= 1))
    fail('ArgumentError', operation, 'a batch of at least 1', `${batch}`, 'batch')
}
