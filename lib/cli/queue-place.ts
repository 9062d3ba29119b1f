import { join } from 'node:path'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import * as t from 'io-ts'
import { leftWith, type TangentError } from '../core/error.js'
import { fileStore } from '../io/index.js'
import { openQueue, type RunQueue } from '../queue/index.js'
import { type Command, path } from './read-request.js'
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
