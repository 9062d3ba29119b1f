import { pipe } from 'fp-ts/lib/function.js'
import type { ReaderTaskEither } from 'fp-ts/lib/ReaderTaskEither.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { TangentError } from '../core/error.js'
import type { HostKey } from '../core/key.js'
import type { Program, Runner } from '../graph/runner.js'
import type { Concrete } from '../graph/spec.js'
import type { Tensor } from '../graph/tensor.js'
import { attempt } from '../graph/trace.js'
import type { Dataset, Model } from '../nn/batch.js'
import type { Params } from '../nn/layer.js'
import { advance } from './advance.js'
import type { FitOptions, FitResult } from './options.js'
import { type ChunkArguments, chunkOf, inputsOf, planOf } from './plan.js'
import { settingsOf } from './settings.js'

/**
 * Trains a model on a set. Same key, same batches and same noise, whatever the mask: runs of several masks compare step
 * by step.
 */
export const fit =
  (model: Model<Params>, options: FitOptions) =>
  (
    params: Concrete<Params>,
    data: Dataset,
    key: HostKey
  ): ReaderTaskEither<Runner, TangentError, FitResult> =>
  (runner) => {
    const { record, checkpoint } = options
    const chunk = chunkOf(model, options)
    const outputs = (p: Params, x: Tensor): Tensor => model(p)(x)
    return pipe(
      TE.fromEither(attempt(() => planOf(model, options, params, data, key, runner.unroll))),
      TE.bindTo('plan'),
      TE.let('inputs', ({ plan }) => inputsOf(data, plan)),
      TE.bind('programs', ({ plan, inputs }) =>
        pipe(
          [...new Set(plan.chunks.map(({ length }) => length))],
          TE.traverseSeqArray((length) =>
            pipe(
              runner.compile(chunk, [plan.first, ...inputs({ start: 0, length })]),
              TE.map((program) => [length, program] as const)
            )
          ),
          TE.map(
            (pairs): ReadonlyMap<number, Program<ChunkArguments, ReturnType<typeof chunk>>> => new Map(pairs)
          )
        )
      ),
      TE.bind('outputsOf', ({ plan }) =>
        record === undefined
          ? TE.right(undefined)
          : pipe(
              runner.compile(outputs, [plan.first.params, record.x]),
              TE.map((program) => (p: Concrete<Params>) => program(p, record.x))
            )
      ),
      TE.bind('settings', ({ plan, inputs }) =>
        TE.fromEither(
          attempt(() => (checkpoint === undefined ? {} : settingsOf(model, options, plan, inputs, data, key)))
        )
      ),
      TE.flatMap(({ plan, inputs, programs, outputsOf, settings }) => {
        return advance(options, {
          plan,
          settings,
          run: (each, from) => programs.get(each.length)!(from, ...inputs(each)),
          outputs: outputsOf
        })(runner)
      })
    )
  }
