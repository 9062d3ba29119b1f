import * as E from 'fp-ts/lib/Either.js'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { key } from '../../lib/core/key.js'
import * as ndarray from '../../lib/core/ndarray.js'
import { batches, count, labelled, partition, synthetic, take } from '../../lib/data/index.js'

const x = ndarray.of([3, 2], [1, 2, 3, 4, 5, 6])
const leftOf = (y: readonly number[]): unknown => {
  const result = labelled(x, ndarray.of([y.length], y), 2)
  return E.isLeft(result) ? result.left : undefined
}

describe('labelled', () => {
  it('refuses a label out of range, not whole or not a number, with its place', () => {
    expect(leftOf([0, 1, 1])).toBeUndefined()
    for (const wrong of [2, -1, 0.5, Number.NaN])
      expect(leftOf([0, wrong, 1])).toMatchObject({
        _tag: 'DataError',
        expected: 'a whole number in [0, 2)',
        received: String(wrong),
        where: 'y[1]'
      })
    expect(leftOf([0, 1])).toMatchObject({ _tag: 'DataError', where: 'y' })
  })

  it('takes rows in order and partitions without loss', () => {
    const set = { x, y: ndarray.of([3], [0, 1, 0]), classes: 2 }
    expect([...take([2, 0])(set).x.data]).toEqual([5, 6, 1, 2])
    const [even, odd] = partition((place) => place % 2 === 0)(set)
    expect([count(even), count(odd)]).toEqual([2, 1])
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
          const epoch = batches(size)(total)(key(seed), 3)
          expect(epoch).toEqual(batches(size)(total)(key(seed), 3))
          const places = E.isRight(epoch) ? epoch.right.flatMap((batch) => [...batch]) : []
          expect(new Set(places).size).toBe(Math.floor(total / size) * size)
          expect(places.every((place) => place >= 0 && place < total)).toBe(true)
        }
      )
    ))

  it('refuses a size that does not fit', () => {
    for (const size of [0, 11, 1.5, Number.NaN])
      expect(batches(size)(10)(key(0), 0)).toMatchObject({ left: { _tag: 'DataError' } })
  })
})

describe('synthetic', () => {
  it('makes two balanced classes that differ where they should', () => {
    const rings = synthetic.rings({ points: 100, noise: 0 })(key(1))
    rings.y.data.forEach((label, i) =>
      expect(Math.hypot(rings.x.data[2 * i]!, rings.x.data[2 * i + 1]!)).toBeCloseTo(1 + label, 5)
    )
    const blobs = synthetic.blobs({ points: 400, features: 3, distance: 20 })(key(1))
    expect(blobs.x.shape).toEqual([400, 3])
    blobs.y.data.forEach((label, i) =>
      expect(Math.sign([0, 1, 2].reduce((sum, j) => sum + blobs.x.data[3 * i + j]!, 0))).toBe(label * 2 - 1)
    )
  })
})
