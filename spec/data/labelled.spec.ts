import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { key } from '../../lib/core/key.js'
import * as ndarray from '../../lib/core/ndarray.js'
import { classCounts, count, labelled, partition, shaped, synthetic, take } from '../../lib/data/index.js'
import { right } from '../support/either.js'

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

  it('counts classes, and lays inputs out anew', () => {
    const set = synthetic.blobs({ points: 50 })(key(1))
    expect(classCounts(set)).toEqual([25, 25])
    expect(right(shaped([1, 1, 2])(set)).x.shape).toEqual([50, 1, 1, 2])
    expect(shaped([3])(set)).toMatchObject({ left: { expected: 'a shape of 2 features' } })
  })
})
