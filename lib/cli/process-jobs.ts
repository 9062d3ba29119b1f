import { availableParallelism } from 'node:os'
import type * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { IO } from 'fp-ts/lib/IO.js'
import type { Task } from 'fp-ts/lib/Task.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { TangentError } from '../core/error.js'
import type { EngineChoice } from '../engine/engine-choice.js'
import type { PhaseProgress } from '../experiment/compute-run.js'
import { decodeRun } from '../experiment/experiment-record.js'
import { type Experiment, nameOf, runsOf } from '../experiment/experiment.js'
import type { Jobs } from '../experiment/index.js'
import { processPool, stopWhen } from '../io/process-pool.js'
import type { RunJob } from './compute-job.js'

/** How an experiment is computed: the options of the commands that do. */
export interface ComputeOptions extends EngineChoice {
  /** @defaultValue cores ÷ threads */
  readonly jobs?: number
  /** The folder that holds data sets. */
  readonly data?: string
  /** The Redis whose workers compute. */
  readonly queue?: string
  /** The folder that is shared with the workers. */
  readonly store?: string
}

/** How many processes an experiment is given: one for each core that a thread has, and no more than there are runs. */
export const jobCount = (
  experiment: Experiment,
  { jobs, threads = 1 }: ComputeOptions,
  cores = availableParallelism()
): number => Math.min(jobs ?? Math.max(1, Math.floor(cores / threads)), runsOf(experiment).length)

/** An experiment for processes of its own. */
export interface ProcessJobs {
  readonly experiment: Experiment
  readonly options: ComputeOptions
  /** The folder of the checkpoints. */
  readonly out: string
  /** The program of the processes. */
  readonly worker: string
  /** What has to be right before the first run is computed. */
  readonly begin: TE.TaskEither<TangentError, unknown>
  readonly stop?: Task<boolean> | undefined
}

/** Computes the runs of an experiment in so many processes; `close` ends these. */
export const processJobs = (
  count: number,
  { experiment, options, out, worker, begin, stop }: ProcessJobs
): { readonly jobs: Jobs; readonly close: Task<void> } => {
  const { engine = 'auto', threads = 1, data } = options
  const places = new Map(runsOf(experiment).map((run, place) => [nameOf(run), place]))
  const pool = processPool<RunJob, PhaseProgress>('tangentflow experiment', worker)
  let begun: Promise<E.Either<TangentError, unknown>> | undefined
  let asking: IO<void> | undefined
  const beginOnce: typeof begin = () => {
    asking ??= stopWhen(pool, stop)
    begun ??= begin()
    return begun
  }
  return {
    jobs: {
      count,
      compute: (run, onProgress) =>
        pipe(
          beginOnce,
          TE.flatMap(() =>
            pool.run(
              {
                experiment,
                place: places.get(nameOf(run))!,
                engine,
                threads,
                out,
                ...(data !== undefined && { data })
              },
              onProgress
            )
          ),
          TE.flatMapEither((text) => decodeRun(nameOf(run))(new TextEncoder().encode(text)))
        )
    },
    close: () => {
      asking?.()
      return pool.close()
    }
  }
}
