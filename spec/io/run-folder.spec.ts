import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest'
import type { TangentError } from '../../lib/core/error.js'
import { openRunFolder, type RunFolder, writeAtomic } from '../../lib/io/index.js'

vi.mock('node:fs', async (original) => {
  const real = await original<typeof fs>()
  return { ...real, writeSync: vi.fn(real.writeSync), renameSync: vi.fn(real.renameSync) }
})

const root = fs.mkdtempSync(join(tmpdir(), 'tangentflow-io-'))
afterAll(() => fs.rmSync(root, { recursive: true, force: true }))
afterEach(() => void vi.restoreAllMocks())

const full = (): never => {
  throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })
}
const refusal = (opened: E.Either<TangentError, unknown>): TangentError => {
  if (E.isRight(opened)) throw new Error('expected a Left')
  return opened.left
}
const folderOf = (opened: E.Either<TangentError, RunFolder>): RunFolder => {
  if (E.isLeft(opened)) throw new Error(JSON.stringify(opened.left))
  return opened.right
}

describe('writeAtomic', () => {
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

describe('openRunFolder', () => {
  it('makes the folder with its parents and writes configuration, events, result and report', () => {
    const path = join(root, 'deep/er/run')
    const run = folderOf(openRunFolder(path, { seed: 1 })())
    run.event({ epoch: 1 })()
    run.event({ epoch: 2 })()
    expect(fs.readFileSync(join(path, 'metrics.jsonl'), 'utf8')).toBe('{"epoch":1}\n{"epoch":2}\n')
    expect(JSON.parse(fs.readFileSync(join(path, 'config.json'), 'utf8'))).toEqual({ seed: 1 })
    run.result({ robust: 0.8 })()
    expect(run.report('<p>')()).toEqual(E.right(join(path, 'report.html')))
    expect(fs.readdirSync(path).sort()).toEqual([
      'config.json',
      'metrics.jsonl',
      'report.html',
      'result.json'
    ])
  })

  it('replaces an unfinished run, and refuses a finished one or a foreign folder untouched', () => {
    const path = join(root, 'again')
    folderOf(openRunFolder(path, { seed: 1 })()).event({ epoch: 1 })()
    const second = folderOf(openRunFolder(path, { seed: 2 })())
    expect(fs.readdirSync(path)).toEqual(['config.json'])
    second.result({})()
    expect(refusal(openRunFolder(path, { seed: 3 })())).toMatchObject({
      _tag: 'IoError',
      received: 'a finished run',
      where: path
    })
    expect(JSON.parse(fs.readFileSync(join(path, 'config.json'), 'utf8'))).toEqual({ seed: 2 })

    const foreign = fs.mkdtempSync(join(root, 'foreign-'))
    fs.writeFileSync(join(foreign, 'thesis.tex'), 'years of work')
    expect(refusal(openRunFolder(foreign, {})())).toMatchObject({ received: 'a folder with thesis.tex' })
    expect(fs.readdirSync(foreign)).toEqual(['thesis.tex'])
  })

  it('says where no folder can be made', () => {
    const file = join(root, 'file')
    fs.writeFileSync(file, '')
    expect(refusal(openRunFolder(join(file, 'run'), {})())).toMatchObject({
      _tag: 'IoError',
      where: join(file, 'run')
    })
    expect(refusal(openRunFolder(file, {})())).toMatchObject({ received: 'a file where a folder should be' })
    vi.mocked(fs.writeSync).mockImplementationOnce(full)
    expect(refusal(openRunFolder(join(root, 'none'), {})())).toMatchObject({ received: 'a full disk' })
  })
})
