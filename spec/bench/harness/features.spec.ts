import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ndarray, ntk } from 'tangentflow'
import { dualOf, featuresOf } from '../../../bench/harness/features.js'
import { falling } from '../../../bench/harness/features-report.js'
import { right } from '../../support/either.js'
import { runs } from '../../support/runs.js'

const entries = (count: number) =>
  fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: count, maxLength: count })

/** A kernel A Aᵀ + I of five images, and targets of them. */
const problems = fc.tuple(entries(25), entries(15)).map(([a, y]) => ({
  kernel: ndarray.of(
    [5, 5],
    Array.from({ length: 25 }, (_, at) => {
      const [i, j] = [Math.floor(at / 5), at % 5]
      return [0, 1, 2, 3, 4].reduce((sum, k) => sum + a[5 * i + k]! * a[5 * j + k]!, i === j ? 1 : 0)
    })
  ),
  targets: ndarray.of([5, 3], y)
}))

describe('the features of a kernel', () => {
  it('are together the regression, and any of them what is left of the others', () => {
    fc.assert(
      fc.property(problems, fc.integer({ min: 1, max: 4 }), ({ kernel, targets }, count) => {
        const features = right(featuresOf(kernel, targets))
        const { dual } = right(ntk.kernelRegression(kernel, targets))
        const [first, rest] = [dualOf(features, 0, count), dualOf(features, count, 5)]
        dual.data.forEach((whole, at) => {
          expect(first.data[at]! + rest.data[at]!).toBeCloseTo(whole, 9)
        })
      }),
      { numRuns: runs(50) }
    )
  })

  it('are those of a kernel by hand: eigenvalues 9/2 and 1/4, modes (4, 1) and (1, −4) over √17', () => {
    const kernel = ndarray.fromNested([
      [17 / 4, 1],
      [1, 1 / 2]
    ])
    const features = right(featuresOf(kernel, ndarray.fromNested([[1], [0]])))
    expect(features.values.map((value) => value.toFixed(12))).toEqual(['4.500000000000', '0.250000000000'])
    const [one, other] = [dualOf(features, 0, 1), dualOf(features, 1, 2)]
    const over = (eigenvalue: number, ...vector: readonly number[]) =>
      vector.map((v) => Number((v / 17 / eigenvalue).toFixed(9)))
    const shown = ({ data }: typeof one) => Array.from(data, (value) => Number(value.toFixed(9)))
    expect(shown(one)).toEqual(over(9 / 2, 16, 4))
    expect(shown(other)).toEqual(over(1 / 4, 1, -4))
  })
})

it('Spearman’s correlation with the places is −1 of what falls, 1 of what rises', () => {
  expect(falling([9, 4, 1, 0.5])).toBe(-1)
  expect(falling([1, 2, 30, 31])).toBe(1)
  // differences of ranks 1, 1, 0: 1 − 6 · 2 / 24
  expect(falling([2, 1, 3])).toBe(0.5)
})
