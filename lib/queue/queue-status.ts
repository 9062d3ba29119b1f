import { entry } from '../core/entry.js'
import type * as TE from 'fp-ts/lib/TaskEither.js'
import type { TangentError } from '../core/error.js'
import { nameOf } from '../experiment/experiment.js'
import { inRedis } from './connect.js'
import { failureOf, QueuedRun, type RunQueue } from './run-queue.js'

/** The states of runs that `queueStatus` counts. */
const states = ['active', 'waiting', 'delayed', 'failed', 'completed'] as const

/** A run that goes on or has failed. */
export interface RunSeen {
  /** Its fingerprint. */
  readonly id: string
  /** Its name in the experiment, `ticket-0.2-seed0`. */
  readonly run: string
  /** Whether it goes on or has failed. */
  readonly state: 'active' | 'failed'
  /** How often it was tried. */
  readonly tries: number
  /** What it said last; of a failed one, its error. */
  readonly said: unknown
}

/** What is in a queue. */
export interface QueueStatus {
  /** How many runs are active, waiting, delayed, failed and completed. */
  readonly counts: Readonly<Record<string, number>>
  /** Those that go on, then those that have failed. */
  readonly runs: readonly RunSeen[]
}

/** How many runs of a queue are in each state, and those that go on or have failed, at most 100 of each. */
export const queueStatus = entry(
  'queue.queueStatus',
  'TaskEither',
  1,
  ({ queue, address }: RunQueue): TE.TaskEither<TangentError, QueueStatus> =>
    inRedis(address)(async () => {
      const counts = await queue.getJobCounts(...states)
      const seen = async (state: 'active' | 'failed'): Promise<readonly RunSeen[]> =>
        (await queue.getJobs(state, 0, 99)).map((job) => ({
          id: job.id ?? '',
          run: QueuedRun.is(job.data) ? nameOf(job.data.run) : 'another version’s',
          state,
          tries: job.attemptsMade,
          said: state === 'failed' ? failureOf(job) : job.progress
        }))
      return { counts, runs: [...(await seen('active')), ...(await seen('failed'))] }
    })
)
