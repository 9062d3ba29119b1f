import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { spawn } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as experiment from '../../lib/experiment/index.js'
import { isAlive } from '../../lib/io/file-store.js'
import { openQueue, queueStatus, type RunQueue } from '../../lib/queue/index.js'
import { type OwnRedis, ownRedis, PASSWORD, withoutRedis } from '../../bench/harness/own-redis.js'
import { built } from '../support/built.js'
import { right } from '../support/either.js'
import { asked, single, timeless, until, VERSION, withReference } from './workers.js'

const { folder, program } = built('lib/cli/main.ts', { 'job-worker.js': 'lib/cli/job-worker.ts' })

/** Six runs that wait for nothing, long enough for a signal to find them. */
const { measures: _measures, ...plain } = single
const grid: experiment.Experiment = {
  ...plain,
  name: 'many',
  seeds: [0, 1, 2, 3, 4, 5],
  training: { ...plain.training, epochs: 40 }
}

/** The processes that a process has started. */
const childrenOf = (pid: number): readonly number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(/\s+/).filter(Boolean).map(Number)

describe.skipIf(withoutRedis !== undefined || process.platform !== 'linux')('tangentflow worker', () => {
  let redis: OwnRedis
  let opened: RunQueue

  beforeAll(async () => {
    // the version that the command finds is that of its package
    const own = join(folder, 'node_modules/tangentflow')
    mkdirSync(own, { recursive: true })
    writeFileSync(join(own, 'package.json'), JSON.stringify({ version: VERSION }))
    redis = await ownRedis()
    opened = right(await openQueue({ url: redis.url, password: PASSWORD, version: VERSION })())
  }, 60_000)
  afterAll(async () => {
    await opened.close()
    await redis.stop()
  })

  it('takes runs in as many processes as --jobs says, replaces one that is lost, and ends with all', async () => {
    const child = spawn(process.execPath, [program, 'worker', '--queue', redis.url, '--jobs', '2'], {
      env: { ...process.env, TANGENTFLOW_REDIS_PASSWORD: PASSWORD },
      stdio: ['ignore', 'ignore', 'pipe']
    })
    const ended = new Promise<number | null>((resolve) => child.on('close', resolve))
    let said = ''
    child.stderr.on('data', (part: Buffer) => (said += part.toString()))
    await until(() => said.includes('\n') || child.exitCode !== null)
    expect(said).toContain(`taking runs from ${redis.url}`)
    expect(said).toContain(', 2 at a time\n')
    const before = childrenOf(child.pid!)
    expect(before).toHaveLength(2)
    const result = asked(opened, grid)
    await until(() => new Set(said.match(/^dense-seed\d {2}training/gm)).size >= 2)
    process.kill(before[0]!, 'SIGKILL')
    expect(timeless(await result)).toEqual(timeless(await experiment.run(grid)(withReference)()))
    expect(right(await queueStatus(opened)()).counts).toMatchObject({ completed: 6, failed: 0 })
    for (const seed of grid.seeds) expect(said).toContain(`dense-seed${seed}  done\n`)
    const after = childrenOf(child.pid!)
    expect(after).toHaveLength(2)
    expect(after).not.toContain(before[0])
    child.kill('SIGTERM')
    expect(await ended).toBe(0)
    expect(after.filter(isAlive)).toEqual([])
  })
})
