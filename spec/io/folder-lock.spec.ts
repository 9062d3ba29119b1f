import { spawnSync } from 'node:child_process'
import {
  existsSync,
  type linkSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync
} from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { folderLock } from 'tangentflow/io'

const link = vi.hoisted(() => vi.fn<typeof linkSync>())
vi.mock('node:fs', async (original) => {
  const real = await original<Record<string, unknown> & { linkSync: typeof linkSync }>()
  link.mockImplementation(real.linkSync)
  return { ...real, linkSync: link }
})

const root = mkdtempSync(join(tmpdir(), 'tangentflow-lock-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

/** The number of a process that has ended. */
const ended = spawnSync(process.execPath, ['--version']).pid

describe('folderLock', () => {
  it('makes the folder, keeps a second one out until it is released, and leaves nothing', () => {
    const folder = join(root, 'deep', 'run')
    const [first, second] = [folderLock(folder), folderLock(folder)]
    expect(first.acquire()).toEqual(E.right(undefined))
    expect(first.acquire()).toEqual(E.right(undefined))
    expect(second.acquire()).toMatchObject({
      left: {
        _tag: 'IoError',
        received: `process ${process.pid} of ${hostname()}`,
        where: join(folder, '.tangentflow.lock')
      }
    })
    second.release()
    expect(existsSync(join(folder, '.tangentflow.lock'))).toBe(true)
    first.release()
    expect(second.acquire()).toEqual(E.right(undefined))
    second.release()
    expect(readdirSync(folder)).toEqual([])
  })

  it.each([
    ['of a process that has ended', { pid: ended, host: hostname(), start: '' }, true],
    ['of an earlier process of this number', { pid: process.pid, host: hostname(), start: '1' }, true],
    ['of a process of another machine', { pid: ended, host: 'elsewhere', start: '' }, false],
    ['that says something else', 'x', false]
  ] as const)('takes over a lock %s: %#', (_, holder, isTaken) => {
    const folder = mkdtempSync(join(root, 'stale-'))
    const path = join(folder, '.tangentflow.lock')
    writeFileSync(path, JSON.stringify(holder))
    const lock = folderLock(folder)
    expect(E.isRight(lock.acquire())).toBe(isTaken)
    const { pid } = JSON.parse(readFileSync(path, 'utf8')) as { pid?: number }
    expect(pid === process.pid).toBe(isTaken)
    lock.release()
    expect(readdirSync(folder)).toEqual(isTaken ? [] : ['.tangentflow.lock'])
  })

  it('keeps a second one out on a file system without hard links', () => {
    const before = link.getMockImplementation()!
    link.mockImplementation(() => {
      throw Object.assign(new Error('EPERM: operation not permitted'), { code: 'EPERM' })
    })
    const folder = join(root, 'linkless')
    const [first, second] = [folderLock(folder), folderLock(folder)]
    expect(first.acquire()).toEqual(E.right(undefined))
    expect(second.acquire()).toMatchObject({ left: { received: `process ${process.pid} of ${hostname()}` } })
    first.release()
    expect(second.acquire()).toEqual(E.right(undefined))
    second.release()
    link.mockImplementation(before)
    expect(readdirSync(folder)).toEqual([])
  })

  it('names a folder that cannot be made', () => {
    writeFileSync(join(root, 'file'), '')
    expect(folderLock(join(root, 'file', 'run')).acquire()).toMatchObject({ left: { _tag: 'IoError' } })
  })
})
