import { describe, expect, it } from 'vitest'
import { isAlive } from '../../lib/io/file-store.js'
import { processPool } from '../../lib/io/process-pool.js'
import { built } from '../support/built.js'

const { program } = built('spec/support/pool-program.ts')

/** What `spec/support/pool-program.ts` does: see there. */
type Asked = 'answer' | 'wait' | 'exit' | 'throw'

const opened = () => {
  const pool = processPool<Asked, number>('spec', program)
  const pids: number[] = []
  const run = (job: Asked, onPid: (pid: number) => void = () => undefined) =>
    pool.run(job, (pid) => () => {
      pids.push(pid)
      onPid(pid)
    })()
  return { pool, pids, run }
}

describe('processPool', () => {
  it('keeps a process for the next task, and ends it with the pool', { timeout: 60_000 }, async () => {
    const { pool, pids, run } = opened()
    expect(await run('answer')).toMatchObject({ right: 'answered' })
    expect(await run('answer')).toMatchObject({ right: 'answered' })
    expect([pids.length, new Set(pids).size]).toEqual([2, 1])
    await Promise.all([run('answer'), run('answer')])
    expect(new Set(pids).size).toBe(2)
    await pool.close()
    expect(pids.filter(isAlive)).toEqual([])
  })

  it('does a task again whose process is killed, once', { timeout: 60_000 }, async () => {
    const { pool, pids, run } = opened()
    const kill = (pid: number): void => void process.kill(pid, 'SIGKILL')
    expect(await run('wait', (pid) => pids.length === 1 && kill(pid))).toMatchObject({ right: 'waited' })
    expect(new Set(pids).size).toBe(2)
    expect(await run('wait', kill)).toMatchObject({
      left: {
        _tag: 'EngineError',
        operation: 'spec',
        expected: 'a process that lives until its run ends',
        received: 'a process ended by SIGKILL, twice'
      }
    })
    await pool.close()
  })

  it('says what a process said last, and what a task throws', { timeout: 60_000 }, async () => {
    const { pool, run } = opened()
    expect(await run('exit')).toMatchObject({
      left: { received: 'a process that ended with code 7: out of luck, twice' }
    })
    expect(await run('throw')).toMatchObject({ left: { _tag: 'EngineError', received: 'thrown' } })
    await pool.close()
  })

  it('asks every process to stop, and starts nothing after that', { timeout: 60_000 }, async () => {
    const { pool, pids, run } = opened()
    const stopBoth = (): void => {
      if (pids.length === 2) pool.stop()
    }
    const stopped = await Promise.all([run('wait', stopBoth), run('wait', stopBoth)])
    expect(stopped).toMatchObject([{ left: { _tag: 'StopError' } }, { left: { _tag: 'StopError' } }])
    expect(await run('answer')).toMatchObject({ left: { _tag: 'StopError' } })
    await pool.close()
    expect(pids.filter(isAlive)).toEqual([])
  })

  it('leaves signals to the process that started it', { timeout: 60_000 }, async () => {
    const { pool, run } = opened()
    const result = await run('wait', (pid) => {
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.kill(pid, signal)
    })
    expect(result).toMatchObject({ right: 'waited' })
    await pool.close()
  })
})
