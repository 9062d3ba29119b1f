import { checkOptions, option, type OptionKinds } from '../core/options.js'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import { entry } from '../core/entry.js'
import { type TangentError, tangentError } from '../core/error.js'
import type { Checkpointing } from '../checkpoint/run-steps.js'
import { requireWhole } from '../core/check.js'
import type { HostKey } from '../core/key.js'
import { split } from '../graph/key.js'
import { type Effect, loop, type Runner } from '../graph/runner.js'
import type { Concrete } from '../graph/spec.js'
import { attempt } from '../graph/trace.js'
import { roundsTo } from '../mask/allocation.js'
import { applyConcrete } from '../mask/apply.js'
import { magnitudes, type Sparsity, topKMaskOf, weightShapes } from '../mask/index.js'
import type { Params } from '../nn/layer.js'
import type { Dataset, Model } from '../nn/model.js'
import { concreteWeightsOf, type MaskedLeaves, type Weights } from '../nn/weights.js'
import { fit } from './fit.js'
import type { FitOptions, FitResult } from './fit-options.js'
import { ofModel, onData } from '../nn/require.js'

/** How a trained network is pruned: by the magnitude of its weights. */
export type PruneOptions = Sparsity & MaskedLeaves

const pruneKinds: OptionKinds<PruneOptions> = {
  density: option.number,
  layers: option.any,
  biases: option.flag
}

/** A trained network, and the mask of its largest weights. */
export interface Pruned<P = Params> {
  /** The training before pruning. */
  readonly dense: FitResult<P>
  /** The mask of the weights that are kept. */
  readonly mask: Concrete<Weights<P>>
}

/** A training that ran to its end: what is made of it is of the whole. One that was stopped is a StopError. */
const whole =
  (operation: string) =>
  <P>(fitted: FitResult<P>): E.Either<TangentError, FitResult<P>> =>
    fitted.ended === 'stop'
      ? E.left(tangentError('StopError', operation, 'a training that runs to its end', 'a stop'))
      : E.right(fitted)

/**
 * Trains a network, under the mask of an earlier round if there is one, and prunes it to its largest weights. A density that
 * does not fit is an ArgumentError before the training, a `stop` before its end a StopError.
 *
 * @example
 * import assert from 'node:assert'
 * import * as E from 'fp-ts/lib/Either.js'
 * import { data, key, mask, nn, train, withEngine } from 'tangentflow'
 *
 * const net = nn.serial(nn.dense(8), nn.relu, nn.dense(10))
 * const { x, y } = data.take(Array.from({ length: 16 }, (_, i) => i))(data.digits())
 * const recipe = { epochs: 2, batch: 8, optimiser: train.sgd, schedule: train.schedule.cosine(0.1) }
 * const start = net.init(key(0), [64])
 * const pruned = await withEngine()(
 *   train.trainAndPrune(net.apply, { density: 0.25 }, recipe)(start, { x, y }, key(1))
 * )()
 * assert.ok(E.isRight(pruned))
 * assert.equal(mask.density(pruned.right.mask), 0.25)
 */
export const trainAndPrune = entry(
  'train.trainAndPrune',
  'Effect',
  2,
  <P>(model: Model<P>, pruning: PruneOptions, options: FitOptions<P>) =>
    (params: Concrete<P>, data: Dataset, key: HostKey): Effect<Pruned<P>> => {
      checkOptions('train.trainAndPrune', pruneKinds, pruning)
      const { density, layers = 'global', ...leaves } = pruning
      const largest = (of: Concrete<P>): Effect<Concrete<Weights<P>>> =>
        RTE.fromEither(attempt(() => topKMaskOf({ layers, density })(magnitudes<P>(of, leaves))))
      return pipe(
        largest(params),
        RTE.flatMap(() => fit(model, options)(params, data, key)),
        RTE.flatMapEither(whole('train.trainAndPrune')),
        RTE.bindTo('dense'),
        RTE.bind('mask', ({ dense }) => largest(dense.params))
      )
    },
  [ofModel, onData]
)

/**
 * The parameters that a training has after some of its epochs: exactly those of the whole training, whose schedules it
 * follows. 0 epochs are the start, more than there are an ArgumentError, a `stop` before them a StopError.
 *
 * @example
 * import assert from 'node:assert'
 * import * as E from 'fp-ts/lib/Either.js'
 * import { data, key, nn, train, withEngine } from 'tangentflow'
 *
 * const net = nn.serial(nn.dense(8), nn.relu, nn.dense(10))
 * const { x, y } = data.take(Array.from({ length: 16 }, (_, i) => i))(data.digits())
 * const recipe = { epochs: 2, batch: 8, optimiser: train.sgd, schedule: train.schedule.cosine(0.1) }
 * const start = net.init(key(0), [64])
 * const early = await withEngine()(train.paramsAfter(net.apply, recipe, 1)(start, { x, y }, key(1)))()
 * assert.ok(E.isRight(early))
 * assert.notDeepEqual(early.right, start)
 */
export const paramsAfter = entry(
  'train.paramsAfter',
  'Effect',
  2,
  <P>(model: Model<P>, options: FitOptions<P>, epochs: number) =>
    (params: Concrete<P>, data: Dataset, key: HostKey): Effect<Concrete<P>> => {
      const { record: _record, checkpoint: _checkpoint, validate: _validate, ...recipe } = options
      const validate = { every: epochs, score: () => RTE.of(0), until: () => true }
      return pipe(
        RTE.fromEither(
          attempt(() => {
            requireWhole('train.paramsAfter', 'epochs', epochs, 0, options.epochs)
            return options.mask === undefined ? params : applyConcrete(options.mask)(params)
          })
        ),
        RTE.flatMap((start) =>
          epochs === 0
            ? RTE.of(start)
            : pipe(
                fit(model, { ...recipe, validate })(params, data, key),
                RTE.flatMapEither(whole('train.paramsAfter')),
                RTE.map((fitted) => fitted.params)
              )
        )
      )
    },
  [ofModel, onData]
)

/** How a lottery ticket is drawn: by whole trainings, each of `epochs`. */
export interface RewindOptions<P = Params>
  extends Omit<FitOptions<P>, 'mask' | 'checkpoint' | 'record'>, PruneOptions {
  /** The epoch of the first training whose weights the ticket starts from. @defaultValue 0, the initialisation */
  readonly rewindEpoch?: number
  /** Trainings, each of which prunes further: after round k of n the fraction ρ^(k/n) is left. @defaultValue 1 */
  readonly rounds?: number
}

/** A ticket: its mask, and the weights from which it is to be trained. */
export interface Rewound<P = Params> {
  /** The mask of the weights that are kept. */
  readonly mask: Concrete<Weights<P>>
  /** The parameters from which the sparse network is trained. */
  readonly params: Concrete<P>
}

/**
 * Draws a lottery ticket: trains, prunes the smallest weights and rewinds the others to their start (Frankle, Carbin,
 * arXiv:1803.03635), or to an early epoch (Frankle, Dziugaite, Roy, Carbin, arXiv:1903.01611). It costs `rounds` whole
 * trainings, and `rewindEpoch` epochs, before the ticket's own training, `fit` with `mask`, begins. A `stop` is a StopError.
 *
 * @example
 * import assert from 'node:assert'
 * import * as E from 'fp-ts/lib/Either.js'
 * import { data, key, mask, nn, train, withEngine } from 'tangentflow'
 *
 * const net = nn.serial(nn.dense(8), nn.relu, nn.dense(10))
 * const { x, y } = data.take(Array.from({ length: 32 }, (_, i) => i))(data.digits())
 * const start = net.init(key(0), [64])
 * const recipe = { epochs: 2, batch: 8, optimiser: train.sgd, schedule: train.schedule.cosine(0.1) }
 * const ticket = await withEngine()(
 *   train.rewind(net.apply, { ...recipe, density: 0.25, rounds: 2 })(start, { x, y }, key(1))
 * )()
 * assert.ok(E.isRight(ticket))
 * assert.equal(mask.density(ticket.right.mask), 0.25)
 * assert.equal(ticket.right.params, start)
 */
export const rewind = entry(
  'train.rewind',
  'Effect',
  2,
  <P>(
    model: Model<P>,
    { rewindEpoch = 0, rounds = 1, density, layers = 'global', biases = false, ...recipe }: RewindOptions<P>
  ) =>
    (params: Concrete<P>, data: Dataset, key: HostKey): Effect<Rewound<P>> => {
      const left = (): readonly Sparsity[] => {
        requireWhole('train.rewind', 'rounds', rounds, 1)
        return roundsTo(density, rounds, layers, weightShapes(concreteWeightsOf<P>(params, { biases })))
      }
      const round = (
        sparsity: Sparsity,
        start: Concrete<P>,
        mask?: Concrete<Weights<P>>
      ): Effect<Concrete<Weights<P>>> =>
        pipe(
          trainAndPrune(model, { ...sparsity, biases }, { ...recipe, ...(mask && { mask }) })(
            start,
            data,
            key
          ),
          RTE.map((pruned) => pruned.mask)
        )
      return pipe(
        RTE.fromEither(attempt(left)),
        RTE.bindTo('left'),
        RTE.bind('params', () => paramsAfter(model, recipe, rewindEpoch)(params, data, key)),
        RTE.bind('first', ({ left }) => round(left[0]!, params)),
        RTE.bind(
          'mask',
          ({ left, params: start, first }) =>
            (runner: Runner) =>
              loop(rounds - 1, (i, mask: Concrete<Weights<P>>) => round(left[i + 1]!, start, mask)(runner))(
                first
              )
        ),
        RTE.map(({ mask, params: start }) => ({ mask, params: start }))
      )
    },
  [ofModel, onData]
)

/** The recipe of the three stages; everything else is shared by both trainings, each with its own run of the schedule. */
export interface ThreeStageOptions<P = Params>
  extends Omit<FitOptions<P>, 'epochs' | 'mask' | 'checkpoint'>, PruneOptions {
  /** Epochs before and after pruning: with a sum of n, as many gradients as n epochs of one training. */
  readonly epochs: {
    /** Epochs before pruning. */
    readonly dense: number
    /** Epochs after it. */
    readonly sparse: number
  }
  /** Saves both trainings. */
  readonly checkpoint?: {
    /** Where the dense training is saved. */
    readonly dense: Checkpointing
    /** Where the sparse training is saved. */
    readonly sparse: Checkpointing
  }
}

/** The outcome of all three stages. */
export interface ThreeStage<P = Params> extends Pruned<P> {
  /** The training of what is left, from the trained weights. */
  readonly fitted: FitResult<P>
}

/**
 * Trains, prunes and fine-tunes (Han, Pool, Tran, Dally, arXiv:1506.02626), under attack with an `attack`: the baseline of
 * masks that are found before any training. A `stop` of the first training is a StopError; the same call goes on from its checkpoint.
 *
 * @example
 * import assert from 'node:assert'
 * import * as E from 'fp-ts/lib/Either.js'
 * import { data, key, mask, nn, train, withEngine } from 'tangentflow'
 *
 * const net = nn.serial(nn.dense(8), nn.relu, nn.dense(10))
 * const { x, y } = data.take(Array.from({ length: 32 }, (_, i) => i))(data.digits())
 * const stages = await withEngine()(
 *   train.threeStage(net.apply, {
 *     epochs: { dense: 2, sparse: 1 },
 *     density: 0.25,
 *     batch: 8,
 *     optimiser: train.sgd,
 *     schedule: train.schedule.cosine(0.1)
 *   })(net.init(key(0), [64]), { x, y }, key(1))
 * )()
 * assert.ok(E.isRight(stages))
 * assert.equal(mask.density(stages.right.mask), 0.25)
 * assert.equal(stages.right.dense.losses.length + stages.right.fitted.losses.length, 3 * 4)
 */
export const threeStage = entry(
  'train.threeStage',
  'Effect',
  2,
  <P>(
    model: Model<P>,
    { epochs, checkpoint, density, layers = 'global', biases = false, ...recipe }: ThreeStageOptions<P>
  ) =>
    (params: Concrete<P>, data: Dataset, key: HostKey): Effect<ThreeStage<P>> => {
      const [forDense, forSparse] = split(2)(key)
      const stage = (name: 'dense' | 'sparse'): FitOptions<P> => ({
        ...recipe,
        epochs: epochs[name],
        ...(checkpoint && { checkpoint: checkpoint[name] })
      })
      return pipe(
        trainAndPrune(model, { density, layers, biases }, stage('dense'))(params, data, forDense),
        RTE.bind('fitted', ({ dense, mask }) =>
          fit(model, { ...stage('sparse'), mask })(dense.params, data, forSparse)
        )
      )
    },
  [ofModel, onData]
)
