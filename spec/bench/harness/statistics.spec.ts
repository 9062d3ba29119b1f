import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { quantile, summarise } from '../../../bench/harness/statistics.js'

const times = fc.array(fc.double({ min: 0.01, max: 1e4, noNaN: true }), { minLength: 1, maxLength: 40 })

describe('statistics of times', () => {
  it('quantiles are linear between neighbours', () => {
    expect(quantile(0.5, [4, 1, 3, 2])).toBe(2.5)
    expect(quantile(0.25, [1, 2, 3, 4, 5])).toBe(2)
    expect(quantile(1, [3, 1, 2])).toBe(3)
  })

  it('quantiles rise with q and lie between the extremes', () => {
    fc.assert(
      fc.property(
        times,
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (list, p, q) => {
          const [low, high] = [quantile(Math.min(p, q), list), quantile(Math.max(p, q), list)]
          expect(low).toBeLessThanOrEqual(high * (1 + 1e-12))
          expect(low).toBeGreaterThanOrEqual(Math.min(...list))
          expect(high).toBeLessThanOrEqual(Math.max(...list) * (1 + 1e-12))
        }
      )
    )
  })

  it('a summary scales with the unit and leaves the spread alone', () => {
    fc.assert(
      fc.property(times, (list) => {
        const [a, b] = [summarise(list), summarise(list.map((time) => 2 * time))]
        expect(b.median).toBe(2 * a.median)
        expect(b.min).toBe(2 * a.min)
        expect(b.spread).toBeCloseTo(a.spread, 12)
        expect(a.count).toBe(list.length)
      })
    )
  })

  it('one slow outlier does not move the median', () => {
    expect(summarise([1, 1, 1, 1, 1000])).toEqual({ count: 5, median: 1, min: 1, spread: 0 })
  })
})
