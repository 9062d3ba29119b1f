import { pipe } from 'fp-ts/lib/function.js'
import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import type { ReaderTaskEither } from 'fp-ts/lib/ReaderTaskEither.js'
import { fail, type TangentError } from '../core/error.js'
import type { HostKey } from '../core/key.js'
import { loop } from '../graph/loop.js'
import type { Runner } from '../graph/runner.js'
import type { Concrete } from '../graph/spec.js'
import { attempt } from '../graph/trace.js'
import type { Dataset, Model } from '../nn/batch.js'
import type { Params, Weights } from '../nn/layer.js'
import type { FitOptions } from './options.js'
import { paramsAfter, type PruneOptions, trainAndPrune } from './pruned.js'

/** How a lottery ticket is drawn: by whole trainings, each of `epochs`. */
export interface RewindOptions extends Omit<FitOptions, 'mask' | 'checkpoint' | 'record'>, PruneOptions {
  /** The epoch of the first training whose weights the ticket starts from; 0, the initialisation, unless given. */
  readonly rewindEpoch?: number
  /** Trainings, each of which prunes further: after round k of n the fraction ρ^(k/n) is left. 1 unless given. */
  readonly rounds?: number
}

/** A ticket: what is kept, and the weights from which it is to be trained. */
export interface Rewound {
  readonly mask: Concrete<Weights>
  readonly params: Concrete<Params>
}

const check = ({ rounds = 1 }: RewindOptions): void => {
  if (!(Number.isInteger(rounds) && rounds >= 1))
    fail('ArgumentError', 'train.rewind', 'a whole number of rounds of at least 1', `${rounds}`, 'rounds')
}

/**
 * Lottery tickets by training, pruning the smallest weights and rewinding the others to their start (Frankle, Carbin,
 * arXiv:1803.03635), or to an early epoch (Frankle, Dziugaite, Roy, Carbin, arXiv:1903.01611). It costs `rounds` whole trainings,
 * and `rewindEpoch` epochs, before the ticket's own training, `fit` with `mask`, begins.
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
export const rewind =
  (model: Model<Params>, options: RewindOptions) =>
  (
    params: Concrete<Params>,
    data: Dataset,
    key: HostKey
  ): ReaderTaskEither<Runner, TangentError, Rewound> => {
    const { rewindEpoch = 0, rounds = 1, density, layers = 'global', biases = false, ...recipe } = options
    const round = (
      k: number,
      from: Concrete<Params>,
      mask: Concrete<Weights> = []
    ): ReaderTaskEither<Runner, TangentError, Concrete<Weights>> =>
      pipe(
        trainAndPrune(model, { density: density ** (k / rounds), layers, biases }, { ...recipe, mask })(
          from,
          data,
          key
        ),
        RTE.map((pruned) => pruned.mask)
      )
    return pipe(
      RTE.fromEither(attempt(() => check(options))),
      RTE.flatMap(() => paramsAfter(model, recipe, rewindEpoch)(params, data, key)),
      RTE.bindTo('params'),
      RTE.bind('first', () => round(1, params)),
      RTE.bind(
        'mask',
        ({ params: start, first }) =>
          (runner: Runner) =>
            loop(rounds - 1, (i, mask: Concrete<Weights>) => round(i + 2, start, mask)(runner))(first)
      ),
      RTE.map(({ mask, params: start }) => ({ mask, params: start }))
    )
  }
