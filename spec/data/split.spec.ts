import * as E from 'fp-ts/lib/Either.js'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { data, key } from 'tangentflow'
import { right } from '../support/either.js'

describe('split', () => {
  const set = data.synthetic.blobs({ points: 50 })(key(1))

  it('takes every pair once, in order, and depends on its key alone', () =>
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 49 }), fc.nat(), (size, seed) => {
        const { rest, held } = right(data.split(size)(key(seed))(set))
        expect([data.count(held), data.count(rest)]).toEqual([size, 50 - size])
        const rows = (part: data.Labelled): string[] =>
          Array.from({ length: data.count(part) }, (_, i) => `${part.x.data[2 * i]} ${part.y.data[i]}`)
        expect([...rows(held), ...rows(rest)].sort()).toEqual(rows(set).sort())
        const places = rows(rest).map((row) => rows(set).indexOf(row))
        expect(places).toEqual([...places].sort((a, b) => a - b))
        expect(right(data.split(size)(key(seed))(set))).toEqual({ rest, held })
      })
    ))

  it('refuses sizes that leave nothing', () => {
    for (const size of [0, 50, 2.5, NaN])
      expect(data.split(size)(key(0))(set)).toMatchObject({
        left: { _tag: 'DataError', operation: 'data.split' }
      })
  })
})

describe('batches', () => {
  it('gives full batches of distinct places, the same for the same key', () =>
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 60 }),
        fc.nat(),
        (a, b, seed) => {
          const [size, total] = [Math.min(a, b), Math.max(a, b)]
          const epoch = data.batches(size)(total)(key(seed), 3)
          expect(epoch).toEqual(data.batches(size)(total)(key(seed), 3))
          const places = E.isRight(epoch) ? epoch.right.flatMap((batch) => [...batch]) : []
          expect(new Set(places).size).toBe(Math.floor(total / size) * size)
          expect(places.every((place) => place >= 0 && place < total)).toBe(true)
        }
      )
    ))

  it('refuses a size that does not fit', () => {
    for (const size of [0, 11, 1.5, Number.NaN])
      expect(data.batches(size)(10)(key(0), 0)).toMatchObject({ left: { _tag: 'DataError' } })
  })
})
