import { spawnSync } from 'node:child_process'
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest'
import type { TangentError } from 'tangentflow'
import { fileStore, writeAtomic } from 'tangentflow/io'
import { right } from '../support/either.js'
import { attemptFit, small } from '../support/training.js'

vi.mock('node:fs', async (original) => {
  const real = await original<typeof fs>()
  return { ...real, writeSync: vi.fn(real.writeSync), renameSync: vi.fn(real.renameSync) }
})

const root = fs.mkdtempSync(join(tmpdir(), 'tangentflow-write-'))
afterAll(() => fs.rmSync(root, { recursive: true, force: true }))
afterEach(() => void vi.mocked(fs.writeSync).mockReset())

const full = (): never => {
  throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })
}
const refusal = (opened: E.Either<TangentError, unknown>): TangentError => {
  if (E.isRight(opened)) throw new Error('expected a Left')
  return opened.left
}

describe('writeAtomic', () => {
  it.each(['a', '重', '🎲'])('takes any name that the system takes, of %s', (letter) => {
    const name = letter.repeat(Math.floor(255 / Buffer.byteLength(letter)))
    const path = join(fs.mkdtempSync(join(root, 'name-')), name)
    expect(writeAtomic(path)('x')()).toEqual(E.right(undefined))
    expect(fs.readFileSync(path, 'utf8')).toBe('x')
  })

  it('keeps the old file and leaves nothing beside it when the disk is full half-way', () => {
    const folder = fs.mkdtempSync(join(root, 'full-'))
    const path = join(folder, 'result.json')
    expect(writeAtomic(path)('old')()).toEqual(E.right(undefined))
    vi.mocked(fs.writeSync).mockImplementationOnce((file) => fs.writeSync(file, 'ha'))
    vi.mocked(fs.writeSync).mockImplementationOnce(full)
    expect(refusal(writeAtomic(path)('half a file')())).toEqual({
      _tag: 'IoError',
      operation: 'io.writeAtomic',
      expected: 'to write the file',
      received: 'a full disk',
      where: path
    })
    expect(fs.readdirSync(folder)).toEqual(['result.json'])
    expect(fs.readFileSync(path, 'utf8')).toBe('old')
  })

  it('removes the temporary file when the rename fails, and goes on after a partial write', () => {
    const folder = fs.mkdtempSync(join(root, 'rename-'))
    const path = join(folder, 'a')
    vi.mocked(fs.renameSync).mockImplementationOnce(full)
    expect(refusal(writeAtomic(path)('text')())).toMatchObject({ _tag: 'IoError', where: path })
    expect(fs.readdirSync(folder)).toEqual([])
    vi.mocked(fs.writeSync).mockImplementationOnce((file) => fs.writeSync(file, 'äö'))
    expect(writeAtomic(path)('äöü and more')()).toEqual(E.right(undefined))
    expect(fs.readFileSync(path, 'utf8')).toBe('äöü and more')
  })
})

describe('fileStore', () => {
  it('makes the folder with its parents, and gives back what it wrote', async () => {
    const path = join(root, 'deep/er/run.json')
    const store = fileStore(path)
    expect(await store.read()).toEqual(E.right(undefined))
    expect(await store.write(new TextEncoder().encode('text'))()).toEqual(E.right(undefined))
    expect(fs.readFileSync(path, 'utf8')).toBe('text')
    expect(await store.read()).toEqual(E.right(new TextEncoder().encode('text')))
  })

  it('says where no folder can be made', async () => {
    const file = join(root, 'file')
    fs.writeFileSync(file, '')
    const inside = fileStore(join(file, 'run'))
    expect(refusal(await inside.read())).toMatchObject({ _tag: 'IoError', where: join(file, 'run') })
    expect(refusal(await inside.write(new Uint8Array())())).toMatchObject({ _tag: 'IoError' })
    vi.mocked(fs.writeSync).mockImplementationOnce(full)
    expect(refusal(await fileStore(join(root, 'none/a')).write(new Uint8Array(1))())).toMatchObject({
      received: 'a full disk'
    })
  })
})

describe('a training saved in a file', () => {
  const keepIn = (path: string, stop?: () => boolean) => ({
    ...small.options,
    checkpoint: { store: fileStore(path) },
    ...(stop === undefined ? {} : { stop })
  })

  it('makes the folder, and goes on from the file', async () => {
    const path = join(fs.mkdtempSync(join(root, 'run-')), 'deep', 'checkpoint.safetensors')
    let asked = 0
    const part = right(await attemptFit(keepIn(path, () => ++asked > 7)))
    expect([part.ended, part.losses.length]).toEqual(['stop', 7])
    expect(right(await attemptFit(keepIn(path)))).toEqual(right(await attemptFit(small.options)))
    expect(fs.readdirSync(join(path, '..'))).toEqual(['checkpoint.safetensors'])
  })

  it('ends with an error that names the file when the disk is full, and keeps the checkpoint before', async () => {
    const path = join(fs.mkdtempSync(join(root, 'run-')), 'checkpoint.safetensors')
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
    const path = join(fs.mkdtempSync(join(root, 'run-')), 'checkpoint.safetensors')
    await attemptFit(keepIn(path, () => fs.existsSync(path)))
    for (const spoil of [() => fs.truncateSync(path, 100), () => fs.writeFileSync(path, 'my thesis')]) {
      spoil()
      const spoiled = fs.readFileSync(path)
      expect(await attemptFit(keepIn(path))).toMatchObject({
        left: { _tag: 'DataError', operation: 'checkpoint' }
      })
      expect(fs.readFileSync(path).equals(spoiled)).toBe(true)
    }
    const folder = fs.mkdtempSync(join(root, 'run-'))
    expect(await attemptFit(keepIn(folder))).toMatchObject({
      left: { _tag: 'IoError', received: 'a folder where a file should be', where: folder }
    })
    const inside = join(path, 'checkpoint.safetensors')
    expect(await attemptFit(keepIn(inside))).toMatchObject({ left: { _tag: 'IoError' } })
  })
})

describe("a file that is not the store's", () => {
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
  const fresh = (): string => join(fs.mkdtempSync(join(root, 'own-')), 'file')
  const foreign = (path: string) => ({
    left: {
      _tag: 'IoError',
      operation: 'io.fileStore',
      expected: 'the file as this run left it',
      received: 'one that something else wrote',
      where: path
    }
  })

  it('stays as it is where the store has not read it', async () => {
    const path = fresh()
    fs.writeFileSync(path, 'my thesis')
    const store = fileStore(path)
    expect(await store.write(bytes('run'))()).toMatchObject(foreign(path))
    expect(fs.readFileSync(path, 'utf8')).toBe('my thesis')
    expect(await store.read()).toEqual(E.right(bytes('my thesis')))
    expect(await store.write(bytes('run'))()).toEqual(E.right(undefined))
    expect(fs.readdirSync(join(path, '..'))).toEqual(['file'])
  })

  it('stays as it is where another process wrote it since', async () => {
    const path = fresh()
    const [one, other] = [fileStore(path), fileStore(path)]
    expect([await one.read(), await other.read()]).toEqual([E.right(undefined), E.right(undefined)])
    expect(await one.write(bytes('first'))()).toEqual(E.right(undefined))
    expect(await other.write(bytes('second'))()).toMatchObject(foreign(path))
    expect(await one.write(bytes('third'))()).toEqual(E.right(undefined))
    fs.rmSync(path)
    expect(await one.write(bytes('fourth'))()).toMatchObject(foreign(path))
    expect(await one.read()).toEqual(E.right(undefined))
    expect(await one.write(bytes('fifth'))()).toEqual(E.right(undefined))
    expect(fs.readFileSync(path, 'utf8')).toBe('fifth')
  })

  it('is swept where it is a temporary file that was left over, and only then', async () => {
    const path = fresh()
    const folder = join(path, '..')
    const ended = spawnSync(process.execPath, ['--version']).pid
    const random = '0123456789abcdef'
    const names = {
      swept: [`.file.${ended}.${random}.tmp`, `.old.${process.pid}.${random}.tmp`],
      left: [
        `.new.${ended}.${random}.tmp`,
        `.file.${process.pid}.${random}.tmp`,
        `.file.${ended}.tmp`,
        'a.tmp'
      ]
    }
    for (const name of [...names.swept, ...names.left]) fs.writeFileSync(join(folder, name), '')
    const ago = (seconds: number): Date => new Date(Date.now() - 1000 * seconds)
    for (const [name, seconds] of [
      [names.swept[0]!, 60],
      [names.swept[1]!, 7200],
      [names.left[1]!, 60],
      [names.left[2]!, 7200]
    ] as const)
      fs.utimesSync(join(folder, name), ago(seconds), ago(seconds))
    expect(await fileStore(path).write(bytes('run'))()).toEqual(E.right(undefined))
    expect(fs.readdirSync(folder).sort()).toEqual([...names.left, 'file'].sort())
  })
  it('looks for such files once in a minute, however many files it writes', async () => {
    const folder = join(fresh(), '..')
    const left = join(folder, `.file.${process.pid}.0123456789abcdef.tmp`)
    const isThereAfter = async (name: string): Promise<boolean> => {
      const before = new Date(Date.now() - 7_200_000)
      fs.writeFileSync(left, '')
      fs.utimesSync(left, before, before)
      right(await fileStore(join(folder, name)).write(bytes(name))())
      return fs.existsSync(left)
    }
    expect(await isThereAfter('first')).toBe(false)
    expect(await isThereAfter('second')).toBe(true)
    const later = Date.now() + 61_000
    vi.spyOn(Date, 'now').mockReturnValue(later)
    expect(await isThereAfter('third')).toBe(false)
    vi.mocked(Date.now).mockRestore()
  })
})
