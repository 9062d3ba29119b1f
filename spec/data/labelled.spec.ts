import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { key } from '../../lib/core/key.js'
import * as ndarray from '../../lib/core/ndarray.js'
import {
  batches,
  classCounts,
  count,
  type Labelled,
  labelled,
  moments,
  partition,
  shaped,
  slice,
  split,
  synthetic,
  take
} from '../../lib/data/index.js'
import { right } from '../support/either.js'
import { expectRefusal, refusalOf } from '../support/refusal.js'

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
    expect(E.isLeft(labelled(x, ndarray.of([3], [0, 1, 2]), 2.5))).toBe(true)
  })

  it('takes rows in order and partitions without loss', () => {
    const set = { x, y: ndarray.of([3], [0, 1, 0]), classes: 2 }
    expect([...take([2, 0])(set).x.data]).toEqual([5, 6, 1, 2])
    const [even, odd] = partition((place) => place % 2 === 0)(set)
    expect([count(even), count(odd)]).toEqual([2, 1])
  })

  it('takes any iterable of places, and a slice as an array has it', () => {
    const set = synthetic.blobs({ points: 20 })(key(1))
    const place = fc.option(fc.integer({ min: -25, max: 25 }), { nil: undefined })
    fc.assert(
      fc.property(place, place, (from, to) => {
        const places = [...Array(20).keys()].slice(from, to)
        if (places.length === 0)
          expectRefusal(() => slice(from, to)(set), 'IndexError', 'data.slice', 'at least one place', 'none')
        else expect(slice(from, to)(set)).toEqual(take(new Set(places))(set))
      })
    )
    expect(take(Array(20).keys())(set)).toEqual(set)
    expect(take(Int32Array.of(19, 3))(set)).toEqual(take([19, 3])(set))
    expectRefusal(() => take([20])(set), 'IndexError', 'data.take', 'places of 0 … 19', '20', 'places[0]')
    expectRefusal(() => take([])(set), 'IndexError', 'data.take', 'at least one place', 'none')
    for (const length of [1e9, 1.5])
      expectRefusal(
        () => take({ length })(set),
        'ArgumentError',
        'data.take',
        'a whole number of at',
        `${length}`,
        'the number of places'
      )
    expectRefusal(() => take(5 as never)(set), 'ArgumentError', 'data.take', 'data.slice(0, n)', '5')
    expectRefusal(() => slice(0.5)(set), 'ArgumentError', 'data.slice', 'a whole number', '0.5', 'from')
  })

  it('has the moments of huge and of tiny numbers', () => {
    const momentsOf = (values: readonly number[]) =>
      moments({ x: ndarray.of([values.length], values), y: ndarray.of([1], [0]), classes: 1 })
    for (const size of [1, 3, 1e200, 1.5e308, 1e-200, 2 ** -1060]) {
      expect(momentsOf([size, -size])).toEqual({ mean: 0, deviation: size })
      expect(momentsOf([size, size, 0, 0])).toEqual({ mean: size / 2, deviation: size / 2 })
    }
    for (const size of [0, 0.1, 0.7, 1e200])
      expect(momentsOf(new Array<number>(15).fill(size))).toEqual({ mean: size, deviation: 0 })
    expect(momentsOf([Infinity, 0]).mean).toBe(Infinity)
    expect(momentsOf([NaN, 1])).toEqual({ mean: NaN, deviation: NaN })
    const values = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 1 })
    fc.assert(
      fc.property(values, fc.integer({ min: -900, max: 900 }), (numbers, power) => {
        const { mean, deviation } = momentsOf(numbers)
        expect(momentsOf(numbers.map((v) => v * 2 ** power))).toEqual({
          mean: mean * 2 ** power,
          deviation: deviation * 2 ** power
        })
      })
    )
  })

  it('counts classes, and lays inputs out anew', () => {
    const set = synthetic.blobs({ points: 50 })(key(1))
    expect(classCounts(set)).toEqual([25, 25])
    expect(refusalOf(() => classCounts({ ...set, classes: 1 }))).toMatchObject({
      _tag: 'DataError',
      operation: 'data.classCounts',
      received: '1'
    })
    expect(refusalOf(() => classCounts({ ...set, classes: 2.5 }))._tag).toBe('ArgumentError')
    expect(right(shaped([1, 1, 2])(set)).x.shape).toEqual([50, 1, 1, 2])
    expect(shaped([3])(set)).toMatchObject({ left: { expected: 'a shape of 2 features' } })
  })
})

describe('split', () => {
  const set = synthetic.blobs({ points: 50 })(key(1))

  it('takes every pair once, in order, and depends on its key alone', () =>
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 49 }), fc.nat(), (size, seed) => {
        const { rest, held } = right(split(size)(key(seed))(set))
        expect([count(held), count(rest)]).toEqual([size, 50 - size])
        const rows = (part: Labelled): string[] =>
          Array.from({ length: count(part) }, (_, i) => `${part.x.data[2 * i]} ${part.y.data[i]}`)
        expect([...rows(held), ...rows(rest)].sort()).toEqual(rows(set).sort())
        const places = rows(rest).map((row) => rows(set).indexOf(row))
        expect(places).toEqual([...places].sort((a, b) => a - b))
        expect(right(split(size)(key(seed))(set))).toEqual({ rest, held })
      })
    ))

  it('refuses sizes that leave nothing', () => {
    for (const size of [0, 50, 2.5, NaN])
      expect(split(size)(key(0))(set)).toMatchObject({
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
    for (const epoch of [-1, 1.5, NaN])
      expect(batches(2)(10)(key(0), epoch)).toMatchObject({ left: { _tag: 'ArgumentError', where: 'epoch' } })
  })
})
