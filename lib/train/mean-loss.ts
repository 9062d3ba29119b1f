import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { requireWhole } from '../core/check.js'
import { entry } from '../core/entry.js'
import type { HostKey } from '../core/key.js'
import { checkOptions, option, type OptionKinds } from '../core/options.js'
import { fold, type Key } from '../graph/key.js'
import { type Effect, loop } from '../graph/runner.js'
import type { Concrete } from '../graph/spec.js'
import { attempt } from '../graph/trace.js'
import { exampleCount, labelledCount, requireInBox, takeExamples } from '../nn/batch.js'
import type { Loss } from '../nn/loss.js'
import type { Attack, Batch, Dataset, Model } from '../nn/model.js'
import { adversarial, type Objective } from './objective.js'
import { ofModel, onData } from '../nn/require.js'

/** Which loss is taken, and on how many examples at once. */
export interface MeanLossOptions {
  /** The attack on the inputs. @defaultValue none */
  readonly attack?: Attack
  /** @defaultValue `nn.crossEntropy` */
  readonly loss?: Loss
  /** What is taken in place of the loss on attacked inputs, a mean over the batch: `train.trades`, for example. */
  readonly objective?: Objective
  /** Examples at once. @defaultValue 256 */
  readonly batch?: number
}

const kinds: OptionKinds<MeanLossOptions> = {
  attack: option.function,
  loss: option.function,
  objective: option.function,
  batch: option.number
}

/**
 * The mean loss of parameters over a set, as `train.fit` minimises it: on attacked inputs where there is an attack. `losses` of a
 * training are those before each step; this is the loss after the last one. Layers such as `nn.dropout` draw from the key, as they do in a step.
 *
 * @example
 * import assert from 'node:assert'
 * import { data, key, nn, train, withEngine } from 'tangentflow/promise'
 *
 * const net = nn.serial(nn.dense(10))
 * const known = data.take([0, 1, 2, 3, 4, 5, 6])(data.digits())
 * const recipe = { epochs: 5, batch: 7, optimiser: train.sgd, schedule: train.schedule.constant(0.1) }
 * await withEngine()(async (engine) => {
 *   const { params, losses } = await train.fit(net.apply, recipe)(net.init(key(0), [64]), known, key(1))(engine)
 *   const after = await train.meanLoss(net.apply)(params, known, key(2))(engine)
 *   assert.ok(after < losses[4]!)
 * })
 */
export const meanLoss = entry(
  'train.meanLoss',
  'Effect',
  2,
  <P>(model: Model<P>, options: MeanLossOptions = {}) =>
    (params: Concrete<P>, data: Dataset, key: HostKey): Effect<number> =>
    (runner) => {
      const { batch = 256, objective = adversarial(options.attack, options.loss) } = options
      const lowered = (p: P, examples: Batch, k: Key) => objective(model)(p, examples, k)
      const checked = attempt(() => {
        checkOptions('train.meanLoss', kinds, options)
        const count =
          objective.labels === true
            ? labelledCount('train.meanLoss', model, params, data)
            : exampleCount('train.meanLoss', data)
        requireInBox('train.meanLoss', objective, data.x)
        return { count, size: Math.min(count, requireWhole('train.meanLoss', 'batch', batch, 1)) }
      })
      return pipe(
        TE.fromEither(checked),
        TE.flatMap(({ count, size }) => {
          const rowsOf = (i: number) =>
            Array.from({ length: Math.min(size, count - i * size) }, (_, j) => i * size + j)
          return pipe(
            [...new Set([size, count % size || size])],
            TE.traverseSeqArray((n) =>
              pipe(
                runner.compile(lowered, [params, takeExamples(data, rowsOf(0).slice(0, n)), key]),
                TE.map((program) => [n, program] as const)
              )
            ),
            TE.map((programs) => new Map(programs)),
            TE.flatMap((programs) =>
              pipe(
                0,
                loop(Math.ceil(count / size), (i, sum: number) => {
                  const rows = rowsOf(i)
                  return pipe(
                    programs.get(rows.length)!(params, takeExamples(data, rows), fold(i)(key)),
                    TE.map(({ value }) => sum + rows.length * value.data[0]!)
                  )
                })
              )
            ),
            TE.map((sum) => sum / count)
          )
        })
      )
    },
  [ofModel, onData]
)
