import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { evaluateOn, grad, ndarray, type NdArray, ops, spec, type Tensor } from 'tangentflow'
import { checkGrad } from 'tangentflow/laws'
import { shapes } from '../../../lib/laws/arbitraries.js'
import { naiveAlong } from '../../support/naive.js'
import { runs } from '../../support/runs.js'

const tied = shapes({ minRank: 1, maxRank: 3, maxSize: 5 }).chain((shape) => {
  const size = shape.reduce((a, b) => a * b, 1)
  return fc.tuple(
    fc
      .array(fc.constantFrom(-1, 0, 1, 2, 3, Infinity, -Infinity, NaN), { minLength: size, maxLength: size })
      .map((data) => ndarray.of(shape, data)),
    fc.nat({ max: shape.length - 1 })
  )
})

const numbers = ({ data }: NdArray): readonly number[] => Array.from(data)

/** A stable sort in which NaN is larger than any number. */
const ordered = (row: readonly number[], descending: boolean): readonly number[] => {
  const compare = (a: number, b: number): number =>
    Number.isNaN(a) || Number.isNaN(b)
      ? Number(Number.isNaN(a)) - Number(Number.isNaN(b))
      : a === b
        ? 0
        : a < b
          ? -1
          : 1
  return row.map((_, i) => i).sort((i, j) => (descending ? -1 : 1) * compare(row[i]!, row[j]!) || i - j)
}

describe('sort', () => {
  it('has the values and places of a stable sort, NaN last, along any axis', () =>
    fc.assert(
      fc.property(tied, fc.boolean(), ([x, axis], descending) => {
        const places = naiveAlong(x, axis, (row) => ordered(row, descending))
        const values = naiveAlong(x, axis, (row) => ordered(row, descending).map((i) => row[i]!))
        expect(numbers(evaluateOn(ops.argSort(axis, { descending }))(x))).toEqual(numbers(places))
        expect(numbers(evaluateOn(ops.sort(axis - x.shape.length, { descending }))(x))).toEqual(
          numbers(values)
        )
        const k = 1 + Math.floor(x.shape[axis]! / 2)
        const top = evaluateOn(ops.topK(k, axis))(x)
        expect(top.values.shape).toEqual(x.shape.with(axis, k))
        const largest = (row: readonly number[]): readonly number[] => ordered(row, true).slice(0, k)
        expect(numbers(top.indices)).toEqual(numbers(naiveAlong(x, axis, largest)))
        expect(numbers(top.values)).toEqual(
          numbers(naiveAlong(x, axis, (row) => largest(row).map((i) => row[i]!)))
        )
      }),
      { numRuns: runs(150) }
    ))

  it('passes derivatives to the elements that are in each place', () => {
    const weights = ops.constant(ndarray.fromNested([1, 10, 100]))
    const x = ndarray.fromNested([2, 3, 1])
    expect(numbers(evaluateOn(grad((t: Tensor) => ops.dot(weights)(ops.sort()(t))))(x))).toEqual([10, 100, 1])
    const median = (t: Tensor): Tensor => ops.at(0, 1)(ops.sort()(t))
    expect(numbers(evaluateOn(grad(median))(x))).toEqual([1, 0, 0])
    fc.assert(
      fc.property(tied, ([{ shape }, axis]) => {
        checkGrad(
          (t: Tensor) => ops.sum()(ops.mul(ops.add(1)(ops.iota(shape, axis)))(ops.sin(ops.sort(axis)(t)))),
          [spec(shape)],
          { runs: 1 }
        )
        checkGrad((t: Tensor) => ops.sum()(ops.sin(ops.topK(1, axis)(t).values)), [spec(shape)], { runs: 1 })
      }),
      { numRuns: runs(40) }
    )
  })

  it('keeps an infinity and a NaN out of the derivative of others', () => {
    const second = (t: Tensor): Tensor => ops.square(ops.at(0, 0)(ops.sort()(t)))
    expect(numbers(evaluateOn(grad(second))(ndarray.fromNested([NaN, 3, Infinity])))).toEqual([0, 6, 0])
  })
})
