import { type ChildProcess, spawn } from 'node:child_process'
import { setTimeout as wait } from 'node:timers/promises'
import * as E from 'fp-ts/lib/Either.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { withEngine } from '../../lib/engine/open-engine.js'
import * as experiment from '../../lib/experiment/index.js'
import { openQueue, queueJobs, queueStatus, type RunQueue } from '../../lib/queue/index.js'
import { runId } from '../../lib/queue/run-id.js'
import { built } from '../support/built.js'
import { right } from '../support/either.js'
import { smallTraining } from '../support/small-training.js'
import { memoryStores } from '../support/store.js'
import { type OwnRedis, ownRedis, PASSWORD, withoutRedis } from './redis.js'

const { program } = built('spec/queue/worker-program.ts')
const VERSION = '0.1.0'
const choice = { engine: 'reference' } as const

/** 24 short runs: four seeds of a dense one and five others, measured beside it. */
const grid: experiment.Experiment = {
  name: 'grid',
  data: { set: 'digits', validation: 0, train: 100, test: 40 },
  network: { kind: 'mlp', hidden: [12] },
  seeds: [0, 1, 2, 3],
  methods: [
    { kind: 'dense' },
    { kind: 'random' },
    { kind: 'magnitude' },
    { kind: 'snip', batch: 50, samples: 100 },
    { kind: 'grasp' },
    { kind: 'threeStage' }
  ],
  densities: [0.5],
  training: { ...smallTraining, epochs: 4 },
  evaluation: { epsilon: 0.05, attacks: [{ kind: 'fgsm' }] },
  measures: { kernelImages: 2, dynamicsImages: 4, checkpoints: 2 }
}

const timeless = (record: experiment.ExperimentRecord): unknown =>
  record.runs.map(({ seconds: _seconds, ...run }) => run)

interface Spoken {
  readonly child: ChildProcess
  readonly said: () => string
  readonly ended: Promise<number | null>
}

const workers: Spoken[] = []
const worker = ({ url }: OwnRedis, version = VERSION): Spoken => {
  const child = spawn(process.execPath, [program, url, PASSWORD, version])
  let said = ''
  child.stdout.on('data', (part: Buffer) => (said += part.toString()))
  child.stderr.on('data', (part: Buffer) => (said += part.toString()))
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve))
  const spoken = { child, said: () => said, ended }
  workers.push(spoken)
  return spoken
}

const until = async (holds: () => boolean | Promise<boolean>): Promise<void> => {
  while (!(await holds())) await wait(50)
}

describe.skipIf(withoutRedis !== undefined)('a queue', () => {
  let redis: OwnRedis
  let opened: RunQueue
  let alone: unknown
  const asked = async (setting: experiment.Experiment, through: RunQueue = opened) =>
    experiment.run(setting, { jobs: queueJobs(through, setting, choice) })(
      withEngine({ require: 'reference' })
    )()

  beforeAll(async () => {
    redis = await ownRedis()
    opened = right(
      await openQueue({ url: redis.url, password: PASSWORD, version: VERSION, lostAfter: 1000 })()
    )
    alone = timeless(right(await experiment.run(grid)(withEngine({ require: 'reference' }))()))
  }, 600_000)
  afterAll(async () => {
    workers.forEach(({ child }) => child.kill('SIGKILL'))
    await opened.close()
    await redis.stop()
  })

  it('gives 24 runs to two workers, of which one is killed and replaced, while Redis is restarted', async () => {
    const [first, second] = [worker(redis), worker(redis)]
    const result = asked(grid)
    await until(() => first.said().includes('training'))
    first.child.kill('SIGKILL')
    await first.ended
    const third = worker(redis)
    await until(() => / training \d+\n/.test(third.said()))
    await redis.restart()

    expect(timeless(right(await result))).toEqual(alone)
    const { counts } = right(await queueStatus(opened)())
    expect(counts).toEqual({ active: 0, waiting: 0, delayed: 0, failed: 0, completed: 24 })
    for (const { child, ended } of [second, third]) {
      child.kill('SIGTERM')
      expect(await ended).toBe(0)
    }
  })

  it('computes nothing again that is asked for again, and answers two grids at once', async () => {
    const own = worker(redis)
    const other: experiment.Experiment = {
      ...grid,
      name: 'other',
      seeds: [3, 4],
      methods: [{ kind: 'dense' }, { kind: 'random' }]
    }
    const [again, more] = await Promise.all([asked(grid), asked(other)])
    expect(timeless(right(again))).toEqual(alone)
    expect(right(more).runs.map(({ seed, method }) => `${method} ${seed}`)).toEqual([
      'dense 3',
      'random 3',
      'dense 4',
      'random 4'
    ])
    expect(new Set(own.said().match(/^\S+-seed\d/gm))).toEqual(new Set(['dense-seed4', 'random-0.5-seed4']))
    own.child.kill('SIGTERM')
    await own.ended
  })

  it('lets a poisoned run fail with its error, and the rest go on', async () => {
    const { measures: _measures, ...plain } = grid
    const setting: experiment.Experiment = {
      ...plain,
      name: 'poisoned',
      seeds: [5],
      methods: [{ kind: 'dense' }, { kind: 'random' }]
    }
    const { saved, store } = memoryStores()
    const own = worker(redis)
    // a checkpoint that is not one, where the run of random has its own
    const jobs = queueJobs(opened, setting, choice)
    const run = experiment.runsOf(setting)[1]!
    const id = runId(VERSION, choice, setting, run)
    right(await opened.stores(`${id}.training.checkpoint`).write(new Uint8Array([1, 2, 3]))())
    const result = await experiment.run(setting, { jobs, store })(withEngine({ require: 'reference' }))()
    expect(result).toMatchObject({ left: { _tag: 'DataError', operation: 'checkpoint' } })
    expect([...saved.keys()]).toEqual(['dense-seed5.json'])
    own.child.kill('SIGTERM')
    await own.ended
  })

  it('goes on without the one who asked, with the runs that wait for others too', async () => {
    const setting: experiment.Experiment = {
      ...grid,
      name: 'left',
      seeds: [7],
      methods: [{ kind: 'dense' }, { kind: 'random' }, { kind: 'magnitude' }]
    }
    const completed = async (): Promise<number> => right(await queueStatus(opened)()).counts.completed!
    const before = await completed()
    let isStopped = false
    const jobs = queueJobs(opened, setting, choice, () => Promise.resolve(isStopped))
    const result = experiment.run(setting, { jobs })(withEngine({ require: 'reference' }))()
    await until(async () => right(await queueStatus(opened)()).counts.waiting === 1)
    isStopped = true
    expect(await result).toMatchObject({ left: { _tag: 'StopError' } })
    const own = worker(redis)
    await until(async () => (await completed()) === before + 3)
    own.child.kill('SIGTERM')
    expect(await own.ended).toBe(0)
  })

  it('refuses another version, while it has runs', async () => {
    const setting: experiment.Experiment = {
      ...grid,
      name: 'waiting',
      seeds: [6],
      methods: [{ kind: 'dense' }]
    }
    const waiting = asked(setting)
    await until(async () => right(await queueStatus(opened)()).counts.waiting === 1)
    const other = worker(redis, '9.9.9')
    expect(await other.ended).toBe(1)
    expect(other.said()).toContain('version 0.1.0 of tangentflow')
    const own = worker(redis)
    expect(E.isRight(await waiting)).toBe(true)
    own.child.kill('SIGTERM')
    await own.ended
  })

  it.each([
    ['redis://127.0.0.1:1/0', PASSWORD, /a Redis that answers there/],
    ['', 'wrong', /a password that this Redis accepts/],
    ['http://127.0.0.1/', PASSWORD, /a URL such as/]
  ])('is an error with what to do and without the password: %s', async (url, password, expected) => {
    const result = await openQueue({ url: url === '' ? redis.url : url, password, version: VERSION })()
    if (E.isRight(result)) throw new Error('it was opened')
    expect(JSON.stringify(result.left)).not.toContain(password)
    expect(result.left.expected).toMatch(expected)
  })

  it('says that Redis is full, and leaves nothing half written', async () => {
    await opened.client.config('SET', 'maxmemory', '1')
    const store = opened.stores('full')
    expect(await store.write(new Uint8Array(10))()).toMatchObject({
      left: { _tag: 'IoError', expected: 'a Redis with room in memory and on its disk' }
    })
    await opened.client.config('SET', 'maxmemory', '0')
    expect(await store.read()).toEqual(E.right(undefined))
  })
})
