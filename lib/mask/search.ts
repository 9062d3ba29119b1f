import type { IO } from 'fp-ts/lib/IO.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { ReaderTaskEither } from 'fp-ts/lib/ReaderTaskEither.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { fail, type TangentError } from '../core/error.js'
import type { HostKey } from '../core/key.js'
import { split } from '../graph/key.js'
import * as ops from '../graph/ops/index.js'
import type { Runner } from '../graph/runner.js'
import type { Concrete } from '../graph/spec.js'
import { attempt } from '../graph/trace.js'
import type { Norm } from '../attack/ball.js'
import { pgd } from '../attack/pgd.js'
import type { Attack, Dataset } from '../nn/batch.js'
import { labelledCount } from '../nn/labels.js'
import { type MaskedLeaves, type Network, type Params, type Weights, weightsOf } from '../nn/layer.js'
import { allocate, type LayerAllocation } from './allocation.js'
import { weightShapes } from './density.js'
import { learnFrom } from './learn.js'
import type { LearnEvent, LearnOptions, MaskObjective } from './learn-options.js'
import { objective, type Objective, type ObjectiveOptions } from './objective.js'
import { scoreOf } from './oneshot.js'
import { type Sparsity, type Parametrisation, straightThrough } from './parametrisation.js'
import { sampleOf } from './sample.js'

/** The recipe of a search. */
export interface SearchOptions
  extends
    ObjectiveOptions,
    MaskedLeaves,
    Pick<LearnOptions, 'attackTarget' | 'optimiser' | 'weights' | 'trajectory' | 'stop' | 'checkpoint'> {
  /** The fraction of weights to keep, over all layers together, in (0, 1]. */
  readonly density: number
  /** How what is kept is shared out; `global` unless given. */
  readonly layers?: LayerAllocation
  /** How scores become a mask; {@link straightThrough} unless given. */
  readonly parametrisation?: (sparsity: Sparsity) => Parametrisation
  /** The radius of the attack in whose presence the network will be trained. */
  readonly epsilon: number
  /** The norm of that radius; `linf` unless given. */
  readonly norm?: Norm
  /** The attack that makes X̃; PGD-7 with step 2.5 ε/7 and random start unless given. */
  readonly attack?: Attack
  /** Steps of the optimiser; 300 unless given. 0 gives the mask of the starting scores. */
  readonly steps?: number
  /** Clean and adversarial inputs a step, each this many; 128 unless given. */
  readonly batch?: number
  /** The learning rate at the start of its cosine; .02 unless given, for scores of mean 1. */
  readonly rate?: number
  /** Examples of the kernel-trace score; 512 unless given. */
  readonly samples?: number
  /** Where the scores start; at the kernel-trace score unless given. Biases take part if they have scores there. */
  readonly start?: Concrete<Weights>
  /** Called after every step. */
  readonly observe?: (event: SearchEvent) => IO<void>
}

/** One step of a search. */
export interface SearchEvent {
  readonly step: number
  readonly steps: number
  readonly loss: number
  /** Relative kernel distance of this batch's mask to dense (an estimate, with probes). */
  readonly kernel: number
  /** Relative distance of the outputs. */
  readonly output: number
  /** Weights of each masked layer that entered or left since the last step. */
  readonly flips: readonly number[]
}

/** What a search found: the mask, the scores it comes from, and every step. */
export interface Ticket {
  readonly mask: Concrete<Weights>
  readonly scores: Concrete<Weights>
  /** The layers that the mask empties, see `mask.emptyLayers`; none where all is well. */
  readonly emptyLayers: readonly number[]
  /** The weights under the mask: as they were at initialisation, unless the search moves them. */
  readonly params: Concrete<Params>
  readonly history: readonly SearchEvent[]
}

const operation = 'mask.search'

const check = ({ epsilon, gamma = 1, c = 1 }: SearchOptions): void => {
  for (const [name, value] of Object.entries({ epsilon, gamma, c })) {
    if (!(Number.isFinite(value) && value >= 0))
      fail('ArgumentError', operation, 'a finite number of at least 0', `${value}`, name)
  }
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
export const matching =
  (network: Network, options: ObjectiveOptions = {}): MaskObjective =>
  ({ mask, params, dense, trajectory, clean, adversarial, key }) => {
    const at = objective(network.apply, options)
    const first = at(mask, dense, clean, adversarial.x, key, params)
    const all = [first, ...trajectory.map((later) => at(mask, later, clean, adversarial.x, key))]
    const mean = (term: keyof Objective) =>
      ops.scale(1 / all.length)(all.map((one) => one[term]).reduce((a, b) => ops.add(b)(a)))
    return all.length === 1 ? first : { loss: mean('loss'), kernel: mean('kernel'), output: mean('output') }
  }

/**
 * The search for an adversarial winning ticket: a mask whose network has the dense network's outputs and mixed
 * tangent kernel on attacked inputs at initialisation, and so its adversarial training dynamics (arXiv:2202.06488).
 * Weights stay where they are; scores learn through a straight-through global top-k. It is {@link learn} with that
 * objective, from the kernel-trace score; every part can be replaced.
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
export const search =
  (network: Network, options: SearchOptions) =>
  (params: Concrete<Params>, data: Dataset, key: HostKey): ReaderTaskEither<Runner, TangentError, Ticket> =>
  (runner) => {
    const {
      density,
      layers = 'global',
      epsilon,
      norm = 'linf',
      steps = 300,
      batch = 128,
      rate = 0.02,
      samples = 512,
      biases = false
    } = options
    const { observe, parametrisation = straightThrough, ...rest } = options
    const attack = options.attack ?? pgd({ norm, epsilon, steps: 7, stepSize: (2.5 * epsilon) / 7 })
    const [forSample, forScore, shuffle, forSteps] = split(4)(key)
    const scored = scoreOf(network, { method: 'kernelTrace', epsilon, norm, biases })

    const scoresFrom = (): TE.TaskEither<TangentError, Concrete<Weights>> =>
      pipe(
        TE.fromEither(
          attempt(() =>
            sampleOf(data, labelledCount(operation, network.apply, params, data), samples, forSample)
          )
        ),
        TE.bindTo('sample'),
        TE.bind('program', ({ sample }) => runner.compile(scored, [params, sample, forScore])),
        TE.flatMap(({ sample, program }) => program(params, sample, forScore)),
        TE.map(({ value }) => value)
      )

    return pipe(
      TE.fromEither(
        attempt(() => {
          check(options)
          return allocate(
            operation,
            layers,
            density,
            weightShapes(options.start ?? weightsOf(params, options))
          )
        })
      ),
      TE.flatMap(() => (options.start === undefined ? scoresFrom() : TE.right(options.start))),
      TE.flatMap((start) =>
        learnFrom(
          network,
          {
            ...rest,
            objective: matching(network, options),
            parametrisation: parametrisation({ density, layers }),
            start,
            attack,
            steps,
            batch,
            rate,
            ...(observe === undefined ? {} : { observe: (event: LearnEvent) => observe(eventOf(event)) })
          },
          operation
        )(params, data, { shuffle, steps: forSteps })(runner)
      ),
      TE.map(({ history, ...learnt }): Ticket => ({ ...learnt, history: history.map(eventOf) }))
    )
  }
