import { pipe } from 'fp-ts/lib/function.js'
import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import type { ReaderTaskEither } from 'fp-ts/lib/ReaderTaskEither.js'
import { fail, type TangentError } from '../core/error.js'
import type { HostKey } from '../core/key.js'
import type { Runner } from '../graph/runner.js'
import type { Concrete } from '../graph/spec.js'
import { attempt } from '../graph/trace.js'
import { topKMaskOf, type LayerAllocation, magnitudes } from '../mask/index.js'
import type { Dataset, Model } from '../nn/batch.js'
import type { Params, Weights } from '../nn/layer.js'
import { fit } from './fit.js'
import type { FitOptions, FitResult } from './options.js'

/** How a trained network is pruned: by the magnitude of its weights. */
export interface PruneOptions {
  /** The fraction of weights to keep, in (0, 1]. */
  readonly density: number
  /** How what is kept is shared out; `global` unless given. */
  readonly layers?: LayerAllocation
  /** Whether biases are pruned too; false unless given. */
  readonly biases?: boolean
}

/** A network that was trained, and what is left of it. */
export interface Pruned {
  /** The training before pruning. */
  readonly dense: FitResult
  readonly mask: Concrete<Weights>
}

/**
 * Trains a network, under a mask that an earlier round left if there is one, and keeps its largest weights. A density that does
 * not fit is an ArgumentError before anything is trained.
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
export const trainAndPrune =
  (model: Model<Params>, { density, layers = 'global', biases = false }: PruneOptions, options: FitOptions) =>
  (params: Concrete<Params>, data: Dataset, key: HostKey): ReaderTaskEither<Runner, TangentError, Pruned> =>
    pipe(
      RTE.fromEither(attempt(() => topKMaskOf({ layers, density })(magnitudes(params, { biases })))),
      RTE.flatMap(() => fit(model, options)(params, data, key)),
      RTE.bindTo('dense'),
      RTE.bind('mask', ({ dense }) =>
        RTE.fromEither(attempt(() => topKMaskOf({ layers, density })(magnitudes(dense.params, { biases }))))
      )
    )

/**
 * The parameters that a training has after some of its epochs: exactly those of the whole training, whose schedules it
 * follows. 0 epochs are the start, more than there are an ArgumentError.
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
export const paramsAfter =
  (model: Model<Params>, options: FitOptions, epochs: number) =>
  (
    params: Concrete<Params>,
    data: Dataset,
    key: HostKey
  ): ReaderTaskEither<Runner, TangentError, Concrete<Params>> => {
    const { record: _record, checkpoint: _checkpoint, validate: _validate, ...recipe } = options
    return pipe(
      RTE.fromEither(
        attempt(() =>
          Number.isInteger(epochs) && epochs >= 0 && epochs <= options.epochs
            ? epochs
            : fail(
                'ArgumentError',
                'train.paramsAfter',
                `whole epochs in [0, ${options.epochs}]`,
                `${epochs}`,
                'epochs'
              )
        )
      ),
      RTE.flatMap((every) =>
        every === 0
          ? RTE.of(params)
          : pipe(
              fit(model, { ...recipe, validate: { every, score: () => RTE.of(0), until: () => true } })(
                params,
                data,
                key
              ),
              RTE.map((fitted) => fitted.params)
            )
      )
    )
  }
