import type { IO } from 'fp-ts/lib/IO.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { type Norm, norms } from '../attack/ball.js'
import { none, pgd } from '../attack/pgd.js'
import { requireFinite } from '../core/check.js'
import { entry } from '../core/entry.js'
import type { TangentError } from '../core/error.js'
import { checkOptions, option, type OptionKinds, optionsOf } from '../core/options.js'
import type { HostKey } from '../core/key.js'
import { split } from '../graph/key.js'
import { ops } from '../graph/ops/index.js'
import type { Effect } from '../graph/runner.js'
import type { Concrete } from '../graph/spec.js'
import { attempt } from '../graph/trace.js'
import type { NetworkLike, Params } from '../nn/layer.js'
import type { Attack, Box, Dataset } from '../nn/model.js'
import { type MaskedLeaves, type Weights, weightsOf } from '../nn/weights.js'
import { allocate } from './allocation.js'
import { trainingLoss } from './edge-popup.js'
import { learnFrom } from './learn.js'
import type { LearnEvent, LearnOptions, LearnResult, MaskObjective } from './learn-step.js'
import { requireMask, weightShapes } from './masked-leaves.js'
import { objective, objectiveKinds, type ObjectiveOptions, type ObjectiveTerms } from './objective.js'
import { sampleOf, scoreOf } from './one-shot.js'
import { type Parametrisation, straightThrough } from './parametrisation.js'
import type { Sparsity } from './top-k.js'
import { checked, ofNetwork, onData } from '../nn/require.js'

/** The recipe of a search. */
export interface SearchOptions<P = Params>
  extends
    ObjectiveOptions,
    MaskedLeaves,
    Sparsity,
    Pick<LearnOptions<P>, 'attackTarget' | 'optimiser' | 'weights' | 'trajectory' | 'stop' | 'checkpoint'> {
  /**
   * Weight of the {@link trainingLoss} of the masked network, as HYDRA lowers it, with the kernel as a term beside it.
   *
   * @defaultValue 0
   */
  readonly loss?: number
  /** How scores become a mask. @defaultValue `mask.parametrisation.straightThrough` */
  readonly parametrisation?: (sparsity: Sparsity) => Parametrisation
  /** The radius of the attack in whose presence the network will be trained. */
  readonly epsilon: number
  /** The norm of that radius. @defaultValue `linf` */
  readonly norm?: Norm
  /** The box that inputs are in; others are a DataError. @defaultValue `[0, 1]` */
  readonly box?: Box | undefined
  /** The attack that makes X̃. @defaultValue PGD-7 with step 2.5 ε/7 and random start */
  readonly attack?: Attack
  /** Steps of the optimiser; 0 gives the mask of the starting scores. @defaultValue 300 */
  readonly steps?: number
  /** Clean and adversarial inputs a step, each this many. @defaultValue 128 */
  readonly batch?: number
  /** The learning rate at the start of its cosine. @defaultValue .02, for scores of mean 1 */
  readonly rate?: number
  /** Examples of the kernel-trace score. @defaultValue 512 */
  readonly samples?: number
  /** Where the scores start. Biases take part if they have scores there. @defaultValue the kernel-trace score */
  readonly start?: Concrete<Weights<P>>
  /** Called after every step. */
  readonly observe?: (event: SearchEvent) => IO<void>
}

/** One step of a search. */
export interface SearchEvent extends Omit<LearnEvent, 'terms'> {
  /** The value of the objective. */
  readonly loss: number
  /** Relative kernel distance of this batch's mask to dense (an estimate, with probes). */
  readonly kernel: number
  /** Relative distance of the outputs. */
  readonly output: number
}

/** What a search found: the mask, the scores it comes from, and every step. */
export interface Ticket<P = Params> extends Omit<LearnResult<P>, 'history'> {
  /** The steps of the search that were noted. */
  readonly history: readonly SearchEvent[]
}

const operation = 'mask.search'

const kinds: OptionKinds<SearchOptions> = {
  ...objectiveKinds,
  loss: option.number,
  biases: option.flag,
  density: option.number,
  layers: option.any,
  attackTarget: option.word('dense', 'sparse'),
  optimiser: option.optimiser,
  weights: option.any,
  trajectory: option.any,
  stop: option.function,
  checkpoint: option.record,
  parametrisation: option.function,
  epsilon: option.number,
  norm: option.word(...norms),
  box: option.any,
  attack: option.function,
  steps: option.number,
  batch: option.number,
  rate: option.number,
  samples: option.number,
  start: option.any,
  observe: option.function
}

const eventOf = ({ terms, ...rest }: LearnEvent): SearchEvent => ({
  ...rest,
  loss: terms.loss!,
  kernel: Math.sqrt(terms.kernel!),
  output: Math.sqrt(terms.output!)
})

/**
 * The objective of a winning ticket as a search wants it: the mask's network against the dense one; where the search is
 * given the dense network at further times, the mean over all of them, with the mask on the weights of each time.
 */
export const matching = checked(
  'mask.matching',
  ofNetwork,
  <P>(network: NetworkLike<P>, options: ObjectiveOptions = {}): MaskObjective<P> => {
    const at = objective(network.apply, checkOptions('mask.matching', objectiveKinds, options))
    return ({ mask, params, dense, trajectory, clean, adversarial, key }) => {
      const first = at(mask, dense, clean, adversarial.x, key, params)
      const all = [first, ...trajectory.map((later) => at(mask, later, clean, adversarial.x, key))]
      const mean = (term: keyof ObjectiveTerms) =>
        ops.scale(1 / all.length)(all.map((one) => one[term]).reduce((a, b) => ops.add(b)(a)))
      return all.length === 1 ? first : { loss: mean('loss'), kernel: mean('kernel'), output: mean('output') }
    }
  }
)

/** An objective with so much of the loss of training added. */
const withLoss = <P>(
  network: NetworkLike<P>,
  weight: number,
  objective: MaskObjective<P>
): MaskObjective<P> =>
  weight === 0
    ? objective
    : (input) => {
        const terms = objective(input)
        return { ...terms, loss: ops.add(ops.scale(weight)(trainingLoss(network)(input).loss))(terms.loss) }
      }

/**
 * Searches for an adversarial winning ticket: a mask whose network has the dense network's mixed tangent kernel on attacked
 * inputs at initialisation, and with `c` its outputs, so that it is to follow the dense network's adversarial training
 * (arXiv:2202.06488). Weights stay where they are; scores learn through a straight-through global top-k. It is `mask.learn`
 * with that objective, from the kernel-trace score; every part can be replaced.
 *
 * @example
 * import assert from 'node:assert'
 * import * as E from 'fp-ts/lib/Either.js'
 * import { data, key, mask, nn, withEngine } from 'tangentflow'
 *
 * const net = nn.serial(nn.dense(8), nn.relu, nn.dense(10))
 * const { x, y } = data.take(Array.from({ length: 32 }, (_, i) => i))(data.digits())
 * const found = await withEngine()(
 *   mask.search(net, { density: 0.25, epsilon: 0.1, steps: 5, batch: 8 })(net.init(key(0), [64]), { x, y }, key(1))
 * )()
 * assert.ok(E.isRight(found))
 * assert.equal(mask.density(found.right.mask), 0.25)
 * assert.equal(found.right.history.length, 5)
 */
export const search = entry(
  'mask.search',
  'Effect',
  2,
  <P>(network: NetworkLike<P>, options: SearchOptions<P>) =>
    (params: Concrete<P>, data: Dataset, key: HostKey): Effect<Ticket<P>> =>
    (runner) => {
      checkOptions(operation, kinds, options)
      const {
        density,
        layers = 'global',
        epsilon,
        norm = 'linf',
        box,
        samples = 512,
        biases = false
      } = options
      const { gamma = 1, c = 0, loss = 0, observe, parametrisation = straightThrough, ...rest } = options
      const standard =
        epsilon === 0 ? none : pgd({ norm, epsilon, box, steps: 7, stepSize: (2.5 * epsilon) / 7 })
      const attack = options.attack ?? standard
      const [forSample, forScore, shuffle, draws] = split(4)(key)
      const scored = scoreOf(network, { method: 'kernelTrace', epsilon, norm, box, biases })

      const scores: TE.TaskEither<TangentError, Concrete<Weights<P>>> = pipe(
        TE.fromEither(sampleOf(operation, network, scored, samples, params, data, forSample)),
        TE.bindTo('sample'),
        TE.bind('program', ({ sample }) => runner.compile(scored, [params, sample, forScore])),
        TE.flatMap(({ sample, program }) => program(params, sample, forScore)),
        TE.map(({ value }) => value)
      )
      const learnt = (start: Concrete<Weights<P>>) =>
        learnFrom(network, {
          steps: 300,
          batch: 128,
          rate: 0.02,
          ...rest,
          objective: withLoss(
            network,
            loss,
            matching(network, optionsOf<ObjectiveOptions>(objectiveKinds, options))
          ),
          parametrisation: parametrisation({ density, layers }),
          start,
          attack,
          ...(observe && { observe: (event: LearnEvent) => observe(eventOf(event)) })
        })(params, data, { operation, shuffle, draws })(runner)

      return pipe(
        TE.fromEither(
          attempt(() => {
            for (const [name, value] of Object.entries({ epsilon, gamma, c, loss }))
              requireFinite(operation, name, value, 0)
            if (options.start !== undefined) requireMask(operation, params, options.start)
            allocate(operation, layers, density, weightShapes(options.start ?? weightsOf(params, options)))
          })
        ),
        TE.flatMap(() => (options.start === undefined ? scores : TE.right(options.start))),
        TE.flatMap(learnt),
        TE.map(({ history, ...found }): Ticket<P> => ({ ...found, history: history.map(eventOf) }))
      )
    },
  [ofNetwork, onData]
)
