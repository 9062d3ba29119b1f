import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest'
import { fileStore } from 'tangentflow/io'
import { attemptFit, right, small } from '../support/training.js'

vi.mock('node:fs', async (original) => {
  const real = await original<typeof fs>()
  return { ...real, writeSync: vi.fn(real.writeSync) }
})

const root = fs.mkdtempSync(join(tmpdir(), 'tangentflow-store-'))
afterAll(() => fs.rmSync(root, { recursive: true, force: true }))
afterEach(() => void vi.mocked(fs.writeSync).mockReset())
const fresh = (): string => fs.mkdtempSync(join(root, 'run-'))

const full = (): never => {
  throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })
}

describe('a training saved in a file', () => {
  const keepIn = (path: string, stop?: () => boolean) => ({
    ...small.options,
    checkpoint: { store: fileStore(path) },
    ...(stop === undefined ? {} : { stop })
  })

  it('makes the folder, and goes on from the file', async () => {
    const path = join(fresh(), 'deep', 'checkpoint.safetensors')
    let asked = 0
    const part = right(await attemptFit(keepIn(path, () => ++asked > 7)))
    expect([part.ended, part.losses.length]).toEqual(['stop', 7])
    expect(right(await attemptFit(keepIn(path)))).toEqual(right(await attemptFit(small.options)))
    expect(fs.readdirSync(join(path, '..'))).toEqual(['checkpoint.safetensors'])
  })

  it('ends with an error that names the file when the disk is full, and keeps the checkpoint before', async () => {
    const path = join(fresh(), 'checkpoint.safetensors')
    await attemptFit(keepIn(path, () => fs.existsSync(path)))
    const before = fs.readFileSync(path)
    vi.mocked(fs.writeSync).mockImplementation(full)
    expect(await attemptFit(keepIn(path))).toMatchObject({
      left: { _tag: 'IoError', received: 'a full disk', where: path }
    })
    expect(fs.readFileSync(path).equals(before)).toBe(true)
    expect(fs.readdirSync(join(path, '..'))).toEqual(['checkpoint.safetensors'])
  })

  it('refuses a file that is cut off or of something else, and a place that cannot be read or made', async () => {
    const path = join(fresh(), 'checkpoint.safetensors')
    await attemptFit(keepIn(path, () => fs.existsSync(path)))
    for (const spoil of [() => fs.truncateSync(path, 100), () => fs.writeFileSync(path, 'my thesis')]) {
      spoil()
      const spoiled = fs.readFileSync(path)
      expect(await attemptFit(keepIn(path))).toMatchObject({
        left: { _tag: 'DataError', operation: 'checkpoint' }
      })
      expect(fs.readFileSync(path).equals(spoiled)).toBe(true)
    }
    const folder = fresh()
    expect(await attemptFit(keepIn(folder))).toMatchObject({
      left: { _tag: 'IoError', received: 'a folder where a file should be', where: folder }
    })
    const inside = join(path, 'checkpoint.safetensors')
    expect(await attemptFit(keepIn(inside))).toMatchObject({ left: { _tag: 'IoError' } })
  })
})
