import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fromNested, full, type Nested, of, scalar, toNested, toNumber } from '../../lib/core/ndarray.js'
import { broadcastShapes, normaliseAxis, sizeOf, stridesOf } from '../../lib/core/shape.js'
import { arrays, shapes } from '../../lib/laws/arbitraries.js'
import { expectRefusal } from '../support/refusal.js'

describe('ndarray', () => {
  it('goes to nested rows and back', () =>
    fc.assert(
      fc.property(shapes().chain(arrays), (array) => {
        const back = fromNested(toNested(array))
        expect(back.shape).toEqual(array.shape)
        expect([...back.data]).toEqual([...array.data])
      })
    ))
  it('holds a number', () => expect(toNumber(scalar(3))).toBe(3))

  it('refuses a wrong number of elements', () =>
    expectRefusal(() => of([2, 3], [1, 2]), 'ShapeError', 'ndarray.of', '6 elements for [2,3]', '2'))
  it.each([[[0]], [[2, -1]], [[1.5]], [[NaN]]])('refuses the shape %o', (shape) =>
    expectRefusal(
      () => full(shape, 0),
      'ShapeError',
      'ndarray.full',
      'whole sizes of at least 1',
      `[${shape.join(',')}]`
    )
  )
  const ragged: readonly Nested[] = [
    [[1, 2], [3]],
    [1, [2]],
    [[1], 2]
  ]
  it.each(ragged.map((rows) => [rows]))('refuses ragged rows %j', (rows) =>
    expectRefusal(
      () => fromNested(rows),
      'ShapeError',
      'ndarray.fromNested',
      'rows of equal length',
      'ragged rows'
    )
  )
  it('refuses to be a number with two elements', () =>
    expectRefusal(() => toNumber(full([2], 0)), 'ShapeError', 'ndarray.toNumber', 'one element', '[2]'))
})

describe('shapes', () => {
  it('have strides that count elements', () =>
    fc.assert(
      fc.property(shapes({ minRank: 1 }), (shape) => {
        const strides = stridesOf(shape)
        expect(strides[0]! * shape[0]!).toBe(sizeOf(shape))
        expect(strides.at(-1)).toBe(1)
      })
    ))
  it('broadcast as NumPy does', () => {
    expect(broadcastShapes('x', [3, 1], [2])).toEqual([3, 2])
    expect(broadcastShapes('x', [], [2, 1])).toEqual([2, 1])
    expectRefusal(
      () => broadcastShapes('ops.add', [2, 3], [4]),
      'ShapeError',
      'ops.add',
      'shapes that broadcast',
      '[2,3] and [4]'
    )
  })
  it('broadcast commutatively, and a shape with itself to itself', () =>
    fc.assert(
      fc.property(shapes(), (shape) => {
        const ones = shape.map(() => 1)
        expect(broadcastShapes('x', shape, shape)).toEqual(shape)
        expect(broadcastShapes('x', ones, shape)).toEqual(broadcastShapes('x', shape, ones))
      })
    ))
  it.each([2, -3, 0.5, NaN])('refuse the axis %d of rank 2', (axis) =>
    expectRefusal(
      () => normaliseAxis('ops.sum', 2, axis),
      'AxisError',
      'ops.sum',
      'an axis in [-2, 2)',
      String(axis)
    )
  )
})
