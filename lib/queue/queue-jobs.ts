import { plain } from '../core/plain.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as E from 'fp-ts/lib/Either.js'
import type * as IO from 'fp-ts/lib/IO.js'
import type { Task } from 'fp-ts/lib/Task.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import * as t from 'io-ts'
import { readStore, type Store } from '../checkpoint/checkpoint.js'
import { tangentError, type TangentError } from '../core/error.js'
import type { EngineChoice } from '../engine/engine-choice.js'
import type { PhaseProgress } from '../experiment/compute-run.js'
import { encodeJson } from '../experiment/encode-json.js'
import { decodeRun, type ExperimentRun } from '../experiment/experiment-record.js'
import { type Experiment, followedRunOf, nameOf, type RunSetting, runsOf } from '../experiment/experiment.js'
import type { Jobs } from '../experiment/run.js'
import { inRedis } from './connect.js'
import { idOf, runId } from './run-id.js'
import { failureOf, type QueuedRun, type RunQueue } from './run-queue.js'

/** What a worker says of a run. */
const Progress = t.type({ phase: t.string, done: t.number, total: t.number, note: t.string })

/** Milliseconds from one look at a run in the queue to the next. */
const LOOK = 500

/** Writes where nothing was; another client that wrote the same meanwhile is as good. */
const writeFirst = (store: Store, bytes: Uint8Array): TE.TaskEither<TangentError, void> =>
  pipe(
    store.write(bytes),
    TE.orElse((error) =>
      pipe(
        store.read,
        TE.flatMap((found) => (found === undefined ? TE.left(error) : TE.right(undefined)))
      )
    )
  )

/** What helps where Redis or the store lost something. */
const AGAIN = 'asking again computes what is missing'

/** Puts an experiment into the store, and all its runs that wait for another one to that. */
const announce = (
  opened: RunQueue,
  experiment: Experiment,
  queued: (run: RunSetting) => { readonly id: string; readonly job: QueuedRun }
): TE.TaskEither<TangentError, unknown> => {
  const store = opened.stores(`${idOf(experiment)}.experiment.json`)
  return pipe(
    store.read,
    TE.flatMap((found) =>
      found === undefined ? writeFirst(store, encodeJson(experiment)) : TE.right(undefined)
    ),
    TE.flatMap(() =>
      pipe(
        runsOf(experiment),
        TE.traverseSeqArray((run) => {
          const before = followedRunOf(experiment, run)
          const { id, job } = queued(run)
          return before === undefined ? TE.right(undefined) : opened.addAfter(queued(before).id, id, job)
        })
      )
    )
  )
}

/** Waits for the end of a run in the queue and tells what it says; a stop ends the waiting, not the run. */
const follower = (opened: RunQueue, stop: Task<boolean>) => {
  const tried = inRedis(opened.address)
  const look = (
    id: string,
    onProgress: (progress: PhaseProgress) => IO.IO<void>
  ): TE.TaskEither<TangentError, 'completed' | 'going on'> =>
    pipe(
      tried(async () => {
        const job = await opened.queue.getJob(id)
        return { job, state: await job?.getState() }
      }),
      TE.flatMap(({ job, state }) => {
        if (job === undefined)
          return TE.left(
            tangentError('IoError', 'queue', `the run in the queue (${AGAIN})`, 'nothing: it was removed', id)
          )
        if (state === 'failed') return TE.left(failureOf(job))
        if (Progress.is(job.progress) && state === 'active') onProgress(job.progress)()
        return TE.right(state === 'completed' ? 'completed' : 'going on')
      })
    )
  return (
      id: string,
      run: RunSetting,
      onProgress: (progress: PhaseProgress) => IO.IO<void>
    ): TE.TaskEither<TangentError, void> =>
    async () => {
      for (;;) {
        if (await stop())
          return E.left(tangentError('StopError', 'queue', 'to wait for the run', 'a stop', nameOf(run)))
        const seen = await look(id, onProgress)()
        if (E.isLeft(seen)) return seen
        if (seen.right === 'completed') return E.right(undefined)
        await new Promise((resolve) => setTimeout(resolve, LOOK))
      }
    }
}

/**
 * Jobs of `experiment.run` that workers of a queue compute: each run is asked for under its id, so that it is computed once however
 * many ask, and one that failed is tried again. Once asked for, runs go on without this process, and so do those that
 * wait for them.
 */
export const queueJobs = plain(
  'queue.queueJobs',
  (
    opened: RunQueue,
    experiment: Experiment,
    choice: EngineChoice,
    stop: Task<boolean> = () => Promise.resolve(false)
  ): Jobs => {
    const { engine = 'auto', threads = 1 } = choice
    const { version } = opened.options
    const queued = (run: RunSetting): { readonly id: string; readonly job: QueuedRun } => ({
      id: runId(version, choice, experiment, run),
      job: { version, experiment: idOf(experiment), run, engine, threads }
    })
    const tried = inRedis(opened.address)
    let announced: Promise<E.Either<TangentError, unknown>> | undefined
    const announceOnce = (): Promise<E.Either<TangentError, unknown>> =>
      (announced ??= announce(opened, experiment, queued)())

    const resultOf = (id: string): TE.TaskEither<TangentError, ExperimentRun | undefined> => {
      const store = opened.stores(`${id}.json`)
      return readStore(store, decodeRun(store.where ?? id))
    }
    /** Asks for a run that is not in the queue, has failed, or is done without a result in the store. */
    const ask = (id: string, job: QueuedRun): TE.TaskEither<TangentError, void> =>
      pipe(
        tried(async () => {
          const found = await opened.queue.getJob(id)
          const state = await found?.getState()
          const isOver = state === 'failed' || state === 'completed'
          // another client may have asked for it again meanwhile
          if (isOver) await found!.retry(state, { resetAttemptsMade: true }).catch(() => undefined)
          return isOver
        }),
        TE.flatMap((isAsked) => (isAsked ? TE.right(undefined) : opened.add(id, job)))
      )
    const follow = follower(opened, stop)
    return {
      count: Infinity,
      compute: (run, onProgress) => {
        const { id, job } = queued(run)
        return pipe(
          announceOnce,
          TE.flatMap(() => resultOf(id)),
          TE.flatMap((found) =>
            found !== undefined
              ? TE.right(found)
              : pipe(
                  ask(id, job),
                  TE.flatMap(() => follow(id, run, onProgress)),
                  TE.flatMap(() => resultOf(id)),
                  TE.flatMap((result) =>
                    result === undefined
                      ? TE.left(
                          tangentError(
                            'IoError',
                            'queue',
                            `the result in the store (${AGAIN}; have the workers the same store?)`,
                            'nothing: it was lost',
                            opened.stores(`${id}.json`).where ?? id
                          )
                        )
                      : TE.right(result)
                  )
                )
          ),
          // a run may have been done before those that wait for it were announced
          TE.tap(() => opened.release(id))
        )
      }
    }
  }
)
