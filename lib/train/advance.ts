import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { ReaderTaskEither } from 'fp-ts/lib/ReaderTaskEither.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { TangentError } from '../core/error.js'
import type { NdArray } from '../core/ndarray.js'
import type { Result, Runner } from '../graph/runner.js'
import type { Concrete } from '../graph/spec.js'
import type { Params } from '../nn/layer.js'
import type { Optimised } from '../nn/optimiser.js'
import {
  engineOf,
  keep as keepRun,
  type Resumable,
  restore,
  sameEngine,
  type Standing
} from '../resume/run.js'
import type { Settings } from '../resume/settings.js'
import { type History, judge, load, save } from './history.js'
import type { FitOptions, Fitted } from './options.js'
import type { Chunk, Plan } from './plan.js'

type Effect<A> = TE.TaskEither<TangentError, A>

/** A planned run, and the programs that take its steps. */
interface Work {
  readonly plan: Plan
  readonly settings: Settings
  readonly run: (
    chunk: Chunk,
    from: Concrete<Optimised<Params>>
  ) => Effect<Result<{ readonly to: Concrete<Optimised<Params>>; readonly losses: readonly NdArray[] }>>
  readonly outputs: ((params: Concrete<Params>) => Effect<Result<NdArray>>) | undefined
}

const KIND = 'train.fit'

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length

/** Takes a run's steps from where its store left it, or from the first one, to its end. */
export const advance =
  (
    options: FitOptions,
    { plan, settings, run, outputs }: Work
  ): ReaderTaskEither<Runner, TangentError, Fitted> =>
  (runner) => {
    const { first, recorded, judged, steps, rows } = plan
    const { validate, keep } = options
    const every = keep?.steps ?? rows.perEpoch
    // grows in place: a copy at every step would cost the square of their number
    let losses: number[] = []

    const resumable: Resumable<History> = {
      kind: KIND,
      settings,
      save: (history) => save({ ...history, losses }),
      load: load({ first, recorded, judged, perEpoch: rows.perEpoch })
    }
    const write = (standing: Standing<History>): Effect<void> =>
      keep === undefined ? TE.right(undefined) : keepRun(resumable)(keep.store)(standing)

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
      options.observe?.({ step, steps, epoch, loss: mean(mine), ...score })()
    }

    const take = ({ state, engine }: Standing<History>, chunk: Chunk): Effect<Standing<History>> =>
      pipe(
        run(chunk, state.at),
        TE.tap(({ executed }) =>
          TE.fromEither(sameEngine(KIND, engine === '' ? undefined : engine, executed))
        ),
        TE.flatMap(({ value, executed }) => {
          const mine = value.losses.map((loss) => loss.data[0]!)
          losses.push(...mine)
          const position = chunk.start + chunk.length
          return pipe(
            record(position, { ...state, at: value.to }),
            TE.flatMap((history) => validated(position, history)),
            TE.tapIO((history) => () => tell(position, mine, history)),
            TE.map((history) => ({ position, state: history, engine: engineOf(executed) }))
          )
        })
      )

    const isEnough = ({ validations }: History): boolean =>
      validations.length > 0 && validate?.until?.(validations) === true

    const from =
      (start: Standing<History>): Effect<Fitted> =>
      async () => {
        let [standing, kept] = [start, start.position]
        const end = async (ended: Fitted['ended']): Promise<E.Either<TangentError, Fitted>> => {
          const written = kept === standing.position ? E.right(undefined) : await write(standing)()
          if (E.isLeft(written)) return written
          const { at, checkpoints, validations, best } = standing.state
          return E.right({ params: at.params, losses, checkpoints, validations, best, ended })
        }
        for (const chunk of plan.chunks) {
          if (chunk.start < start.position) continue
          if (isEnough(standing.state)) return end('until')
          if (options.stop?.() === true) return end('stop')
          const next = await take(standing, chunk)()
          if (E.isLeft(next)) return next
          const isDue = Math.floor(next.right.position / every) > Math.floor(standing.position / every)
          standing = next.right
          if (!isDue) continue
          const written = await write(standing)()
          if (E.isLeft(written)) return written
          kept = standing.position
        }
        return end('all')
      }

    const beginning: Standing<History> = {
      position: 0,
      engine: '',
      state: { at: first, losses, checkpoints: [], validations: [], best: undefined }
    }
    return pipe(
      keep === undefined ? TE.right(undefined) : restore(resumable)(keep.store),
      TE.map((standing) => standing ?? beginning),
      TE.flatMap((standing) => {
        losses = [...standing.state.losses]
        return from(standing)
      })
    )
  }
