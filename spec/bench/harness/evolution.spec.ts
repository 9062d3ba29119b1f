import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type NdArray, ndarray } from 'tangentflow'
import { alongOf, turned } from '../../../bench/harness/kernels-along.js'
import { right } from '../../support/either.js'
import { runs } from '../../support/runs.js'

const entries = (count: number) =>
  fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: count, maxLength: count })

/** A kernel A Aᵀ + I of three images. */
const kernels = entries(9).map((a) =>
  ndarray.of(
    [3, 3],
    Array.from({ length: 9 }, (_, at) => {
      const [i, j] = [Math.floor(at / 3), at % 3]
      return [0, 1, 2].reduce((sum, k) => sum + a[3 * i + k]! * a[3 * j + k]!, i === j ? 1 : 0)
    })
  )
)

const labels = ndarray.fromNested([0, 1, 1])
const scaled = (factor: number, { shape, data }: NdArray): NdArray =>
  ndarray.of(
    shape,
    data.map((x) => factor * x)
  )

describe('kernels along a training', () => {
  it('drift by growth alone, but turn by nothing, and keep their form', () => {
    fc.assert(
      fc.property(kernels, fc.double({ min: 1.5, max: 9, noNaN: true }), (kernel, factor) => {
        const found = right(alongOf([kernel, scaled(factor, kernel)], [0, 1], labels))
        expect(found.drift[1]).toBeCloseTo(factor - 1, 2)
        expect(found.velocity[1]).toBeCloseTo(factor - 1, 2)
        expect(found.turn[1]).toBeCloseTo(0, 9)
        for (const of of ['alignment', 'leading', 'rank'] as const)
          expect(found[of][1]).toBeCloseTo(found[of][0]!, 2)
      }),
      { numRuns: runs(50) }
    )
  })

  it('of diagonals by hand: from (3, 4, 0) and from an epoch before, which for parts of the first is the start', () => {
    const diagonal = (...values: readonly number[]): NdArray =>
      ndarray.of(
        [3, 3],
        Array.from({ length: 9 }, (_, at) => (at % 4 === 0 ? values[at / 4]! : 0))
      )
    const along = [diagonal(3, 4, 0), diagonal(3, 9, 0), diagonal(4, 3, 0), diagonal(8, 6, 5)]
    const found = right(alongOf(along, [0, 0.5, 1, 2], labels))
    expect(found.drift).toEqual([0, 1, 0.2828, 1.47]) // √2 / 5, √(25 + 4 + 25) / 5
    expect(found.velocity).toEqual([0, 1, 0.2828, 1.414]) // √(16 + 9 + 25) / 5
    expect(found.turn[2]).toBe(0.04) // 1 − 24 / 25
    expect(found.turning[3]).toBe(0.1056) // 1 − 50 / (5 √125)
    expect(found.leading).toEqual([1, 1, 1, 1])
    expect(right(turned(diagonal(1, 0, 0), diagonal(0, 1, 0)))).toBe(1)
  })
})
