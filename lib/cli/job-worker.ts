import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { PhaseProgress } from '../experiment/compute-run.js'
import { serveTasks } from '../io/serve-tasks.js'
import { jobComputer, RunJob } from './compute-job.js'
import { QueueJob, takeRuns, type WorkEvent } from './queue-job.js'

// What Node starts for `--jobs`: a process that computes runs for the one that started it, or takes them from a queue.
const compute = jobComputer()
serveTasks<PhaseProgress | WorkEvent>('tangentflow', (job, context) =>
  !RunJob.is(job) && QueueJob.is(job)
    ? pipe(
        takeRuns(job, context.emit, context.stop),
        TE.map(() => '')
      )
    : compute(job, context)
)
