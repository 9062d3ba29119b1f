import { pipe } from 'fp-ts/lib/function.js'
import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import type { ReaderTaskEither } from 'fp-ts/lib/ReaderTaskEither.js'
import type { TangentError } from '../core/error.js'
import type { HostKey } from '../core/key.js'
import { split } from '../graph/key.js'
import type { Runner } from '../graph/runner.js'
import type { Concrete } from '../graph/spec.js'
import type { Dataset, Model } from '../nn/batch.js'
import type { Params } from '../nn/layer.js'
import { fit } from './fit.js'
import type { Checkpointing } from '../checkpoint/run-steps.js'
import type { FitOptions, FitResult } from './options.js'
import { type Pruned, type PruneOptions, trainAndPrune } from './pruned.js'

/** The recipe of the three stages; everything else is shared by both trainings, each with its own run of the schedule. */
export interface ThreeStageOptions extends Omit<FitOptions, 'epochs' | 'mask' | 'checkpoint'>, PruneOptions {
  /** Epochs before and after pruning: with a sum of n, as many gradients as n epochs of one training. */
  readonly epochs: { readonly dense: number; readonly sparse: number }
  /** Where both trainings are saved. */
  readonly checkpoint?: { readonly dense: Checkpointing; readonly sparse: Checkpointing }
}

/** All three stages. */
export interface ThreeStage extends Pruned {
  /** The training of what is left, from the trained weights. */
  readonly fitted: FitResult
}

/**
 * Train, prune, fine-tune (Han, Pool, Tran, Dally, arXiv:1506.02626), under attack with an `attack`: what is compared with
 * masks that are found before any training.
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
export const threeStage =
  (
    model: Model<Params>,
    { epochs, checkpoint, density, layers = 'global', biases = false, ...recipe }: ThreeStageOptions
  ) =>
  (
    params: Concrete<Params>,
    data: Dataset,
    key: HostKey
  ): ReaderTaskEither<Runner, TangentError, ThreeStage> => {
    const [forDense, forSparse] = split(2)(key)
    const stage = (name: 'dense' | 'sparse'): FitOptions => ({
      ...recipe,
      epochs: epochs[name],
      ...(checkpoint === undefined ? {} : { checkpoint: checkpoint[name] })
    })
    return pipe(
      trainAndPrune(model, { density, layers, biases }, stage('dense'))(params, data, forDense),
      RTE.bind('fitted', ({ dense, mask }) =>
        fit(model, { ...stage('sparse'), mask })(dense.params, data, forSparse)
      )
    )
  }
