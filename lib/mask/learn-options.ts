import type { IO } from 'fp-ts/lib/IO.js'
import type { Checkpointing } from '../checkpoint/run-steps.js'
import { requireFinite, requireWhole } from '../core/check.js'
import { fail } from '../core/error.js'
import type { Key } from '../graph/key.js'
import type { Concrete } from '../graph/spec.js'
import type { Tensor } from '../graph/tensor.js'
import type { Attack, Batch } from '../nn/model.js'
import type { Params, Weights } from '../nn/layer.js'
import type { Optimiser } from '../nn/optimiser.js'
import type { Schedule } from '../nn/schedule.js'
import type { Parametrisation } from './parametrisation.js'

/** What an objective sees of one step. All of it is traced, so that an objective is an ordinary function. */
export interface ObjectiveInput {
  /** The mask while it is learnt, through which the scores have a gradient. */
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

/** What is minimised, and anything else to report of a step: scalars by name. */
export type LossTerms = { readonly loss: Tensor } & { readonly [term: string]: Tensor }

/** What a search minimises; any composition of traced functions will do. */
export type MaskObjective = (input: ObjectiveInput) => LossTerms

/** How weights move while the mask is learnt. */
export interface TrainableWeights {
  /** Their learning rate as a multiple of the scores'. */
  readonly rate: number
  /**
   * A trust region: each leaf of the parameters stays within this distance of where it started, relative to its norm
   * there.
   *
   * @defaultValue unbounded
   */
  readonly radius?: number
}

/** How scores follow moving weights in place of being learnt. */
export interface Rescoring {
  /** Steps from one time to the next at which the scores are taken anew. */
  readonly steps: number
  readonly scores: (params: Concrete<Params>) => Concrete<Weights>
}

/** How a mask is learnt. */
export interface LearnOptions {
  readonly objective: MaskObjective
  readonly parametrisation: Parametrisation
  /** Where the scores start, and with it what is masked: the leaves that have scores. Leaves that the parameters lack are a TreeError. */
  readonly start: Concrete<Weights>
  /** The attack on half of the examples. */
  readonly attack: Attack
  /** The network that it attacks: the `dense` one, or the `sparse` one under the mask of the step. @defaultValue `dense` */
  readonly attackTarget?: 'dense' | 'sparse'
  /** @defaultValue Adam */
  readonly optimiser?: Optimiser
  readonly steps: number
  /** Clean and attacked examples a step, each this many. */
  readonly batch: number
  /** The learning rate of every step; a number is the start of a cosine to 0. */
  readonly rate: number | Schedule
  /** @defaultValue `frozen` */
  readonly weights?: 'frozen' | TrainableWeights
  /** Takes the scores from the moving weights, also at the end. @defaultValue the scores descend the objective */
  readonly rescoring?: Rescoring
  /** Parameters of the dense network at further times of its training, for objectives that use them. @defaultValue none */
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

/** What is learnt. */
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
  { steps, batch, rate, weights = 'frozen', rescoring }: LearnOptions
): void => {
  if (typeof rate === 'number') requireFinite(operation, 'rate', rate, 0)
  if (weights !== 'frozen') {
    requireFinite(operation, 'weights.rate', weights.rate, 0)
    requireFinite(operation, 'weights.radius', weights.radius ?? 0, 0)
  }
  if (rescoring !== undefined) {
    requireWhole(operation, 'rescoring.steps', rescoring.steps, 1)
    if (weights === 'frozen')
      fail('ArgumentError', operation, 'weights that move, for scores to follow', weights, 'weights')
  }
  requireWhole(operation, 'steps', steps)
  requireWhole(operation, 'batch', batch, 1)
}
