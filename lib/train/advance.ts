import { pipe } from 'fp-ts/lib/function.js'
import type { ReaderTaskEither } from 'fp-ts/lib/ReaderTaskEither.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { runSteps, type Taken } from '../checkpoint/run-steps.js'
import type { Settings } from '../checkpoint/fingerprint.js'
import type { TangentError } from '../core/error.js'
import type { NdArray } from '../core/ndarray.js'
import type { Result, Runner } from '../graph/runner.js'
import type { Concrete } from '../graph/spec.js'
import type { Params } from '../nn/layer.js'
import type { TrainState } from '../nn/optimiser.js'
import { type History, judge, load, save } from './history.js'
import type { FitOptions, FitResult } from './options.js'
import type { Chunk, Plan } from './plan.js'

type Effect<A> = TE.TaskEither<TangentError, A>

/** A planned run, and the programs that take its steps. */
interface Work {
  readonly plan: Plan
  readonly settings: Settings
  readonly run: (
    chunk: Chunk,
    from: Concrete<TrainState<Params>>
  ) => Effect<Result<{ readonly to: Concrete<TrainState<Params>>; readonly losses: readonly NdArray[] }>>
  readonly outputs: ((params: Concrete<Params>) => Effect<Result<NdArray>>) | undefined
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length

/** Takes a run's steps from where its store left it, or from the first one, to its end. */
export const advance =
  (
    options: FitOptions,
    { plan, settings, run, outputs }: Work
  ): ReaderTaskEither<Runner, TangentError, FitResult> =>
  (runner) => {
    const { first, recorded, judged, steps, rows, chunks } = plan
    const { validate, checkpoint, stop, observe } = options
    const chunkAt = new Map(chunks.map((chunk) => [chunk.start, chunk]))

    const record = (step: number, history: History): Effect<History> =>
      outputs !== undefined && recorded.includes(step)
        ? pipe(
            outputs(history.at.params),
            TE.map(({ value }) => ({
              ...history,
              checkpoints: [...history.checkpoints, { step, outputs: value }]
            }))
          )
        : TE.right(history)

    const validated = (step: number, history: History): Effect<History> => {
      const epoch = step / rows.perEpoch
      return validate !== undefined && judged.includes(step)
        ? pipe(
            validate.score(history.at.params, { step, epoch })(runner),
            TE.map((score) => judge(history, { step, epoch, score }))
          )
        : TE.right(history)
    }

    const tell = (step: number, mine: readonly number[], { validations }: History): void => {
      const last = validations.at(-1)
      const score = last?.step === step ? { score: last.score } : {}
      const epoch = Math.floor(step / rows.perEpoch)
      observe?.({ step, steps, epoch, loss: mean(mine), ...score })()
    }

    const take = (start: number, history: History): Effect<Taken<History>> => {
      const chunk = chunkAt.get(start)!
      const end = start + chunk.length
      return pipe(
        run(chunk, history.at),
        TE.flatMap(({ value, executed }) => {
          const mine = value.losses.map((loss) => loss.data[0]!)
          return pipe(
            record(end, { ...history, at: value.to, losses: [...history.losses, ...mine] }),
            TE.flatMap((next) => validated(end, next)),
            TE.tapIO((next) => () => tell(end, mine, next)),
            TE.map((state) => ({ state, executed, steps: chunk.length }))
          )
        })
      )
    }

    return pipe(
      runSteps<History>({
        kind: 'train.fit',
        settings,
        count: steps,
        first: { at: first, losses: [], checkpoints: [], validations: [], best: undefined },
        encode: save,
        decode: load({ first, recorded, judged, perEpoch: rows.perEpoch }),
        take,
        checkpoint: checkpoint && { store: checkpoint.store, steps: checkpoint.steps ?? rows.perEpoch },
        stop,
        until: ({ validations }) => validations.length > 0 && validate?.until?.(validations) === true
      }),
      TE.map(({ state: { at, losses, checkpoints, validations, best }, ended }) => ({
        params: at.params,
        losses,
        checkpoints,
        validations,
        best,
        ended
      }))
    )
  }
