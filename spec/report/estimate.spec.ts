import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  estimate,
  isResolved,
  pairedDifferences,
  showDifference,
  smooth,
  studentQuantile
} from '../../lib/report/estimate.js'

const values = fc.array(fc.double({ min: -100, max: 100, noNaN: true }), { minLength: 2, maxLength: 12 })
const seeded = fc
  .uniqueArray(fc.nat(8), { minLength: 1 })
  .chain((seeds) =>
    fc.tuple(...seeds.map((seed) => fc.integer({ min: -50, max: 50 }).map((value) => ({ seed, value }))))
  )

describe('smooth', () => {
  it('takes means of blocks where there are more than 50 points', () => {
    expect(smooth([3, 1])).toEqual([3, 1])
    expect(smooth(Array.from({ length: 101 }, (_, i) => i)).slice(-2)).toEqual([97, 99.5])
  })
})

describe('studentQuantile', () => {
  // NIST/SEMATECH e-Handbook, 1.3.6.7.2, column 0.975
  it.each([
    [1, 12.706],
    [2, 4.303],
    [3, 3.182],
    [4, 2.776],
    [5, 2.571],
    [9, 2.262],
    [10, 2.228],
    [30, 2.042],
    [100, 1.984]
  ])('%i degrees of freedom: %f', (degrees, published) => {
    expect(studentQuantile(degrees, 0.95)).toBeCloseTo(published, 3)
  })

  it('is tan(π level / 2) for one degree, and level √(2 / (1 − level²)) for two', () => {
    for (const level of [0.1, 0.5, 0.9, 0.99]) {
      expect(studentQuantile(1, level)).toBeCloseTo(Math.tan((Math.PI * level) / 2), 9)
      expect(studentQuantile(2, level)).toBeCloseTo(level * Math.sqrt(2 / (1 - level ** 2)), 9)
    }
  })
})

describe('estimate', () => {
  it('of equal values has no spread, whatever rounding makes of their sum', () => {
    for (const value of [0.1, 0.7, 1e200])
      for (const count of [3, 6, 7, 10])
        expect(estimate(new Array<number>(count).fill(value))).toMatchObject({ mean: value, sd: 0 })
  })

  it('is what a hand finds: 1, 2, 3 has 2 ± 4.303 / √3', () => {
    const { count, mean, sd, interval } = estimate([1, 2, 3])
    expect([count, mean, sd]).toEqual([3, 2, 1])
    expect(interval?.low).toBeCloseTo(2 - 2.4841, 4)
    expect(interval?.high).toBeCloseTo(2 + 2.4841, 4)
    expect(estimate([5])).toEqual({ count: 1, mean: 5, sd: undefined, interval: undefined })
  })

  it('has its mean in its interval', () => {
    fc.assert(
      fc.property(values, (some) => {
        const { mean, interval } = estimate(some)
        expect(interval!.low).toBeLessThanOrEqual(mean)
        expect(interval!.high).toBeGreaterThanOrEqual(mean)
      })
    )
  })
})

describe('pairedDifferences', () => {
  it('pairs by seed, whatever the order, and leaves out what one side lacks', () => {
    const a = [
      { seed: 2, value: 10 },
      { seed: 0, value: 7 },
      { seed: 5, value: 1 }
    ]
    const b = [
      { seed: 0, value: 5 },
      { seed: 1, value: 9 },
      { seed: 2, value: 6 }
    ]
    expect(pairedDifferences(a, b)).toEqual([4, 2])
  })

  it('changes sign when the two change places', () => {
    fc.assert(
      fc.property(seeded, seeded, (a, b) => {
        const [there, back] = [estimate(pairedDifferences(a, b)), estimate(pairedDifferences(b, a))]
        fc.pre(there.count > 0)
        expect(there.count).toBe(back.count)
        expect(there.mean).toBeCloseTo(-back.mean, 9)
        if (there.interval !== undefined) expect(there.interval.low).toBeCloseTo(-back.interval!.high, 9)
        expect(isResolved(there)).toBe(isResolved(back))
      })
    )
  })
})

describe('showDifference', () => {
  it('marks what leaves out 0, and says – where no seed is shared', () => {
    // t 4.303 · sd 0.1 / √3 = 0.248
    expect(showDifference(1, estimate([-1.1, -1.2, -1.3]))).toBe('−1.2 [−1.4, −1.0] *')
    expect(showDifference(1, estimate([-1, 0, 1]))).toBe('0.0 [−2.5, +2.5]')
    expect(showDifference(2, estimate([0.5]))).toBe('+0.50')
    expect(showDifference(1, estimate([]))).toBe('–')
  })
})
