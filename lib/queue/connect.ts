import type { Redis } from 'ioredis'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { messageOf, tangentError, type TangentError } from '../core/error.js'
import { ioredis } from './packages.js'
import { type RedisAddress, redacted } from './redis-url.js'

/** What is wrong where Redis answers with one of these. */
const faults: readonly (readonly [pattern: RegExp, expected: string])[] = [
  [
    /WRONGPASS|NOAUTH|invalid password|AUTH/,
    'a password that this Redis accepts (in the URL, or in TANGENTFLOW_REDIS_PASSWORD)'
  ],
  [/NOPERM/, 'a user whom this Redis allows the commands of a queue'],
  [/OOM|MISCONF|ENOSPC/, 'a Redis with room in memory and on its disk'],
  [
    /certificate|altnames/i,
    'a certificate that Node trusts (NODE_EXTRA_CA_CERTS names a file with that of your authority)'
  ],
  [
    /ECONN|EHOST|ENET|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|closed|timed out|SSL|EPROTO|Protocol error/i,
    'a Redis that answers there, with TLS for rediss:// and without for redis://'
  ]
]

/** Whatever a client of Redis throws, as an IoError that names the place and not the password. */
const redisError =
  (address: RedisAddress) =>
  (thrown: unknown): TangentError => {
    const message = messageOf(thrown)
    const [, expected] = faults.find(([pattern]) => pattern.test(message)) ?? [
      undefined,
      'a Redis that works'
    ]
    return tangentError('IoError', 'queue', expected, redacted(address, message), address.shown)
  }

/** What is done with a Redis, as an effect whose failure is an IoError. */
export const inRedis =
  (address: RedisAddress) =>
  <A>(get: () => Promise<A>): TE.TaskEither<TangentError, A> =>
    TE.tryCatch(get, redisError(address))

/** Milliseconds in which a Redis has to answer at first. */
const PATIENCE = 5000

/** A connection that failed for good, before anything waits for it. */
const probe = async (client: Redis): Promise<void> => {
  let reason: unknown
  client.on('error', (error) => (reason = error))
  try {
    await client.connect()
    await client.ping()
  } catch (thrown) {
    // the event says why; what is thrown, only that the connection is closed
    throw reason ?? thrown
  } finally {
    client.disconnect()
  }
}

/**
 * Opens a connection. A Redis that does not answer at once, or refuses, is an IoError; one that goes away later is waited for, and
 * commands are sent when it is back.
 */
export const connect = (address: RedisAddress): TE.TaskEither<TangentError, Redis> =>
  pipe(
    ioredis,
    TE.flatMap(({ Redis }) => {
      const { shown: _shown, ...options } = address
      const tried = inRedis(address)
      const common = { ...options, lazyConnect: true, maxRetriesPerRequest: null }
      return pipe(
        tried(() => probe(new Redis({ ...common, connectTimeout: PATIENCE, retryStrategy: () => null }))),
        TE.flatMap(() =>
          tried(async () => {
            const client = new Redis({ ...common, retryStrategy: (tries) => Math.min(100 * tries, 2000) })
            client.on('error', () => undefined)
            await client.connect()
            return client
          })
        )
      )
    })
  )
