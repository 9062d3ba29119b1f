import { pipe } from 'fp-ts/lib/function.js'
import * as E from 'fp-ts/lib/Either.js'
import type { IO } from 'fp-ts/lib/IO.js'
import * as RA from 'fp-ts/lib/ReadonlyArray.js'
import * as T from 'fp-ts/lib/Task.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import * as t from 'io-ts'
import type { TangentError } from '../core/error.js'
import { processPool, stopWhen } from '../io/process-pool.js'
import { queueStatus, type QueueStatus } from '../queue/index.js'
import { type Answer, answerRequest } from './answer.js'
import { type QueueJob, takeRuns, WORKER, type WorkEvent } from './queue-job.js'
import { openPlace, queueing } from './queue-place.js'
import { type Command, optionLines, path, processes } from './read-request.js'
import { type Display, display, type Terminal } from './terminal.js'

const WorkerOptions = t.partial({ ...queueing.options, data: path, jobs: processes })
type WorkerOptions = t.TypeOf<typeof WorkerOptions>

const workerCommandOf: Command<WorkerOptions> = {
  operation: WORKER,
  words: [0, ''],
  options: WorkerOptions,
  help: {
    ...queueing.help,
    data: ['folder', 'the folder that holds data sets', 'TANGENTFLOW_DATA'],
    jobs: ['n', 'runs at a time, each in a process of its own', '1']
  }
}

const workerUsage = [
  'Compute runs of a queue until a signal.',
  '',
  'tangentflow worker --queue redis://host:6379/0 [options]',
  '',
  ...optionLines(workerCommandOf)
].join('\n')

/** Shows what processes say that take runs; where from, once all of them do. */
const teller = ({ note, progress }: Display, count: number): ((event: WorkEvent) => IO<void>) => {
  let taking = 0
  return (event) => () => {
    if ('run' in event) progress({ ...event, runs: { done: 0, total: 1 } })()
    else if (++taking === count)
      note(`taking runs from ${event.taking}${count === 1 ? '' : `, ${count} at a time`}`)()
  }
}

/** Takes runs in so many processes of a program; one that fails ends the others. */
const takeInProcesses = (
  job: QueueJob,
  count: number,
  program: string,
  tell: (event: WorkEvent) => IO<void>,
  stop: Terminal['stop']
): TE.TaskEither<TangentError, void> => {
  const pool = processPool<QueueJob, WorkEvent>(WORKER, program)
  const asking = stopWhen(pool, stop)
  return pipe(
    RA.replicate(count, pool.run(job, tell)),
    RA.map(TE.tapError(() => TE.fromIO(pool.stop))),
    T.sequenceArray,
    T.map(RA.sequence(E.Applicative)),
    T.tap(() => () => {
      asking()
      return pool.close()
    }),
    TE.map(() => undefined)
  )
}

/** `worker …`: takes runs until a signal. */
export const workerCommand = (
  args: readonly string[],
  terminal: Terminal
): TE.TaskEither<TangentError, Answer> =>
  answerRequest(workerCommandOf, workerUsage, args, ({ options: { jobs = 1, ...options } }) => {
    const shown = display(terminal)
    const { stop, worker } = terminal
    const tell = teller(shown, worker === undefined ? 1 : jobs)
    return pipe(
      worker === undefined
        ? takeRuns(options, tell, stop)
        : takeInProcesses(options, jobs, worker, tell, stop),
      T.tapIO(() => shown.clear),
      TE.map(() => ({ text: 'stopped', json: {} }))
    )
  })

const StatusOptions = t.partial({ queue: t.string })

const statusCommandOf: Command<t.TypeOf<typeof StatusOptions>> = {
  operation: 'tangentflow status',
  words: [0, ''],
  options: StatusOptions,
  help: { queue: queueing.help.queue }
}

const statusUsage = [
  'What is in a queue: how many runs are in each state, those that go on and those that failed.',
  '',
  'tangentflow status --queue redis://host:6379/0',
  '',
  ...optionLines(statusCommandOf)
].join('\n')

const statusText = ({ counts, runs }: QueueStatus): string =>
  [
    Object.entries(counts)
      .map(([state, count]) => `${count} ${state}`)
      .join(', '),
    ...runs.map(
      ({ run, state, tries, said }) => `  ${state}  ${run}  tries ${tries}  ${JSON.stringify(said)}`
    )
  ].join('\n')

/** `status …`: what is in a queue. */
export const statusCommand = (args: readonly string[]): TE.TaskEither<TangentError, Answer> =>
  answerRequest(statusCommandOf, statusUsage, args, ({ options }) =>
    pipe(
      openPlace(statusCommandOf.operation, options),
      TE.flatMap((opened) =>
        pipe(
          queueStatus(opened),
          T.tap(() => opened.close)
        )
      ),
      TE.map((status) => ({ text: statusText(status), json: status }))
    )
  )
