import type { IO } from 'fp-ts/lib/IO.js'
import type { Checkpointing } from '../checkpoint/run-steps.js'
import { requireFinite, requireWhole } from '../core/check.js'
import { fail } from '../core/error.js'
import { grad } from '../diff/index.js'
import { fold, type Key, split } from '../graph/key.js'
import { ops } from '../graph/ops/index.js'
import type { Concrete } from '../graph/spec.js'
import type { Tensor } from '../graph/tensor.js'
import * as tree from '../graph/tree.js'
import { globalNorm } from '../nn/global-norm.js'
import type { NetworkLike, Params } from '../nn/layer.js'
import type { Attack, Batch } from '../nn/model.js'
import { adam, type Optimiser, type TrainState } from '../nn/optimiser.js'
import type { Schedule } from '../nn/schedule.js'
import type { Weights } from '../nn/weights.js'
import { apply } from './apply.js'
import type { Parametrisation } from './parametrisation.js'

/** What an objective sees of one step. All of it is traced, so that an objective is an ordinary function. */
export interface ObjectiveInput<P = Params> {
  /** The mask while it is learnt, through which the scores have a gradient. */
  readonly mask: Weights<P>
  /** The weights under the mask: the dense network's, or where they have moved to. */
  readonly params: P
  /** The dense network at initialisation. */
  readonly dense: P
  /** The dense network at further times of its training, where the search is given them. */
  readonly trajectory: readonly P[]
  /** Inputs as they are, [n, …]. */
  readonly clean: Tensor
  /** Other examples under attack. */
  readonly adversarial: Required<Batch>
  /** The key of the random numbers of the step. */
  readonly key: Key
}

/** What is minimised, and anything else to report of a step: scalars by name. */
export type LossTerms = {
  /** What is minimised, a scalar. */
  readonly loss: Tensor
} & { readonly [term: string]: Tensor }

/** What a search minimises; any composition of traced functions will do. */
export type MaskObjective<P = Params> = (input: ObjectiveInput<P>) => LossTerms

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
export interface Rescoring<P = Params> {
  /** Steps from one time to the next at which the scores are taken anew. */
  readonly steps: number
  /** The new scores, from the weights at that step. */
  readonly scores: (params: Concrete<P>) => Concrete<Weights<P>>
}

/** How a mask is learnt. */
export interface LearnOptions<P = Params> {
  /** What is minimised. */
  readonly objective: MaskObjective<P>
  /** How scores become a mask. */
  readonly parametrisation: Parametrisation
  /** Where the scores start, and with it what is masked: the leaves that have scores. Leaves that the parameters lack are a TreeError. */
  readonly start: Concrete<Weights<P>>
  /** The attack on half of the examples. */
  readonly attack: Attack
  /** The network that it attacks: the `dense` one, or the `sparse` one under the mask of the step. @defaultValue `dense` */
  readonly attackTarget?: 'dense' | 'sparse'
  /** @defaultValue Adam */
  readonly optimiser?: Optimiser
  /** How many steps are taken. */
  readonly steps: number
  /** Clean and attacked examples a step, each this many. */
  readonly batch: number
  /** The learning rate of every step; a number is the start of a cosine to 0. */
  readonly rate: number | Schedule
  /** @defaultValue `frozen` */
  readonly weights?: 'frozen' | TrainableWeights
  /** Takes the scores from the moving weights, also at the end. @defaultValue the scores descend the objective */
  readonly rescoring?: Rescoring<P>
  /** Parameters of the dense network at further times of its training, for objectives that use them. @defaultValue none */
  readonly trajectory?: readonly Concrete<P>[]
  /** Called after every step. */
  readonly observe?: (event: LearnEvent) => IO<void>
  /** Asked before every step: true ends the search there, with the mask of the scores so far. */
  readonly stop?: IO<boolean>
  /** Saves the search, which is then resumed to the same bits. */
  readonly checkpoint?: Checkpointing
}

/** One step. */
export interface LearnEvent {
  /** Steps taken. */
  readonly step: number
  /** Steps in all. */
  readonly steps: number
  /** The objective's scalars by name, `loss` among them, before the step. */
  readonly terms: Readonly<Record<string, number>>
  /** Weights of each masked layer, and biases before them where they take part, that entered or left the hard mask since the last step. */
  readonly flips: readonly number[]
}

/** What is learnt. */
export interface LearnResult<P = Params> {
  /** The hard mask of the scores at the end. */
  readonly mask: Concrete<Weights<P>>
  /** The last scores. */
  readonly scores: Concrete<Weights<P>>
  /** The layers that the mask empties, see `mask.emptyLayers`; none where all is well. */
  readonly emptyLayers: readonly number[]
  /** The weights at the end: as they were, unless they move. */
  readonly params: Concrete<P>
  /** The events of the steps. */
  readonly history: readonly LearnEvent[]
}

/** Refuses numbers that make no search. */
export const checkLearn = <P>(
  operation: string,
  { steps, batch, rate, weights = 'frozen', rescoring }: LearnOptions<P>
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

/** What goes from step to step; weights only where they move. */
export type LearnState<P> = {
  /** The scores and the state of their optimiser. */
  readonly scores: TrainState<Weights<P>>
  readonly weights?: TrainState<P>
}

/** The keys of a step's attack and of its objective, from the step's own. */
export type KeysOf = (key: Key) => readonly [attack: Key, objective: Key]

/** A leaf brought back into its trust region. */
const within =
  (radius: number) =>
  (at: Tensor, start: Tensor): Tensor => {
    const moved = ops.sub(start)(at)
    // a leaf of zeros has no size of its own and stays
    const room = ops.scale(radius)(globalNorm(start))
    const shrink = ops.min(1)(ops.div(ops.max(1e-30)(globalNorm(moved)))(room))
    return ops.add(ops.mul(shrink)(moved))(start)
  }

/** One step as a traced function: the terms, the hard mask, and what is new in the state after it. */
export const learnStep = <P>(
  network: NetworkLike<P>,
  { objective, parametrisation, attack, ...options }: LearnOptions<P>,
  keysOf: KeysOf = split(2)
) => {
  const { attackTarget = 'dense', optimiser = adam(), weights = 'frozen', rescoring } = options

  /** The weights after a step down their gradient. */
  const moved = (from: TrainState<P>, gradient: P, rate: Tensor, dense: P) => {
    const { rate: relative, radius } = weights === 'frozen' ? { rate: 0, radius: undefined } : weights
    const next = optimiser.step(ops.scale(relative)(rate))(gradient)(from)
    return radius === undefined ? next : { ...next, params: tree.zipWith(dense, within(radius))(next.params) }
  }

  return (
    from: LearnState<P>,
    dense: P,
    trajectory: readonly P[],
    clean: Tensor,
    attacked: Required<Batch>,
    rate: Tensor,
    progress: Tensor,
    key: Key
  ) => {
    const [forAttack, forObjective] = keysOf(key)
    const scores = from.scores.params
    const start = from.weights?.params ?? dense
    const maskOf = (s: Weights<P>): Weights<P> => parametrisation.soft(s, progress, fold(0)(key))
    const target = attackTarget === 'dense' ? dense : tree.map(ops.stopGradient)(apply(maskOf(scores))(start))
    const { x } = attack(network.apply)(target, attacked, forAttack)
    const adversarial = { ...attacked, x }
    const terms = (s: Weights<P>, params: P): LossTerms =>
      objective({ mask: maskOf(s), params, dense, trajectory, clean, adversarial, key: forObjective })
    const next = (): Partial<LearnState<P>> => {
      const learnt = (gradient: Weights<P>) => optimiser.step(rate)(gradient)(from.scores)
      if (from.weights === undefined)
        return { scores: learnt(grad((s: Weights<P>) => terms(s, start).loss)(scores)) }
      if (rescoring !== undefined) {
        const gradient = grad((params: P) => terms(scores, params).loss)(start)
        return { weights: moved(from.weights, gradient, rate, dense) }
      }
      const [byScores, byWeights] = grad(([s, params]: readonly [Weights<P>, P]) => terms(s, params).loss)([
        scores,
        start
      ])
      return { scores: learnt(byScores), weights: moved(from.weights, byWeights, rate, dense) }
    }
    return { to: next(), terms: terms(scores, start), mask: parametrisation.hard(scores) }
  }
}
