import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { evaluateOn, grad, ndarray, type NdArray, ops, spec, type Tensor, vmap } from 'tangentflow'
import { adjoint, checkGrad } from 'tangentflow/laws'
import { shapes } from '../../../lib/laws/arbitraries.js'
import { naiveAlong } from '../../support/naive.js'
import { refusalOf } from '../../support/refusal.js'
import { runs } from '../../support/runs.js'

/** Arrays of few different numbers, NaN and infinities among them, and one of their axes. */
const tied = shapes({ minRank: 1, maxRank: 4, maxSize: 4 }).chain((shape) =>
  fc.tuple(
    fc
      .array(fc.constantFrom(-1, 0, 1, 2, Infinity, -Infinity, NaN), {
        minLength: shape.reduce((a, b) => a * b, 1),
        maxLength: shape.reduce((a, b) => a * b, 1)
      })
      .map((data) => ndarray.of(shape, data)),
    fc.nat({ max: shape.length - 1 })
  )
)

const numbers = ({ data }: NdArray): readonly number[] => Array.from(data)
const run = (f: (x: Tensor) => Tensor, x: NdArray): NdArray => evaluateOn(f)(x)

/** As NumPy: the first NaN, else the first of the largest. */
const firstLargest = (row: readonly number[]): number => {
  const missing = row.findIndex(Number.isNaN)
  return missing >= 0 ? missing : row.indexOf(Math.max(...row))
}

describe('reductions', () => {
  it('keep their axes with size 1, with the same elements', () =>
    fc.assert(
      fc.property(tied, fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }), ([x], taken) => {
        const axes = x.shape.flatMap((_, axis) => (taken[axis] === true ? [axis - x.shape.length] : []))
        for (const reduce of [ops.sum, ops.mean, ops.reduceMax, ops.reduceMin]) {
          const [plain, wide] = [run(reduce(axes), x), run(reduce(axes, { keepDims: true }), x)]
          expect(wide.shape).toEqual(x.shape.map((n, axis) => (axes.includes(axis - x.shape.length) ? 1 : n)))
          expect(numbers(wide)).toEqual(numbers(plain))
        }
      }),
      { numRuns: runs(100) }
    ))

  it('and their like refuse a misspelt option', () => {
    const misspelt: object = { keepdims: true }
    for (const name of ['sum', 'argMax', 'logSumExp', 'sort'] as const)
      expect(refusalOf(() => ops[name](0, misspelt)(ops.ones([2])))).toMatchObject({
        _tag: 'ArgumentError',
        operation: `ops.${name}`,
        received: 'keepdims'
      })
  })

  it('over no axis leave their argument as it is, as NumPy does', () => {
    const x = ndarray.fromNested([
      [1, NaN],
      [3, -4]
    ])
    for (const reduce of [ops.sum, ops.mean, ops.reduceMax, ops.reduceMin])
      for (const keepDims of [false, true])
        expect(numbers(run(reduce([], { keepDims }), x))).toEqual([1, NaN, 3, -4])
  })

  it('the smallest and the place of the largest and smallest are those of a loop', () =>
    fc.assert(
      fc.property(tied, ([x, axis]) => {
        const along = (f: (row: readonly number[]) => number) =>
          numbers(naiveAlong(x, axis, (row) => [f(row)]))
        expect(numbers(run(ops.reduceMin(axis), x))).toEqual(along((row) => Math.min(...row)))
        expect(numbers(run(ops.argMax(axis), x))).toEqual(along(firstLargest))
        expect(numbers(run(ops.argMin(axis - x.shape.length), x))).toEqual(
          along((row) => firstLargest(row.map((v) => -v)))
        )
        expect(numbers(run(ops.argMax(), x))).toEqual([firstLargest(numbers(x))])
        expect(run(ops.argMax(undefined, { keepDims: true }), x).shape).toEqual(x.shape.map(() => 1))
        expect(run(ops.argMin(axis, { keepDims: true }), x).shape).toEqual(x.shape.with(axis, 1))
      }),
      { numRuns: runs(150) }
    ))

  it('share the derivative of a smallest element over ties, and places have none', () => {
    const x = ndarray.fromNested([1, 3, 1, 2])
    expect(numbers(evaluateOn(grad(ops.reduceMin()))(x)).map((v) => v + 0)).toEqual([0.5, 0, 0.5, 0])
    expect(numbers(evaluateOn(grad((t: Tensor) => ops.add(ops.argMax()(t))(ops.argMin()(t))))(x))).toEqual([
      0, 0, 0, 0
    ])
  })

  it('running sums are those of a loop, linear, with exact transposes', () =>
    fc.assert(
      fc.property(tied, ([x, axis]) => {
        const looped = naiveAlong(x, axis, (row) => {
          let sum = 0
          return row.map((value) => (sum += value))
        })
        expect(numbers(run(ops.cumsum(axis), x))).toEqual(numbers(looped))
        adjoint((t: Tensor) => ops.cumsum(axis)(t), [spec(x.shape)], { runs: 1 })
        checkGrad((t: Tensor) => ops.sum()(ops.sin(ops.cumsum(axis)(t))), [spec(x.shape)], { runs: 1 })
        checkGrad((t: Tensor) => ops.sum()(ops.sin(ops.reduceMin(axis)(t))), [spec(x.shape)], { runs: 1 })
      }),
      { numRuns: runs(60) }
    ))

  it('the derivative of running sums by hand: what comes later counts', () => {
    const weighted = (x: Tensor): Tensor =>
      ops.dot(ops.constant(ndarray.fromNested([1, 10, 100])))(ops.cumsum()(x))
    expect(numbers(evaluateOn(grad(weighted))(ndarray.fromNested([5, 6, 7])))).toEqual([111, 110, 100])
  })

  it('map over a batch', () => {
    const x = ndarray.fromNested([
      [3, 1, 2],
      [1, 1, 0]
    ])
    const each = (t: Tensor) =>
      vmap((row: Tensor) => ops.stack(0)([ops.argMax()(row), ops.argMin(0)(row), ops.reduceMin()(row)]))(t)
    expect(ndarray.toNested(evaluateOn(each)(x))).toEqual([
      [0, 1, 1],
      [0, 2, 0]
    ])
  })
})

describe('pad', () => {
  it('lays any value around and between, infinite as it may be', () =>
    fc.assert(
      fc.property(
        tied,
        fc.array(fc.nat({ max: 2 }), { minLength: 12, maxLength: 12 }),
        fc.constantFrom(-1, 0, 7, Infinity, NaN),
        ([x], amounts, value) => {
          const rank = x.shape.length
          const [low, high, interior] = [0, 4, 8].map((at) => amounts.slice(at, at + rank)) as [
            number[],
            number[],
            number[]
          ]
          const wide = run(ops.pad(low, high, { interior, value }), x)
          const marks = run(ops.pad(low, high, { interior }), ndarray.full(x.shape, 1))
          expect(wide.shape).toEqual(marks.shape)
          expect(numbers(wide).filter((_, i) => marks.data[i] === 1)).toEqual(numbers(x))
          expect(
            numbers(wide)
              .filter((_, i) => marks.data[i] === 0)
              .every((v) => Object.is(v, value))
          ).toBe(true)
        }
      ),
      { numRuns: runs(100) }
    ))

  it('has a derivative by the value: how often it is laid', () => {
    const total = (value: Tensor, x: Tensor) => ops.sum()(ops.pad([1, 0], [0, 2], { value })(x))
    const x = ndarray.fromNested([
      [1, 2, 3],
      [4, 5, 6]
    ])
    expect(ndarray.toNumber(evaluateOn(grad(total))(ndarray.scalar(9), x))).toBe(3 * 5 - 6)
    const byX = evaluateOn(grad((t: Tensor, value: Tensor) => total(value, t)))(x, ndarray.scalar(9))
    expect(numbers(byX)).toEqual([1, 1, 1, 1, 1, 1])
  })
})

describe('the smallest and the largest by hand', () => {
  const x = ndarray.of([2, 2, 2], [3, -1, 4, 1, -5, 9, 2, 6])

  it.each([
    ['reduceMin', ops.reduceMin, -5, [-5, -1], [-1, -5]],
    ['reduceMax', ops.reduceMax, 9, [4, 9], [4, 9]]
  ] as const)('%s', (_, reduce, all, firstTwo, lastTwo) => {
    expect(ndarray.toNested(evaluateOn((z: Tensor) => reduce()(z))(x))).toBe(all)
    expect(ndarray.toNested(evaluateOn((z: Tensor) => reduce([1, 0])(z))(x))).toEqual(firstTwo)
    expect(ndarray.toNested(evaluateOn((z: Tensor) => reduce([2, 1])(z))(x))).toEqual(lastTwo)
  })
})
