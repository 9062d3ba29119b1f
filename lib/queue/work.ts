import { checkOptions, option, type OptionKinds } from '../core/options.js'
import { entry } from '../core/entry.js'
import type { Job } from 'bullmq'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as IO from 'fp-ts/lib/IO.js'
import type { Task } from 'fp-ts/lib/Task.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { readStore } from '../checkpoint/checkpoint.js'
import { formatError, messageOf, tangentError, type TangentError } from '../core/error.js'
import { computeRun, type OpenEngine, type PhaseProgress } from '../experiment/compute-run.js'
import { decodeJson } from '../experiment/encode-json.js'
import { decodeRun, encodeRun } from '../experiment/experiment-record.js'
import { Experiment, nameOf, type RunSetting } from '../experiment/experiment.js'
import { type ImageSet, imagesOf } from '../experiment/images.js'
import type { EngineChoice } from '../engine/engine-choice.js'
import * as codec from '../format/codec.js'
import { bullmq } from './packages.js'
import { runId } from './run-id.js'
import { QueuedRun, type RunQueue } from './run-queue.js'

/** What a worker computes with. */
export interface WorkOptions {
  /** An engine for a run. */
  readonly open: (choice: EngineChoice) => OpenEngine
  /** The images of an experiment; undefined for the bundled ones. */
  readonly images: (experiment: Experiment) => TE.TaskEither<TangentError, ImageSet | undefined>
  /** Called with what a run says. */
  readonly onProgress?: (progress: PhaseProgress & { readonly run: string }) => IO.IO<void>
  /** Asked before every program: true ends the work there, and the run goes back into the queue. */
  readonly stop?: Task<boolean>
}

const kinds: OptionKinds<WorkOptions> = {
  open: option.function,
  images: option.function,
  onProgress: option.function,
  stop: option.function
}

/** Errors that another try may not meet. */
const PASSING: ReadonlySet<TangentError['_tag']> = new Set(['IoError', 'EngineError'])

/** Milliseconds from one message on a run to the next, and from one look at `stop` to the next. */
const [INTERVAL, ASKED] = [500, 200]

const experimentOf = ({ stores }: RunQueue, id: string): TE.TaskEither<TangentError, Experiment> => {
  const store = stores(`${id}.experiment.json`)
  const where = store.where ?? id
  return pipe(
    readStore(store, decodeJson('queue', Experiment, where)),
    TE.flatMap((found) =>
      found === undefined
        ? TE.left(
            tangentError(
              'IoError',
              'queue',
              'the experiment of the run in the store (have the worker and who asked for it the same one?)',
              'nothing',
              where
            )
          )
        : TE.right(found)
    )
  )
}

/** Computes one run of a queue, from what its store has of it, and puts its result there. */
const computeQueued = (
  opened: RunQueue,
  job: QueuedRun,
  { open, images, stop }: WorkOptions,
  onProgress: (progress: PhaseProgress & { readonly run: string }) => IO.IO<void>
): TE.TaskEither<TangentError, void> =>
  pipe(
    experimentOf(opened, job.experiment),
    TE.flatMap((experiment) => {
      const { run } = job
      const idOf = (of: RunSetting): string => runId(job.version, job, experiment, of)
      const result = opened.stores(`${idOf(run)}.json`)
      return pipe(
        readStore(result, decodeRun(result.where ?? nameOf(run))),
        TE.flatMap((found) =>
          found !== undefined
            ? TE.right(undefined)
            : pipe(
                images(experiment),
                TE.flatMapEither((whole) => imagesOf(experiment, whole)),
                TE.flatMap((some) =>
                  computeRun(experiment, run, {
                    images: some,
                    store: (of, phase) => opened.stores(`${idOf(of)}.${phase}.checkpoint`),
                    onProgress: (progress) => onProgress({ ...progress, run: nameOf(run) }),
                    ...(stop && { stop })
                  })(open(job))
                ),
                TE.flatMap((computed) => result.write(encodeRun(computed)))
              )
        ),
        TE.flatMap(() => opened.release(idOf(run)))
      )
    })
  )

/**
 * Takes runs from a queue, one at a time, until `stop` says so: then the run at hand is saved, given back, and the result is a Right. A job of
 * another version is given back and ends the work with a ConfigError. A worker that is lost has its run taken over, from the last
 * checkpoint; Redis is waited for where it goes away.
 */
export const work = entry(
  'queue.work',
  'TaskEither',
  1,
  (opened: RunQueue, options: WorkOptions): TE.TaskEither<TangentError, void> => {
    checkOptions('queue.work', kinds, options)
    return pipe(
      bullmq,
      TE.flatMap(
        ({ Worker, DelayedError, UnrecoverableError }) =>
          () =>
            new Promise<E.Either<TangentError, void>>((resolve) => {
              const { version, lostAfter = 30_000 } = opened.options
              const { stop, onProgress = () => IO.of(undefined) } = options
              let isEnding = false
              const end = (result: E.Either<TangentError, void>): void => {
                if (isEnding) return
                isEnding = true
                clearInterval(asking)
                void worker
                  .close()
                  .catch(() => undefined)
                  .then(() => {
                    // BullMQ leaves a connection open that it was given
                    connection.disconnect()
                    resolve(result)
                  })
              }
              const giveBack = async (job: Job, token: string | undefined): Promise<never> => {
                await job.moveToDelayed(Date.now() + 100, token)
                throw new DelayedError()
              }
              const perform = async (job: Job, token?: string): Promise<void> => {
                const decoded = codec.decode('queue', QueuedRun)(job.data)
                const other: unknown = (job.data as { readonly version?: unknown }).version
                if (other !== version) {
                  end(
                    E.left(
                      tangentError(
                        'ConfigError',
                        'queue',
                        `version ${String(other)} of tangentflow, which a run of this queue has`,
                        version,
                        opened.address.shown
                      )
                    )
                  )
                  return giveBack(job, token)
                }
                if (E.isLeft(decoded)) throw new UnrecoverableError(JSON.stringify(decoded.left))
                const ended = (phase: 'finished' | 'failed', note: string): void =>
                  onProgress({ run: nameOf(decoded.right.run), phase, done: 1, total: 1, note })()
                let last = -Infinity
                const tell =
                  (progress: PhaseProgress & { readonly run: string }): IO.IO<void> =>
                  () => {
                    onProgress(progress)()
                    const now = performance.now()
                    if (now - last < INTERVAL) return
                    last = now
                    job.updateProgress({ ...progress }).catch(() => undefined)
                  }
                const result = await computeQueued(opened, decoded.right, options, tell)().catch(
                  (thrown: unknown) =>
                    E.left(tangentError('EngineError', 'queue', 'a run that ends', messageOf(thrown)))
                )
                if (E.isRight(result)) {
                  ended('finished', 'done')
                  return
                }
                if (result.left._tag === 'StopError') return giveBack(job, token)
                ended('failed', formatError(result.left))
                const text = JSON.stringify(result.left)
                throw PASSING.has(result.left._tag) ? new Error(text) : new UnrecoverableError(text)
              }
              const connection = opened.client.duplicate()
              const worker = new Worker(opened.name, perform, {
                connection,
                concurrency: 1,
                lockDuration: lostAfter,
                stalledInterval: lostAfter,
                maxStalledCount: 20
              })
              worker.on('error', () => undefined)
              const asking = setInterval(() => {
                if (stop !== undefined) void stop().then((isStopped) => isStopped && end(E.right(undefined)))
              }, ASKED)
            })
      )
    )
  }
)
