import * as fc from 'fast-check'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { describe, expect, it } from 'vitest'
import type { checkpoint } from 'tangentflow'
import { blocked, type BlockedEvent } from 'tangentflow/blocks'
import { counting, examples, inMemory, kernel, onReference, storesOf } from '../support/blocks.js'
import { right } from '../support/either.js'
import { runs } from '../support/runs.js'

const x = examples(8, 1)
const tile = 2 // 10 blocks

/** Computes as one of several; gives how many blocks. */
const compute = async (
  stores: checkpoint.Stores,
  worker: readonly [number, number],
  observe: (event: BlockedEvent) => void = () => undefined
): Promise<number> =>
  right(
    await onReference((runner) => {
      const counted = counting(runner)
      const options = { stores, tile, worker, observe: (event: BlockedEvent) => () => observe(event) }
      return TE.map(() => counted.count())(blocked(kernel, options)([], x)(counted.runner))
    })
  )

/** Stores that let others run while a file is read and written. */
const slow =
  (stores: checkpoint.Stores): checkpoint.Stores =>
  (name) => {
    const turn = TE.fromTask(
      () => new Promise<undefined>((resolve) => setImmediate(() => resolve(undefined)))
    )
    const { read, write } = stores(name)
    return { read: TE.flatMap(() => read)(turn), write: (bytes) => TE.flatMap(() => write(bytes))(turn) }
  }

describe('workers of one kernel', () => {
  it('write the files of one alone, at once or after each other, from whatever was there', async () => {
    const { files: whole } = await inMemory(x, undefined, { tile })
    const places = fc.integer({ min: 1, max: 4 }).chain((count) =>
      fc.record({
        count: fc.constant(count),
        places: fc.uniqueArray(fc.nat(count - 1), { minLength: 1, maxLength: count }),
        lost: fc.subarray([...whole.keys()].filter((name) => name !== 'kernel.json')),
        atOnce: fc.boolean()
      })
    )
    await fc.assert(
      fc.asyncProperty(places, async ({ count, places: some, lost, atOnce }) => {
        const files = new Map([...whole].filter(([name]) => !lost.includes(name)))
        const start = (place: number): Promise<number> => compute(slow(storesOf(files)), [place, count])
        if (atOnce) await Promise.all(some.map(start))
        else for (const place of some) await start(place)
        expect(new Map([...files].sort())).toEqual(new Map([...whole].sort()))
      }),
      { numRuns: runs(60) }
    )
  })

  it('begin with parts of their own, take what is left, and compute nothing that is there', async () => {
    const files = new Map<string, Uint8Array>()
    // the first one ends in the middle of its part
    const order: string[] = []
    const noting: checkpoint.Stores = (name) => ({
      ...storesOf(files)(name),
      write: (bytes) => {
        if (name.endsWith('.npy')) order.push(name)
        return storesOf(files)(name).write(bytes)
      }
    })
    expect(await compute(noting, [1, 2])).toBe(10)
    expect(order.slice(0, 5)).toEqual(['1-2.npy', '1-3.npy', '2-2.npy', '2-3.npy', '3-3.npy'])
    expect(order.slice(5).sort()).toEqual(['0-0.npy', '0-1.npy', '0-2.npy', '0-3.npy', '1-1.npy'])
    expect(await compute(noting, [0, 2])).toBe(0)
  })

  it('share the work: of two at once neither computes more than its half and a block', async () => {
    const stores = slow(storesOf(new Map()))
    const seen: BlockedEvent[] = []
    const counts = await Promise.all([
      compute(stores, [0, 2], (event) => seen.push(event)),
      compute(stores, [1, 2])
    ])
    expect(Math.max(...counts)).toBeLessThanOrEqual(6)
    expect(seen.map(({ done }) => done)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    expect(seen.at(-1)).toMatchObject({ blocks: 10, secondsLeft: 0 })
  })

  it('refuse blocks of another engine that were written meanwhile', async () => {
    const files = new Map<string, Uint8Array>()
    // with the first block of ours, another worker writes one of its engine
    const stores: checkpoint.Stores = (name) => ({
      ...storesOf(files)(name),
      write: (bytes) => {
        if (name === '0-0.npy')
          files.set('3-3.json', new TextEncoder().encode('{"crc32":1,"engine":"another"}'))
        return storesOf(files)(name).write(bytes)
      }
    })
    const result = await onReference(blocked(kernel, { stores, tile, worker: [0, 2] })([], x))
    expect(result).toMatchObject({ left: { _tag: 'ArgumentError', where: 'engine' } })
  })

  it.each([[[2, 2]], [[-1, 2]], [[0.5, 2]], [[0, 0]]] as const)('are not %s', async (worker) => {
    const stores = storesOf(new Map())
    const result = await onReference(
      blocked(kernel, { stores, tile, worker: worker as [number, number] })([], x)
    )
    expect(result).toMatchObject({
      left: { _tag: 'ArgumentError', operation: 'blocks.blocked', where: 'worker' }
    })
  })
})
