import * as E from 'fp-ts/lib/Either.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type checkpoint, key, type NdArray, ndarray, ntk, uniforms } from 'tangentflow'
import { solve, type SolveEvent, type SolveOptions } from 'tangentflow/blocks'
import { examples, inMemory, storesOf, wholeOf } from '../support/blocks.js'
import { right } from '../support/either.js'
import { relativeError } from '../support/networks.js'
import { runs } from '../support/runs.js'
import { memoryStore } from '../support/store.js'

const targets = (n: number, outputs: number): NdArray =>
  ndarray.of(
    outputs === 0 ? [n] : [n, outputs],
    Float64Array.from(uniforms(key(7), n * Math.max(1, outputs)), (value) => value - 0.5)
  )

describe('a kernel regression by blocks', () => {
  it('is the direct solution in float64, for any ridge, rank, tile and number of outputs', () =>
    fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 24 }),
        fc.integer({ min: 0, max: 7 }),
        fc.constantFrom(4, 7, 30),
        fc.integer({ min: 1, max: 30 }),
        fc.double({ min: -5, max: 1, noNaN: true }),
        async (n, outputs, tile, rank, exponent) => {
          const ridge = 10 ** exponent
          const y = targets(n, outputs)
          const { blocks, files } = await inMemory(examples(n, 1), undefined, { tile })
          const got = right(await solve(blocks, y, { ridge, rank, tolerance: 1e-10 })())
          const expected = right(ntk.kernelRegression(wholeOf(files, blocks), y, { ridge }))
          expect(got.converged).toBe(true)
          expect(got.residual).toBeLessThan(1e-9)
          expect(got.dual.shape).toEqual(y.shape)
          expect(relativeError(got.dual, expected.dual)).toBeLessThan(1e-5)
        }
      ),
      { numRuns: runs(60) }
    ))

  it('takes two iterations where the preconditioner holds the whole kernel but for a part of the ridge', async () => {
    const { blocks } = await inMemory(examples(40, 1), undefined, { tile: 16 })
    const found = async (rank: number) =>
      right(await solve(blocks, targets(40, 3), { ridge: 1e-3, rank, tolerance: 1e-2 })()).iterations
    expect(await found(40)).toBeLessThanOrEqual(3)
    expect(await found(1)).toBeGreaterThan(await found(40))
  })

  it('of zeros is zero, beside outputs that are not', async () => {
    const { blocks } = await inMemory(examples(6, 1))
    const y = ndarray.of([6, 2], [0, 1, 0, -1, 0, 2, 0, 1, 0, 0, 0, 3])
    const { dual, converged } = right(await solve(blocks, y, { ridge: 1e-2 })())
    expect(converged).toBe(true)
    expect([...dual.data].filter((_, at) => at % 2 === 0)).toEqual([0, 0, 0, 0, 0, 0])
    const none = right(await solve(blocks, ndarray.zeros([6]), { ridge: 1e-2 })())
    expect(none).toMatchObject({ iterations: 0, residual: 0, converged: true })
  })

  it('of y of any size is the same times that size', async () => {
    const { blocks } = await inMemory(examples(6, 1))
    const y = [3, 5, -7, 1, 0.5, 2]
    const solved = async (units: readonly number[]) => {
      const columns = ndarray.of(
        [6, units.length],
        y.flatMap((v) => units.map((unit) => v * unit))
      )
      return right(await solve(blocks, columns, { ridge: 0.1 })())
    }
    const one = await solved([1])
    const many = await solved([2 ** -1000, 1, 2 ** 1000])
    expect(many).toMatchObject({ iterations: one.iterations, converged: true })
    const rows = one.dual.data
    expect([...many.dual.data]).toEqual([...rows].flatMap((v) => [v * 2 ** -1000, v, v * 2 ** 1000]))
  })

  it('that ended anywhere continues to the same bits', () =>
    fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 3 }),
        async (first, steps) => {
          const { blocks } = await inMemory(examples(30, 1), undefined, { tile: 16 })
          const [ridge, rank] = [1e-4, 3]
          const y = targets(30, 6)
          const whole = right(await solve(blocks, y, { ridge, rank })())
          const checkpointing = { store: memoryStore(), steps }
          const part = right(
            await solve(blocks, y, { ridge, rank, iterations: first, checkpoint: checkpointing })()
          )
          expect(part).toMatchObject({ iterations: Math.min(first, whole.iterations) })
          const seen: SolveEvent[] = []
          const observe = (event: SolveEvent) => () => void seen.push(event)
          const rest = right(await solve(blocks, y, { ridge, rank, checkpoint: checkpointing, observe })())
          expect(rest).toEqual(whole)
          if (!part.converged)
            expect(seen.map(({ iteration }) => iteration)).toEqual(
              Array.from({ length: whole.iterations - first + 1 }, (_, i) => first + i)
            )
        }
      ),
      { numRuns: runs(12) }
    ))

  it('says how far it is', async () => {
    const { blocks } = await inMemory(examples(30, 1))
    const seen: SolveEvent[] = []
    const found = right(
      await solve(blocks, targets(30, 1), {
        ridge: 1e-4,
        rank: 2,
        observe: (event) => () => void seen.push(event)
      })()
    )
    expect(seen[0]).toEqual({ iteration: 0, residual: 1, secondsLeft: Infinity })
    expect(seen.at(-1)).toMatchObject({ iteration: found.iterations, secondsLeft: 0 })
    expect(seen.at(-1)!.residual).toBeLessThanOrEqual(1e-7)
  })

  it('that does not reach the tolerance says so', async () => {
    const { blocks } = await inMemory(examples(30, 1))
    const found = right(await solve(blocks, targets(30, 1), { ridge: 1e-4, rank: 1, iterations: 2 })())
    expect(found).toMatchObject({ iterations: 2, converged: false })
    expect(found.residual).toBeGreaterThan(1e-7)
  })

  it('refuses a checkpoint of another ridge, y or kernel', async () => {
    const { blocks } = await inMemory(examples(5, 1))
    const store = memoryStore()
    const solved = (y: NdArray, options: Partial<SolveOptions>, at = blocks) =>
      solve(at, y, { ridge: 1e-2, checkpoint: { store }, ...options })()
    right(await solved(targets(5, 1), {}))
    const other = await inMemory(examples(5, 2))
    expect(await solved(targets(5, 1), { ridge: 1e-3 })).toMatchObject({ left: { where: 'ridge' } })
    expect(await solved(targets(5, 2), {})).toMatchObject({ left: { where: 'y' } })
    expect(await solved(targets(5, 1), {}, other.blocks)).toMatchObject({ left: { where: 'x1' } })
  })

  const y = targets(5, 2)
  const wrong: Record<string, [object, NdArray, object]> = {
    'no ridge': [{ ridge: 0 }, y, { _tag: 'ArgumentError', where: 'ridge' }],
    'a tolerance of 0': [{ ridge: 1, tolerance: 0 }, y, { _tag: 'ArgumentError', where: 'tolerance' }],
    'a rank of 0': [{ ridge: 1, rank: 0 }, y, { _tag: 'ArgumentError', where: 'rank' }],
    'no iterations': [{ ridge: 1, iterations: 0 }, y, { _tag: 'ArgumentError', where: 'iterations' }],
    'a name that there is not': [{ ridge: 1, rnk: 3 }, y, { _tag: 'ArgumentError', received: 'rnk' }],
    'a y of another length': [{ ridge: 1 }, targets(4, 2), { _tag: 'ShapeError', where: 'y' }],
    'a y that is not finite': [{ ridge: 1 }, ndarray.of([5], [1, 2, 3, 4, Infinity]), { _tag: 'DataError' }]
  }
  it.each(Object.entries(wrong))('refuses %s', async (_, [options, given, left]) => {
    const { blocks } = await inMemory(examples(5, 1))
    expect(await solve(blocks, given, options as SolveOptions)()).toMatchObject({ left })
  })

  it('refuses a kernel of two batches, and one that lost a block', async () => {
    const cross = await inMemory(examples(5, 1), examples(5, 2))
    expect(await solve(cross.blocks, y, { ridge: 1 })()).toMatchObject({ left: { where: 'kernel' } })
    const { files, blocks } = await inMemory(examples(5, 1), undefined, { tile: 3 })
    const lost: checkpoint.Stores = (name) =>
      name === '0-1.npy'
        ? { read: TE.right(undefined), write: () => TE.right(undefined) }
        : storesOf(files)(name)
    const result = await solve({ ...blocks, stores: lost }, y, { ridge: 1 })()
    expect(E.isLeft(result) && result.left).toMatchObject({ _tag: 'IoError', where: '0-1.npy' })
  })
})
