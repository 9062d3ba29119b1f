import { join } from 'node:path'
import { pipe } from 'fp-ts/lib/function.js'
import * as T from 'fp-ts/lib/Task.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import * as t from 'io-ts'
import { leftWith, type TangentError } from '../core/error.js'
import { engineOptions } from '../engine/engine-choice.js'
import { withEngine } from '../engine/open-engine.js'
import { fileStore } from '../io/index.js'
import { openQueue, queueStatus, type QueueStatus, type RunQueue, work } from '../queue/index.js'
import { type Answer, answerRequest } from './answer.js'
import { loadImages } from './compute-job.js'
import { type Command, optionLines, path } from './read-request.js'
import { display, type Terminal } from './terminal.js'
import { readVersion } from './version.js'

/** The options of every command that uses a queue. */
export const queueing = {
  options: { queue: t.string, store: path },
  help: {
    queue: ['url', 'the Redis of the queue, redis://host:6379/0, rediss:// for TLS', 'TANGENTFLOW_QUEUE'],
    store: ['folder', 'a shared folder for results and checkpoints, the same for all', 'in Redis']
  }
} satisfies { readonly options: t.Props; readonly help: Command<unknown>['help'] }

/** Where a queue is, as options and the environment say. */
export interface QueuePlace {
  readonly queue?: string
  readonly store?: string
}

/** Opens the queue of a command; `--queue` or TANGENTFLOW_QUEUE has its URL, TANGENTFLOW_REDIS_PASSWORD a password apart from it. */
export const openPlace = (
  operation: string,
  { queue: url = process.env.TANGENTFLOW_QUEUE, store }: QueuePlace
): TE.TaskEither<TangentError, RunQueue> => {
  const password = process.env.TANGENTFLOW_REDIS_PASSWORD
  if (url === undefined)
    return TE.fromEither(leftWith('ConfigError', operation)('the URL of a Redis', 'nothing', '--queue'))
  return pipe(
    TE.fromEither(readVersion()),
    TE.flatMap((version) =>
      openQueue({
        url,
        version,
        ...(password !== undefined && { password }),
        ...(store !== undefined && { stores: (name: string) => fileStore(join(store, name)) })
      })
    )
  )
}

const WorkerOptions = t.partial({ ...queueing.options, data: path })

const workerCommandOf: Command<t.TypeOf<typeof WorkerOptions>> = {
  operation: 'tangentflow worker',
  words: [0, ''],
  options: WorkerOptions,
  help: { ...queueing.help, data: ['folder', 'the folder that holds data sets', 'TANGENTFLOW_DATA'] }
}

const workerUsage = [
  'Compute runs of a queue, one at a time, until a signal; start one for each core.',
  '',
  'tangentflow worker --queue redis://host:6379/0 [options]',
  '',
  ...optionLines(workerCommandOf)
].join('\n')

/** `worker …`: takes runs until a signal. */
export const workerCommand = (
  args: readonly string[],
  terminal: Terminal
): TE.TaskEither<TangentError, Answer> =>
  answerRequest(workerCommandOf, workerUsage, args, ({ options }) => {
    const shown = display(terminal)
    const { stop } = terminal
    return pipe(
      openPlace(workerCommandOf.operation, options),
      TE.tapIO(({ address }) => shown.note(`taking runs from ${address.shown}`)),
      TE.flatMap((opened) =>
        pipe(
          work(opened, {
            open: (choice) => withEngine(engineOptions(choice)),
            images: (experiment) => loadImages(experiment, options.data),
            onProgress: (progress) => shown.progress({ ...progress, runs: { done: 0, total: 1 } }),
            ...(stop && { stop })
          }),
          T.tap(() => opened.close)
        )
      ),
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
