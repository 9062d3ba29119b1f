import type * as Bull from 'bullmq'
import type * as Io from 'ioredis'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { messageOf, tangentError, type TangentError } from '../core/error.js'

const load = <A>(name: string, get: () => Promise<A>): TE.TaskEither<TangentError, A> =>
  TE.tryCatch(get, (thrown) =>
    tangentError(
      'ConfigError',
      'queue',
      `the package ${name} (npm install bullmq ioredis)`,
      messageOf(thrown),
      name
    )
  )

/** BullMQ, an optional peer. */
export const bullmq: TE.TaskEither<TangentError, typeof Bull> = load('bullmq', () => import('bullmq'))

/** The client of Redis, an optional peer. */
export const ioredis: TE.TaskEither<TangentError, typeof Io> = load('ioredis', () => import('ioredis'))
