import * as E from 'fp-ts/lib/Either.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as experiment from '../../lib/experiment/index.js'
import { openQueue, queueJobs, queueStatus, type RunQueue } from '../../lib/queue/index.js'
import { runId } from '../../lib/queue/run-id.js'
import { built } from '../support/built.js'
import { right } from '../support/either.js'
import { smallTraining } from '../support/small-training.js'
import { memoryStores } from '../support/store.js'
import { type OwnRedis, ownRedis, PASSWORD, withoutRedis } from '../../bench/harness/own-redis.js'
import { asked, choice, timeless, until, VERSION, withReference, workersOf } from './workers.js'

const { worker, endWorkers } = workersOf(built('spec/queue/worker-program.ts').program)

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

describe.skipIf(withoutRedis !== undefined)('a queue', () => {
  let redis: OwnRedis
  let opened: RunQueue
  let alone: unknown

  beforeAll(async () => {
    redis = await ownRedis()
    opened = right(await openQueue({ url: redis.url, password: PASSWORD, version: VERSION })())
    alone = timeless(await experiment.run(grid)(withReference)())
  }, 600_000)
  afterAll(async () => {
    endWorkers()
    await opened.close()
    await redis.stop()
  })

  it('gives 24 runs to two workers, of which one is killed and replaced, while Redis is restarted', async () => {
    const [first, second] = [worker(redis.url), worker(redis.url)]
    const result = asked(opened, grid)
    await until(() => first.said().includes('training'))
    first.child.kill('SIGKILL')
    await first.ended
    const third = worker(redis.url)
    await until(() => / training \d+\n/.test(third.said()))
    await redis.restart()

    expect(timeless(await result)).toEqual(alone)
    const { counts } = right(await queueStatus(opened)())
    expect(counts).toEqual({ active: 0, waiting: 0, delayed: 0, failed: 0, completed: 24 })
    for (const { child, ended } of [second, third]) {
      child.kill('SIGTERM')
      expect(await ended).toBe(0)
    }
  })

  it('computes nothing again that is asked for again, and answers two grids at once', async () => {
    const own = worker(redis.url)
    const other: experiment.Experiment = {
      ...grid,
      name: 'other',
      seeds: [3, 4],
      methods: [{ kind: 'dense' }, { kind: 'random' }]
    }
    const [again, more] = await Promise.all([asked(opened, grid), asked(opened, other)])
    expect(timeless(again)).toEqual(alone)
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
    const own = worker(redis.url)
    // a checkpoint that is not one, where the run of random has its own
    const jobs = queueJobs(opened, setting, choice)
    const run = experiment.runsOf(setting)[1]!
    const id = runId(VERSION, choice, setting, run)
    right(await opened.stores(`${id}.training.checkpoint`).write(new Uint8Array([1, 2, 3]))())
    const result = await experiment.run(setting, { jobs, store })(withReference)()
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
    const result = experiment.run(setting, { jobs })(withReference)()
    await until(async () => right(await queueStatus(opened)()).counts.waiting === 1)
    isStopped = true
    expect(await result).toMatchObject({ left: { _tag: 'StopError' } })
    const own = worker(redis.url)
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
    const waiting = asked(opened, setting)
    await until(async () => right(await queueStatus(opened)()).counts.waiting === 1)
    const other = worker(redis.url, '9.9.9')
    expect(await other.ended).toBe(1)
    expect(other.said()).toContain('version 0.2.0 of tangentflow')
    const own = worker(redis.url)
    expect(E.isRight(await waiting)).toBe(true)
    own.child.kill('SIGTERM')
    await own.ended
  })
})
