import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { describe, expect, it } from 'vitest'
import { checkpoint, format, key, ndarray } from 'tangentflow'
import { decodeState, encodeState } from '../../lib/checkpoint/run-state.js'
import { crc32 } from '../../lib/format/crc32.js'
import { right } from '../support/either.js'
import { memoryStore } from '../support/training.js'

const tensors = { w: ndarray.of([2], Float32Array.of(1, 2)) }
const saved = { kind: 'counting', settings: { by: 'twos' }, position: 3, engine: 'by hand', tensors }

/** A checkpoint whose fields are this text, with the sum that belongs to it. */
const fileOf = (about: string): Uint8Array => {
  const plain = right(format.safetensors.encode({ tensors, metadata: { tangentflow: about } }))
  const sum = crc32(plain).toString(16)
  return right(format.safetensors.encode({ tensors, metadata: { tangentflow: about, crc32: sum } }))
}
const { tensors: _, ...fields } = { version: 1, ...saved }

describe('a checkpoint', () => {
  it('is read as it was written', () =>
    fc.assert(
      fc.property(
        fc.string(),
        fc.dictionary(fc.string(), fc.string()),
        fc.nat(),
        fc.string(),
        (kind, settings, position, engine) => {
          const whole = { kind, settings: { ...settings }, position, engine, tensors }
          const bytes = right(checkpoint.encodeCheckpoint(whole))
          expect(right(checkpoint.decodeCheckpoint(bytes))).toEqual(whole)
        }
      )
    ))

  it('may be at its first step', () =>
    expect(checkpoint.decodeCheckpoint(fileOf(JSON.stringify({ ...fields, position: 0 })))).toEqual(
      E.right({ ...saved, position: 0 })
    ))

  it.each([
    ['version', '1'],
    ['kind', 1],
    ['settings', null],
    ['settings', ['twos']],
    ['settings', 'twos'],
    ['settings', { by: 2 }],
    ['settings', { by: 'twos', from: null }],
    ['position', -1],
    ['position', 0.5],
    ['position', '3'],
    ['position', 2 ** 53],
    ['engine', 7],
    ['engine', undefined]
  ])('whose %s is %j is none', (name, value) =>
    expect(checkpoint.decodeCheckpoint(fileOf(JSON.stringify({ ...fields, [name]: value })))).toEqual(
      E.left({
        _tag: 'DataError',
        operation: 'checkpoint',
        expected: 'a checkpoint of this library',
        received: 'other fields',
        where: 'checkpoint'
      })
    )
  )
  it.each(['', 'null', '[]', '{}', '"x"', '{'])('whose fields are %j is none', (about) =>
    expect(checkpoint.decodeCheckpoint(fileOf(about))).toMatchObject({ left: { received: 'other fields' } })
  )
  it('of another version, and any other safetensors file, are refused', () => {
    expect(checkpoint.decodeCheckpoint(fileOf(JSON.stringify({ ...fields, version: 2 })))).toMatchObject({
      left: { expected: 'version 1 of checkpoints', received: '2' }
    })
    const some: readonly Readonly<Record<string, string>>[] = [
      {},
      { tangentflow: JSON.stringify(fields) },
      { crc32: '0' }
    ]
    for (const metadata of some)
      expect(
        checkpoint.decodeCheckpoint(right(format.safetensors.encode({ tensors, metadata })))
      ).toMatchObject({ left: { received: 'another safetensors file' } })
  })
})

describe('the state of a run', () => {
  const columns = { one: [[1], [2]], two: [[1, 2]], none: [] }
  it('keeps columns of one number as vectors, and none where nothing was noted', () => {
    const state = encodeState({ w: tensors.w }, columns)
    expect(Object.entries(state).map(([name, { shape }]) => [name, shape])).toEqual([
      ['w', [2]],
      ['one', [2]],
      ['two', [1, 2]]
    ])
    const counts = { one: 2, two: 1, none: 0 }
    expect(decodeState({ w: tensors.w }, counts)(state)).toEqual({ trees: { w: tensors.w }, columns })
  })
})

describe('runSteps', () => {
  const run = (count: number, steps: number) => {
    const store = memoryStore()
    const counting: checkpoint.Steps<number> = {
      kind: 'counting',
      settings: {},
      count,
      first: 0,
      encode: (total) => ({ total: ndarray.scalar(total) }),
      decode: ({ total }) => total!.data[0]!,
      take: (_position, total) =>
        TE.right({ state: total + 2, executed: { engine: 'reference', backend: 'cpu', threads: 1 } }),
      checkpoint: { store, steps }
    }
    return { counting, store }
  }
  it.each([
    [4, 2, 2],
    [5, 2, 3],
    [3, 100, 1],
    [2, 1, 2]
  ])('of %i steps writes its state after every %i and at its end: %i times', async (count, steps, times) => {
    const { counting, store } = run(count, steps)
    expect(right(await checkpoint.runSteps(counting)())).toEqual({ state: 2 * count, ended: 'all' })
    expect(store.written).toHaveLength(times)
    // and nothing once it has ended
    expect(right(await checkpoint.runSteps(counting)()).state).toBe(2 * count)
    expect(store.written).toHaveLength(times)
  })
})

describe('a run that fails', () => {
  it('is saved at the step before, and refuses the checkpoint of another kind', async () => {
    const store = memoryStore()
    const run: checkpoint.Steps<number> = {
      kind: 'counting',
      settings: {},
      count: 9,
      first: 0,
      encode: (total) => ({ total: ndarray.scalar(total) }),
      decode: ({ total }) => total!.data[0]!,
      take: (position, total) =>
        position < 3
          ? TE.right({ state: total + 2, executed: { engine: 'reference', backend: 'cpu', threads: 1 } })
          : TE.left({ _tag: 'EngineError', operation: 'step', expected: 'a step', received: 'none' }),
      checkpoint: { store, steps: 100 }
    }
    expect(await checkpoint.runSteps(run)()).toMatchObject({ left: { operation: 'step' } })
    expect(right(await checkpoint.restore(run)(store)())).toMatchObject({ position: 3, state: 6 })
    expect(store.written).toHaveLength(1)
    const other = { ...run, kind: 'searching' }
    expect(await checkpoint.restore(other)(store)()).toMatchObject({
      left: { expected: 'a checkpoint of searching', received: 'one of counting', where: 'checkpoint' }
    })
    expect(await checkpoint.restore(other)({ ...store, where: 'a/b' })()).toMatchObject({
      left: { where: 'a/b' }
    })
  })
})

describe('fingerprint', () => {
  it('is a key’s words where it is alone, and tells everything else apart', () => {
    const { hi, lo } = key(5)
    expect(checkpoint.fingerprint(key(5))).toBe(`key ${hi} ${lo}`)
    const [x, y] = [ndarray.scalar(1), ndarray.scalar(2)]
    const trees = [[key(5), x], [key(5), y], [x, key(5)], [x], x, y, [], [key(5), key(6)]]
    const texts = trees.map((tree) => checkpoint.fingerprint(tree))
    expect(texts.filter((text) => /^\d values, crc32 [0-9a-f]{8}$/.test(text))).toHaveLength(trees.length)
    expect(new Set(texts).size).toBe(trees.length)
  })
})
