import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest'
import { ndarray, tree } from 'tangentflow'
import { readArrays, writeArrays } from 'tangentflow/io'
import { right } from '../support/either.js'
import { start } from '../support/training.js'

vi.mock('node:fs', async (original) => {
  const real = await original<typeof fs>()
  return { ...real, writeSync: vi.fn(real.writeSync) }
})

const root = fs.mkdtempSync(join(tmpdir(), 'tangentflow-arrays-'))
afterAll(() => fs.rmSync(root, { recursive: true, force: true }))
afterEach(() => void vi.mocked(fs.writeSync).mockReset())
const fresh = (): string => fs.mkdtempSync(join(root, 'run-'))

const full = (): never => {
  throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })
}

describe('files of arrays', () => {
  const arrays = tree.named(start)

  it.each(['.safetensors', '.npz'])('give back parameters by name: %s', async (suffix) => {
    const path = join(fresh(), `params${suffix}`)
    expect(await writeArrays(path)(arrays)()).toEqual(E.right(undefined))
    const read = right(await readArrays(path)())
    expect(tree.fromNamed(start)(read)).toEqual(start)
  })

  it('hold one array as .npy, and refuse others and other names by the path', async () => {
    const path = join(fresh(), 'x.npy')
    const x = ndarray.of([2, 2], [1, 2, 3, 4])
    await writeArrays(path)({ x })()
    expect(await readArrays(path)()).toEqual(E.right({ array: x }))
    expect(await writeArrays(path)(arrays)()).toMatchObject({ left: { _tag: 'ArgumentError', where: path } })
    const other = join(fresh(), 'x.h5')
    expect(await writeArrays(other)({ x })()).toMatchObject({ left: { _tag: 'ArgumentError', where: other } })
  })

  it('are written whole or not at all, and name a file that is damaged', async () => {
    const folder = fresh()
    const path = join(folder, 'x.npz')
    vi.mocked(fs.writeSync).mockImplementationOnce(full)
    expect(await writeArrays(path)(arrays)()).toMatchObject({ left: { _tag: 'IoError', where: path } })
    expect(fs.readdirSync(folder)).toEqual([])
    fs.writeFileSync(path, 'not found')
    expect(await readArrays(path)()).toMatchObject({ left: { _tag: 'DataError', where: path } })
    const missing = join(folder, 'none.npz')
    expect(await readArrays(missing)()).toMatchObject({ left: { _tag: 'IoError', where: missing } })
  })
})
