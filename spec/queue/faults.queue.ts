import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { checkpoint } from 'tangentflow'
import { fileStore } from 'tangentflow/io'
import { openQueue, type QueueOptions, type RunQueue, type Stores, work } from 'tangentflow/queue'
import { engineOptions } from '../../lib/engine/engine-choice.js'
import { withEngine } from '../../lib/engine/open-engine.js'
import * as experiment from '../../lib/experiment/index.js'
import { built } from '../support/built.js'
import { right } from '../support/either.js'
import { memoryStores } from '../support/store.js'
import { type OwnRedis, ownRedis, PASSWORD, withoutRedis } from '../../bench/harness/own-redis.js'
import { asked, pair, single, timeless, until, VERSION, withReference, workersOf } from './workers.js'

const { worker, endWorkers } = workersOf(built('spec/queue/worker-program.ts').program)

/** A worker in this process; what it computed, and its end. */
const working = (opened: RunQueue) => {
  const computed: string[] = []
  let isStopped = false
  const ended = work(opened, {
    open: (of) => withEngine(engineOptions(of)),
    images: () => TE.right(undefined),
    onProgress:
      ({ run, phase }) =>
      () =>
        void computed.push(`${run} ${phase}`),
    stop: () => new Promise((resolve) => setImmediate(() => resolve(isStopped)))
  })()
  return {
    computed,
    end: (): Promise<E.Either<unknown, void>> => {
      isStopped = true
      return ended
    }
  }
}

describe.skipIf(withoutRedis !== undefined)('faults of a queue', () => {
  let redis: OwnRedis
  let alone: unknown
  const open: RunQueue[] = []
  /** A queue of its own name. */
  const queueOf = async (name: string, options: Partial<QueueOptions> = {}): Promise<RunQueue> => {
    const opened = right(
      await openQueue({
        url: redis.url,
        password: PASSWORD,
        version: VERSION,
        name,

        ...options
      })()
    )
    open.push(opened)
    return opened
  }
  const folder = mkdtempSync(join(tmpdir(), 'tangentflow-faults-'))

  beforeAll(async () => {
    redis = await ownRedis()
    alone = timeless(await experiment.run(pair)(withReference)())
  })
  afterAll(async () => {
    endWorkers()
    for (const opened of open) await opened.close()
    await redis.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  it.each([
    ['redis://127.0.0.1:1/0', PASSWORD, /a Redis that answers there/],
    ['redis://no-such-host.invalid:6379/0', PASSWORD, /a Redis that answers there/],
    ['', 'a-wrong-one', /a password that this Redis accepts/],
    ['', undefined, /a password that this Redis accepts/]
  ])('are said with what to do, to who asks and to a worker: %s %s', async (place, password, expected) => {
    const url = place === '' ? redis.url : place
    const result = await openQueue({ url, version: VERSION, ...(password !== undefined && { password }) })()
    if (E.isRight(result)) throw new Error('it was opened')
    expect(result.left).toMatchObject({ _tag: 'IoError', where: url })
    expect(result.left.expected).toMatch(expected)
    const refused = worker(url, VERSION, password ?? '')
    expect(await refused.ended).toBe(1)
    expect(refused.said()).toContain(JSON.stringify(result))
    for (const told of [JSON.stringify(result), refused.said()])
      expect(told).not.toContain(password ?? PASSWORD)
  })

  it('refuses times that are none', async () => {
    for (const options of [{ lostAfter: 0 }, { keptFor: Number.NaN }])
      expect(await openQueue({ url: redis.url, version: VERSION, ...options })()).toMatchObject({
        left: { _tag: 'ConfigError', operation: 'queue' }
      })
  })

  it('computes again what the store has lost, to the same bits', async () => {
    const opened = await queueOf('lost')
    const files = async (named: RegExp): Promise<string[]> =>
      (await opened.client.keys('lost:runs:file:*')).filter((key) => named.test(key))
    const first = working(opened)
    expect(timeless(await asked(opened, pair))).toEqual(alone)
    await first.end()

    // checkpoints are not missed where both results are there: no worker is
    const checkpoints = await files(/\.checkpoint$/)
    expect(checkpoints).toHaveLength(2)
    await opened.client.del(checkpoints)
    expect(timeless(await asked(opened, pair))).toEqual(alone)

    const results = await files(/:[0-9a-f]+\.json$/)
    expect(results).toHaveLength(2)
    for (const lost of [...results.map((name) => [name]), await files(/./)]) {
      await opened.client.del([...lost, ...(await files(/\.checkpoint$/))])
      const again = working(opened)
      expect(timeless(await asked(opened, pair))).toEqual(alone)
      const trained = again.computed.filter((what) => what.endsWith(' training'))
      expect(new Set(trained).size).toBe(lost.length === 1 ? 1 : 2)
      await again.end()
    }
  })

  it('says that a result was lost between its worker and who asked, and computes it when asked again', async () => {
    let isLost = true
    const { saved, store } = memoryStores()
    const stores: Stores = (name) => ({
      ...store(name),
      write: (bytes) =>
        isLost && /^[0-9a-f]+\.json$/.test(name) ? TE.right(undefined) : store(name).write(bytes)
    })
    const opened = await queueOf('result', { stores })
    const own = working(opened)
    const result = await asked(opened, single)
    expect(result).toMatchObject({
      left: { _tag: 'IoError', operation: 'queue', received: 'nothing: it was lost' }
    })
    expect(JSON.stringify(result)).toContain('asking again computes what is missing')
    isLost = false
    expect(timeless(await asked(opened, single))).toEqual((alone as unknown[]).slice(0, 1))
    expect([...saved.keys()].filter((name) => /^[0-9a-f]+\.json$/.test(name))).toHaveLength(1)
    await own.end()
  })

  it('says that a worker has another store', async () => {
    const [mine, other] = [await queueOf('apart', { stores: memoryStores().store }), await queueOf('apart')]
    const own = working(other)
    const result = await asked(mine, single)
    expect(result).toMatchObject({ left: { _tag: 'IoError', operation: 'queue', received: 'nothing' } })
    expect(JSON.stringify(result)).toContain('have the worker and who asked for it the same one?')
    await own.end()
  })

  it('says that a run was removed from the queue', async () => {
    const opened = await queueOf('removed')
    const waiting = asked(opened, single)
    await until(async () => (await opened.queue.getWaitingCount()) === 1)
    await opened.queue.drain()
    expect(await waiting).toMatchObject({ left: { _tag: 'IoError', received: 'nothing: it was removed' } })
  })

  it('lets two who ask at once write the same experiment', async () => {
    const stores: Stores = (name) => fileStore(join(folder, 'both', name))
    const [one, two] = [await queueOf('both', { stores }), await queueOf('both', { stores })]
    const own = working(await queueOf('both', { stores }))
    const results = await Promise.all([asked(one, single), asked(two, single)])
    for (const result of results) expect(timeless(result)).toEqual((alone as unknown[]).slice(0, 1))
    await own.end()
  })

  it('says that Redis is full, and leaves nothing half written', async () => {
    const opened = await queueOf('full')
    await opened.client.config('SET', 'maxmemory', '1')
    const store = opened.stores('full')
    const full = await store.write(new Uint8Array(10))()
    await opened.client.config('SET', 'maxmemory', '0')
    expect(full).toMatchObject({
      left: { _tag: 'IoError', expected: 'a Redis with room in memory and on its disk' }
    })
    expect(await store.read()).toEqual(E.right(undefined))
    expect(await store.write(new Uint8Array(64 * 2 ** 20 + 1))()).toMatchObject({
      left: { _tag: 'IoError', expected: expect.stringContaining('--store') as string }
    })
  })

  it('says that the disk of the store is full, leaves nothing half written, and goes on when there is room', async (context) => {
    const disk = mkdtempSync(join(folder, 'disk-'))
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', disk], {
      encoding: 'utf8'
    })
    context.skip(
      mounted.status !== 0,
      `no small disk can be mounted: ${mounted.error?.message ?? mounted.stderr}`
    )
    try {
      const opened = await queueOf('disk', {
        stores: (name): checkpoint.Store => fileStore(join(disk, name))
      })
      const waiting = asked(opened, single)
      await until(async () => (await opened.queue.getWaitingCount()) === 1)
      expect(() => writeFileSync(join(disk, 'filler'), new Uint8Array(2 ** 20))).toThrow('ENOSPC')
      const own = working(opened)
      expect(await waiting).toMatchObject({
        left: { _tag: 'IoError', expected: 'to write the file', received: 'a full disk' }
      })
      expect(readdirSync(disk).filter((name) => !name.endsWith('.experiment.json'))).toEqual(['filler'])
      rmSync(join(disk, 'filler'))
      expect(timeless(await asked(opened, single))).toEqual((alone as unknown[]).slice(0, 1))
      await own.end()
    } finally {
      spawnSync('umount', [disk])
    }
  })

  it('lets Redis forget in keptFor what is neither written nor read', async () => {
    const opened = await queueOf('kept', { keptFor: 3_600_000 })
    const [store, key] = [opened.stores('some'), 'kept:runs:file:some']
    right(await store.write(new Uint8Array([1]))())
    const touches: readonly TE.TaskEither<unknown, unknown>[] = [store.read, store.write(new Uint8Array([2]))]
    for (const touch of touches) {
      await opened.client.pexpire(key, 60_000)
      expect(E.isRight(await touch())).toBe(true)
      expect(await opened.client.pttl(key)).toBeGreaterThan(60_000)
      expect(await opened.client.pttl(key)).toBeLessThanOrEqual(3_600_000)
    }
    const own = working(opened)
    right(await asked(opened, pair))
    await own.end()
    const keys = (await opened.client.keys('kept:runs:*')).filter((name) => name !== 'kept:runs:version')
    for (const name of keys) expect(await opened.client.pttl(name), name).toBeGreaterThan(0)
    const [job] = await opened.queue.getJobs('completed')
    expect(job?.opts).toMatchObject({ removeOnComplete: { age: 3600 }, removeOnFail: { age: 3600 } })
  })
})
