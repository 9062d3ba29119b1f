import * as E from 'fp-ts/lib/Either.js'
import type { IO } from 'fp-ts/lib/IO.js'
import type { Task } from 'fp-ts/lib/Task.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { messageOf, tangentError, type TangentError } from '../core/error.js'
import type { FromWorker, ToWorker } from './pool-messages.js'

/** What a task may use while it is done. */
export interface TaskContext<Event> {
  /** Tells of the task. */
  readonly emit: (event: Event) => IO<void>
  /** Whether the task is to be saved and stopped; asking gives messages a turn to arrive. */
  readonly stop: Task<boolean>
}

/** Signals that a terminal or a service manager sends to all processes of a group: the first of them says what to do. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Makes this process one of a `processPool`: it does the tasks that it is given, one after another, and ends with the process
 * that started it.
 */
export const serveTasks = <Event>(
  operation: string,
  task: (job: unknown, context: TaskContext<Event>) => TaskEither<TangentError, string>
): void => {
  let isStopped = false
  const say = (message: FromWorker<Event>): void => void process.send?.(message)
  const emit =
    (event: Event): IO<void> =>
    () =>
      say({ kind: 'event', event })
  const stop: Task<boolean> = () => new Promise((resolve) => setImmediate(() => resolve(isStopped)))
  const perform = async (job: unknown): Promise<void> => {
    const result = await task(job, { emit, stop })().catch((thrown: unknown) =>
      E.left(tangentError('EngineError', operation, 'a task that ends', messageOf(thrown)))
    )
    say(E.isRight(result) ? { kind: 'done', text: result.right } : { kind: 'failed', error: result.left })
  }

  for (const signal of SIGNALS) process.on(signal, () => undefined)
  process.on('disconnect', () => process.exit(0))
  process.on('message', (message: ToWorker) => {
    if (message.kind === 'stop') isStopped = true
    else void perform(message.job)
  })
}
