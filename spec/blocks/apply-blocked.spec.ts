import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { key, ndarray, uniforms } from 'tangentflow'
import { applyBlocked, openBlocked } from 'tangentflow/blocks'
import { examples, inMemory, storesOf, wholeKernel } from '../support/blocks.js'
import { right } from '../support/either.js'
import { relativeError } from '../support/networks.js'
import { runs } from '../support/runs.js'

const size = fc.integer({ min: 1, max: 9 })

describe('a product with a kernel in blocks', () => {
  it('is that with the whole kernel, of one batch or two, for any number of outputs', () =>
    fc.assert(
      fc.asyncProperty(
        size,
        fc.option(size, { nil: undefined, freq: 1 }),
        fc.integer({ min: 1, max: 10 }),
        fc.integer({ min: 0, max: 11 }),
        async (n1, n2, tile, outputs) => {
          const x1 = examples(n1, 1)
          const x2 = n2 === undefined ? undefined : examples(n2, 2)
          const { files } = await inMemory(x1, x2, { tile })
          const width = n2 ?? n1
          const columns = Math.max(1, outputs)
          const v = ndarray.of(outputs === 0 ? [width] : [width, columns], uniforms(key(3), width * columns))
          const opened = right(await openBlocked(storesOf(files))())
          const got = right(await applyBlocked(opened)(v)())
          const whole = wholeKernel(x1, x2 ?? x1).data
          const expected = Float64Array.from({ length: n1 * columns }, (_, at) => {
            const [i, o] = [Math.floor(at / columns), at % columns]
            let sum = 0
            for (let j = 0; j < width; j++) sum += whole[i * width + j]! * v.data[j * columns + o]!
            return sum
          })
          expect(got.shape).toEqual(outputs === 0 ? [n1] : [n1, columns])
          expect(got.data).toBeInstanceOf(Float64Array)
          expect(relativeError(got, ndarray.of(got.shape, expected))).toBeLessThan(1e-6)
        }
      ),
      { numRuns: runs(60) }
    ))

  const x = examples(5, 1)
  const losses: Record<string, [(files: Map<string, Uint8Array>) => unknown, object]> = {
    'a block that was lost': [
      (files) => files.delete('0-1.npy'),
      { _tag: 'IoError', received: 'nothing: it was lost', where: 'folder/0-1.npy' }
    ],
    'a sum that was lost': [
      (files) => files.delete('1-1.json'),
      { _tag: 'IoError', where: 'folder/1-1.json' }
    ],
    'a damaged block': [
      (files) =>
        files.set(
          '0-1.npy',
          files.get('0-1.npy')!.map((byte, i) => (i === 130 ? byte ^ 1 : byte))
        ),
      { _tag: 'DataError', received: 'a damaged one', where: 'folder/0-1.npy' }
    ],
    'a block of another kernel': [
      (files) => {
        files.set('1-1.npy', files.get('0-1.npy')!)
        files.set('1-1.json', files.get('0-1.json')!)
      },
      { _tag: 'DataError', received: 'an array [3,2]', where: 'folder/1-1.npy' }
    ],
    'a sum that is no sum': [
      (files) => files.set('0-0.json', new TextEncoder().encode('{"crc32": "1"}')),
      { _tag: 'DataError', where: 'folder/0-0.json' }
    ]
  }
  it.each(Object.entries(losses))('refuses %s and says that blocked computes it', async (_, [harm, left]) => {
    const { files, blocks } = await inMemory(x, undefined, { tile: 3 })
    harm(files)
    const expected = expect.stringContaining('blocked, called again, computes it') as string
    expect(await applyBlocked(blocks)(ndarray.zeros([5, 2]))()).toMatchObject({ left: { ...left, expected } })
  })

  it('refuses a matrix of another length or with a NaN', async () => {
    const { blocks } = await inMemory(x)
    expect(await applyBlocked(blocks)(ndarray.zeros([4, 2]))()).toMatchObject({
      left: { _tag: 'ShapeError', operation: 'blocks.applyBlocked', where: 'x' }
    })
    expect(await applyBlocked(blocks)(ndarray.of([5], [1, 2, NaN, 4, 5]))()).toMatchObject({
      left: { _tag: 'DataError', where: 'x[2]' }
    })
  })
})

describe('opening a kernel in blocks', () => {
  const manifest = (text: string) => new Map([['kernel.json', new TextEncoder().encode(text)]])
  const wrong: Record<string, [Map<string, Uint8Array>, object]> = {
    'an empty folder': [new Map(), { _tag: 'IoError', operation: 'blocks.openBlocked', received: 'nothing' }],
    'a file that is no JSON': [manifest('{'), { _tag: 'DataError', expected: 'a file in JSON' }],
    'another version': [manifest('{"version": 2}'), { _tag: 'DataError', received: '2' }],
    'other fields': [
      manifest('{"version": 1, "shape": [1, 0], "lengths": [1, 1], "isSymmetric": true, "settings": {}}'),
      { _tag: 'DataError', received: 'other fields' }
    ]
  }
  it.each(Object.entries(wrong))('refuses %s', async (_, [files, left]) => {
    expect(await openBlocked(storesOf(files))()).toMatchObject({
      left: { ...left, where: 'folder/kernel.json' }
    })
  })
})
