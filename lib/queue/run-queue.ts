import { checkOptions, option, type OptionKinds } from '../core/options.js'
import { entry } from '../core/entry.js'
import type { Job, Queue } from 'bullmq'
import type { Redis } from 'ioredis'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { Task } from 'fp-ts/lib/Task.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import * as t from 'io-ts'
import { errorTags, tangentError, type TangentError } from '../core/error.js'
import { engineChoices } from '../engine/engine-choice.js'
import { decodeJson } from '../experiment/encode-json.js'
import { MethodSetting } from '../experiment/methods/index.js'
import * as codec from '../format/codec.js'
import { isRecord, parseJson } from '../format/parse-json.js'
import { connect, inRedis } from './connect.js'
import { bullmq } from './packages.js'
import { type RedisAddress, redisAddress } from './redis-url.js'
import { redisStores } from './redis-store.js'
import type { Stores } from '../checkpoint/checkpoint.js'

/** What a job of the queue says: the experiment by its name in the store, the run, and what computes it. */
export const QueuedRun = codec.closed(
  {
    version: t.string,
    /** The name of the experiment's file in the store, without its end. */
    experiment: t.string,
    run: codec.closed({ seed: codec.whole(0), method: MethodSetting, density: codec.share }, {}),
    engine: codec.oneOf(engineChoices),
    threads: codec.whole(1)
  },
  {}
)
export type QueuedRun = t.TypeOf<typeof QueuedRun>

/** How a queue is found. */
export interface QueueOptions {
  /** `redis://user:password@host:port/database`, `rediss://` for TLS. */
  readonly url: string
  /** The password, where the URL has none. */
  readonly password?: string
  /** The version of the library, any text; all that share a queue give the same one. */
  readonly version: string
  /**
   * Queues of several names share a Redis.
   *
   * @defaultValue `tangentflow`
   */
  readonly name?: string
  /**
   * Where results and checkpoints are; clients and workers of a queue are given the same place.
   *
   * @defaultValue in Redis, up to 64 MiB a file
   */
  readonly stores?: Stores
  /**
   * Milliseconds after which a worker that says nothing is taken to be lost.
   *
   * @defaultValue 30,000
   */
  readonly lostAfter?: number
  /**
   * Milliseconds after which Redis forgets a run that has ended, and a file of its own that was neither read nor written.
   *
   * @defaultValue 30 days
   */
  readonly keptFor?: number
}

const kinds: OptionKinds<QueueOptions> = {
  url: option.text,
  password: option.text,
  version: option.text,
  name: option.text,
  stores: option.function,
  lostAfter: option.number,
  keptFor: option.number
}

/** 30 days. */
const KEPT = 30 * 24 * 3600 * 1000

const Times = t.partial({ lostAfter: codec.whole(1000), keptFor: codec.whole(1000) })

/** A queue that is open. */
export interface RunQueue {
  /** Where its Redis is. */
  readonly address: RedisAddress
  /** What it was opened with. */
  readonly options: QueueOptions
  /** Its name in Redis. */
  readonly name: string
  /** Where its results and checkpoints are. */
  readonly stores: Stores
  /** The connection to Redis. */
  readonly client: Redis
  /** The queue of BullMQ. */
  readonly queue: Queue
  /** Puts a run in the queue under its id; one that is there stays as it is. */
  readonly add: (id: string, run: QueuedRun) => TE.TaskEither<TangentError, void>
  /** Notes a run to be added when another one is done. */
  readonly addAfter: (before: string, id: string, run: QueuedRun) => TE.TaskEither<TangentError, void>
  /** Adds the runs that wait for one that is done, however often it is called. */
  readonly release: (before: string) => TE.TaskEither<TangentError, void>
  /** Ends the connections. */
  readonly close: Task<void>
}

/** How often a run is tried where Redis, a disk or an engine fail, and the first wait in milliseconds, which then doubles. */
const [ATTEMPTS, BACK_OFF] = [4, 1000]

const ErrorTag = codec.oneOf(errorTags)

/** The error of a job that failed, as it was written by `failureText`. */
export const failureOf = (job: Pick<Job, 'failedReason' | 'id'>): TangentError => {
  const parsed = parseJson('an error', job.failedReason)
  const found = E.isRight(parsed) && isRecord(parsed.right) ? parsed.right : {}
  const { _tag, operation, expected, received, where } = found
  return ErrorTag.is(_tag) && t.string.is(operation) && t.string.is(expected) && t.string.is(received)
    ? { _tag, operation, expected, received, ...(t.string.is(where) && { where }) }
    : tangentError('EngineError', 'queue', 'a run that ends', job.failedReason, job.id)
}

/** Notes the version of a queue, or refuses another one; an empty queue takes any. */
const sameVersion = async (
  client: Redis,
  queue: Queue,
  { version }: QueueOptions,
  key: string,
  where: string
): Promise<E.Either<TangentError, void>> => {
  if ((await client.set(key, version, 'NX')) === 'OK') return E.right(undefined)
  const found = await client.get(key)
  if (found === version) return E.right(undefined)
  const counts = await queue.getJobCounts('waiting', 'active', 'delayed')
  if (Object.values(counts).every((count) => count === 0)) {
    await client.set(key, version)
    return E.right(undefined)
  }
  return E.left(
    tangentError(
      'ConfigError',
      'queue',
      `version ${found ?? 'none'} of tangentflow, which the runs of this queue have`,
      version,
      where
    )
  )
}

/** Opens a queue; `close` ends its connections. A Redis that is not there, refuses, or serves another version is a Left. */
export const openQueue = entry(
  'queue.openQueue',
  'TaskEither',
  1,
  (options: QueueOptions): TE.TaskEither<TangentError, RunQueue> => {
    checkOptions('queue.openQueue', kinds, options)
    return pipe(
      TE.fromEither(codec.decode('queue', Times)({ lostAfter: options.lostAfter, keptFor: options.keptFor })),
      TE.bind('address', () => TE.fromEither(redisAddress(options.url, options.password))),
      TE.bind('packages', () => bullmq),
      TE.bind('client', ({ address }) => connect(address)),
      TE.flatMap(({ address, packages: { Queue }, client, keptFor = KEPT }) => {
        const name = options.name ?? 'tangentflow'
        const prefix = `${name}:runs`
        const queue = new Queue(name, {
          connection: client,
          defaultJobOptions: {
            attempts: ATTEMPTS,
            backoff: { type: 'exponential', delay: BACK_OFF },
            removeOnComplete: { age: keptFor / 1000 },
            removeOnFail: { age: keptFor / 1000 }
          }
        })
        queue.on('error', () => undefined)
        const tried = inRedis(address)
        const add: RunQueue['add'] = (id, run) =>
          tried(async () => {
            await queue.add('run', run, { jobId: id })
          })
        const afterKey = (id: string): string => `${prefix}:after:${id}`
        const opened: RunQueue = {
          address,
          options,
          name,
          client,
          queue,
          stores: options.stores ?? redisStores(client, address, prefix, keptFor),
          add,
          addAfter: (before, id, run) =>
            tried(async () => {
              await client.hset(afterKey(before), id, JSON.stringify(run))
              await client.pexpire(afterKey(before), keptFor)
            }),
          release: (before) =>
            pipe(
              tried(() => client.hgetall(afterKey(before))),
              TE.flatMap((waiting) =>
                pipe(
                  Object.entries(waiting),
                  TE.traverseSeqArray(([id, text]) =>
                    pipe(
                      new TextEncoder().encode(text),
                      decodeJson('queue', QueuedRun, `${address.shown} ${afterKey(before)}`),
                      TE.fromEither,
                      TE.flatMap((run) => add(id, run))
                    )
                  )
                )
              ),
              TE.map(() => undefined)
            ),
          close: async () => {
            await queue.close()
            client.disconnect()
          }
        }
        return pipe(
          tried(() => sameVersion(client, queue, options, `${prefix}:version`, address.shown)),
          TE.flatMapEither((result) => result),
          TE.map(() => opened),
          TE.tapError(() => TE.fromTask(opened.close))
        )
      })
    )
  }
)
