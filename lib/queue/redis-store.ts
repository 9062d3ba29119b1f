import { Buffer } from 'node:buffer'
import type { Redis } from 'ioredis'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { Stores } from '../checkpoint/checkpoint.js'
import { tangentError, type TangentError } from '../core/error.js'
import { inRedis } from './connect.js'
import type { RedisAddress } from './redis-url.js'

/** The most that Redis is given in one piece: larger states belong into a folder. */
const MOST = 64 * 2 ** 20

/**
 * Stores in Redis, each under a key of its own and at most 64 MiB. Redis forgets a file that was neither read nor written
 * for so many milliseconds.
 */
export const redisStores =
  (client: Redis, address: RedisAddress, prefix: string, keptFor: number): Stores =>
  (name) => {
    const key = `${prefix}:file:${name}`
    const tried = inRedis(address)
    const where = `${address.shown} ${key}`
    const tooLarge = (size: number): TangentError =>
      tangentError(
        'IoError',
        'queue',
        `at most ${MOST} bytes in Redis (--store names a folder for more)`,
        `${size}`,
        where
      )
    return {
      where,
      read: tried(async () => {
        const bytes = await client.getBuffer(key)
        if (bytes !== null) await client.pexpire(key, keptFor)
        return bytes === null ? undefined : new Uint8Array(bytes)
      }),
      write: (bytes) =>
        bytes.length > MOST
          ? TE.left(tooLarge(bytes.length))
          : pipe(
              tried(() => client.set(key, Buffer.from(bytes), 'PX', keptFor)),
              TE.map(() => undefined)
            )
    }
  }
