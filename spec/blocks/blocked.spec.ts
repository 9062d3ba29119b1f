import * as TE from 'fp-ts/lib/TaskEither.js'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type checkpoint,
  type Concrete,
  format,
  key,
  ndarray,
  type nn,
  ntk,
  ops,
  tangentError,
  type Tensor,
  uniforms
} from 'tangentflow'
import { blocked, type BlockedEvent } from 'tangentflow/blocks'
import { crc32 } from '../../lib/format/crc32.js'
import type { Effect } from '../../lib/graph/runner.js'
import {
  counting,
  examples,
  inMemory,
  kernel,
  masked,
  net,
  onReference,
  params,
  storesOf,
  wholeKernel
} from '../support/blocks.js'
import { right } from '../support/either.js'
import { runs } from '../support/runs.js'
import { memoryStores } from '../support/store.js'

/** Elements of the blocks in the whole kernel; NaN where there is no block. */
const assembled = (
  files: Map<string, Uint8Array>,
  n1: number,
  n2: number,
  lengths: readonly [number, number]
) => {
  const whole = new Float32Array(n1 * n2).fill(NaN)
  for (const [name, bytes] of files) {
    const [row, column] = (/^(\d+)-(\d+)\.npy$/.exec(name) ?? []).slice(1).map(Number)
    if (row === undefined || column === undefined) continue
    const { shape, data } = right(format.npy.decode(bytes))
    expect(data).toBeInstanceOf(Float32Array)
    for (let i = 0; i < shape[0]!; i++)
      for (let j = 0; j < shape[1]!; j++)
        whole[(row * lengths[0] + i) * n2 + column * lengths[1] + j] = data[i * shape[1]! + j]!
  }
  return whole
}

const blocksOf = (files: Map<string, Uint8Array>): string[] =>
  [...files.keys()].filter((name) => name.endsWith('.npy'))

describe('a kernel in blocks', () => {
  it('is the whole one in float32, and of one batch the half on and above the diagonal', () =>
    fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 9 }),
        fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined, freq: 1 }),
        fc.integer({ min: 1, max: 10 }),
        async (n1, n2, tile) => {
          const x1 = examples(n1, 1)
          const x2 = n2 === undefined ? x1 : examples(n2, 2)
          const { files, blocks } = await inMemory(x1, n2 === undefined ? undefined : x2, { tile })
          const width = x2.shape[0]!
          expect(blocks).toMatchObject({ shape: [n1, width], isSymmetric: n2 === undefined })
          const [rows, columns] = [Math.ceil(n1 / tile), Math.ceil(width / tile)]
          expect(blocksOf(files)).toHaveLength(n2 === undefined ? (rows * (rows + 1)) / 2 : rows * columns)
          const got = assembled(files, n1, width, blocks.lengths)
          wholeKernel(x1, x2).data.forEach((expected, at) => {
            const [i, j] = [Math.floor(at / width), at % width]
            const isBelow = Math.floor(i / blocks.lengths[0]) > Math.floor(j / blocks.lengths[1])
            if (n2 === undefined && isBelow) expect(got[at]).toBeNaN()
            else expect(Math.abs(got[at]! - expected)).toBeLessThan(1e-6)
          })
        }
      ),
      { numRuns: runs(40) }
    ))

  it('has the bits of ntk.tiled, with a mask among its parameters', async () => {
    const x = examples(7, 1)
    const mask: Concrete<nn.Weights> = [{ w: ndarray.of([3, 4], uniforms(key(5), 12)) }, {}, {}]
    const { saved, store } = memoryStores()
    right(await onReference(blocked(masked, { stores: store, tile: 3 })({ weights: params, mask }, x)))
    const tiled = right(
      await onReference(ntk.tiled(net.apply, { outputs: 'mean', tile: 3 })(params, x, undefined, mask))
    )
    const got = assembled(saved, 7, 7, [3, 3]).filter((_, at) => Math.floor(at / 7) <= at % 7)
    expect(got).toEqual(Float32Array.from(tiled.data.filter((_, at) => Math.floor(at / 7) <= at % 7)))
  })

  it('computes what is missing or damaged, to the same bits, and nothing else', () =>
    fc.assert(
      fc.asyncProperty(
        fc.subarray(['0-0', '0-1', '0-2', '1-1', '1-2', '2-2']),
        fc.constantFrom('no block', 'no sum', 'another byte', 'a shorter file', 'another sum'),
        async (broken, how) => {
          const x = examples(8, 1)
          const { files } = await inMemory(x, undefined, { tile: 3 })
          const before = new Map(files)
          for (const name of broken) {
            const [block, sum] = [`${name}.npy`, `${name}.json`]
            if (how === 'no block') files.delete(block)
            if (how === 'no sum') files.delete(sum)
            if (how === 'another byte')
              files.set(
                block,
                before.get(block)!.map((byte, i) => (i === 130 ? byte ^ 1 : byte))
              )
            if (how === 'a shorter file') files.set(block, before.get(block)!.slice(0, -4))
            if (how === 'another sum') files.set(sum, new TextEncoder().encode('{}'))
          }
          const seen: BlockedEvent[] = []
          const count = right(
            await onReference((runner) => {
              const counted = counting(runner)
              const options = {
                stores: storesOf(files),
                tile: 3,
                observe: (event: BlockedEvent) => () => void seen.push(event)
              }
              return TE.map(() => counted.count())(blocked(kernel, options)([], x)(counted.runner))
            })
          )
          expect(count).toBe(broken.length)
          expect(seen.map(({ done, blocks }) => [done, blocks])).toEqual(
            broken.map((_, i) => [7 - broken.length + i, 6])
          )
          expect(new Map([...files].sort())).toEqual(new Map([...before].sort()))
        }
      ),
      { numRuns: runs(30) }
    ))

  it('that a full disk ended continues with the block that was not written', async () => {
    const x = examples(8, 1)
    const { files } = await inMemory(x, undefined, { tile: 3 })
    const part = new Map<string, Uint8Array>()
    const full: checkpoint.Stores = (name) => ({
      ...storesOf(part)(name),
      write: (bytes) =>
        part.size < 6
          ? TE.fromIO(() => void part.set(name, bytes))
          : TE.left(tangentError('IoError', 'io.fileStore', 'to write the file', 'a full disk', name))
    })
    const run = (stores: checkpoint.Stores) => onReference(blocked(kernel, { stores, tile: 3 })([], x))
    expect(await run(full)).toMatchObject({
      left: { _tag: 'IoError', received: 'a full disk', where: '0-2.json' }
    })
    right(await run(storesOf(part)))
    expect(part).toEqual(files)
  })

  const x = examples(5, 1)
  const ones = (_: readonly [], a: Tensor, b: Tensor): Tensor => ops.matmul(ops.transpose()(b))(a)
  const other: Record<string, [string, (stores: checkpoint.Stores) => Effect<unknown>]> = {
    'another kernel': ['kernel', (stores) => blocked(ones, { stores, tile: 3 })([], x)],
    'other examples': ['x1', (stores) => blocked(kernel, { stores, tile: 3 })([], examples(5, 2))],
    'a second batch': ['x2', (stores) => blocked(kernel, { stores, tile: 3 })([], x, examples(5, 1))],
    'another tile': ['kernel', (stores) => blocked(kernel, { stores, tile: 2 })([], x)]
  }
  it.each(Object.entries(other))('refuses a folder of %s', async (_, [where, run]) => {
    const { files } = await inMemory(x, undefined, { tile: 3 })
    const before = new Map(files)
    expect(await onReference(run(storesOf(files)))).toMatchObject({
      left: { _tag: 'ArgumentError', operation: 'blocks', where: `folder/kernel.json: ${where}` }
    })
    expect(files).toEqual(before)
  })

  it('refuses to continue on another engine', async () => {
    const { files } = await inMemory(x, undefined, { tile: 3 })
    files.delete('1-1.npy')
    const block = files.get('0-0.npy')!
    files.set(
      '0-0.json',
      new TextEncoder().encode(JSON.stringify({ crc32: crc32(block), engine: 'another' }))
    )
    const result = await onReference(blocked(kernel, { stores: storesOf(files), tile: 3 })([], x))
    expect(result).toMatchObject({ left: { _tag: 'ArgumentError', where: 'engine' } })
    expect(files.has('1-1.npy')).toBe(false)
  })

  const wrong: Record<string, [object, Effect<unknown>]> = {
    'a tile of no examples': [
      { _tag: 'ArgumentError', where: 'tile' },
      blocked(kernel, { stores: memoryStores().store, tile: 0 })([], x)
    ],
    'examples of another shape': [
      { _tag: 'ShapeError', where: 'x2' },
      blocked(kernel, { stores: memoryStores().store })([], x, ndarray.zeros([2, 4]))
    ],
    'a kernel for each output': [
      { _tag: 'ShapeError', expected: 'a kernel [5,5], one number a pair', received: '[5,5,2]' },
      blocked(ntk.empiricalNtk(net.apply, { outputs: 'diag' }), { stores: memoryStores().store })(params, x)
    ],
    'a kernel that is not finite': [
      { _tag: 'DataError', where: 'the block at 0, 0[0]' },
      blocked((_: readonly [], a: Tensor, b: Tensor) => ops.scale(1e300)(ops.scale(1e300)(ones([], a, b))), {
        stores: memoryStores().store
      })([], x)
    ]
  }
  it.each(Object.entries(wrong))('refuses %s', async (_, [left, run]) => {
    expect(await onReference(run)).toMatchObject({ left })
  })
})
