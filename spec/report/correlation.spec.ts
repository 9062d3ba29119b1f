import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { correlate, type Point, ranks, showCorrelation } from '../../lib/report/correlation.js'

const whole = fc.integer({ min: -40, max: 40 })
const points = fc.array(fc.tuple(whole, whole), { minLength: 2, maxLength: 15 })

describe('ranks', () => {
  it('share places where values are equal', () => {
    expect(ranks([10, 30, 20, 20])).toEqual([1, 4, 2.5, 2.5])
    expect(ranks([])).toEqual([])
  })

  it('end, whatever is no number', () => expect(ranks([1, NaN, NaN, 0])).toHaveLength(4))
})

describe('correlate', () => {
  it('leaves aside what diverged', () => {
    const some: readonly Point[] = [[1, 1], [2, 2], [3, 5], [4, 4]] // prettier-ignore
    const diverged: readonly Point[] = [[1, NaN], [Infinity, 2], [NaN, NaN], ...some] // prettier-ignore
    expect(correlate(diverged)).toEqual(correlate(some))
    expect(correlate(diverged.slice(0, 3))).toBeUndefined()
  })

  it('is what a hand finds', () => {
    // x about its mean −1.5 −.5 .5 1.5, y about its mean −2 −1 2 1: Σxy 6, Σx² 5, Σy² 10
    const found = correlate([
      [1, 1],
      [2, 2],
      [3, 5],
      [4, 4]
    ])!
    expect(found.count).toBe(4)
    expect(found.pearson.value).toBeCloseTo(6 / Math.sqrt(50), 12)
    // ranks 1 2 3 4 and 1 2 4 3: 1 − 6 · 2 / (4 · 15)
    expect(found.spearman.value).toBeCloseTo(0.8, 12)
    // tanh(artanh .848528 ∓ 1.959964) for n = 4
    expect(found.pearson.interval?.low).toBeCloseTo(-0.6101, 4)
    expect(found.pearson.interval?.high).toBeCloseTo(0.9968, 4)
  })

  it("agrees with the textbook's interval: r = .5 on 28 points is [.156, .736]", () => {
    // artanh .5 = .5493, half-width 1.96 / 5; points on the line and off it so that r is .5
    const cross = Math.sqrt(3)
    const block: readonly Point[] = [
      [1, 1 + cross],
      [1, 1 - cross],
      [-1, -1 + cross],
      [-1, -1 - cross]
    ]
    const found = correlate(Array.from({ length: 7 }, () => block).flat())!
    expect(found.pearson.value).toBeCloseTo(0.5, 12)
    expect(found.pearson.interval!.low).toBeCloseTo(0.1559, 3)
    expect(found.pearson.interval!.high).toBeCloseTo(0.7359, 3)
  })

  it('says nothing of fewer than two points, or where one side does not vary', () => {
    expect(correlate([])).toBeUndefined()
    expect(correlate([[1, 2]])).toBeUndefined()
    expect(
      correlate([
        [1, 2],
        [1, 3]
      ])
    ).toBeUndefined()
  })

  it('lies in [−1, 1] and in its interval, which needs four points', () => {
    fc.assert(
      fc.property(points, (some) => {
        const found = correlate(some)
        fc.pre(found !== undefined)
        for (const { value, interval } of [found.pearson, found.spearman]) {
          expect(Math.abs(value)).toBeLessThanOrEqual(1)
          expect(interval === undefined).toBe(some.length < 4)
          if (interval !== undefined) {
            expect(interval.low).toBeLessThanOrEqual(value + 1e-12)
            expect(interval.high).toBeGreaterThanOrEqual(value - 1e-12)
          }
        }
      })
    )
  })

  it('is unchanged by positive affine maps, and turns with a negative one', () => {
    fc.assert(
      fc.property(points, fc.integer({ min: 1, max: 9 }), whole, (some, factor, offset) => {
        const found = correlate(some)
        fc.pre(found !== undefined)
        const moved = correlate(some.map(([x, y]) => [factor * x + offset, y]))!
        const turned = correlate(some.map(([x, y]) => [x, offset - factor * y]))!
        for (const kind of ['pearson', 'spearman'] as const) {
          expect(moved[kind].value).toBeCloseTo(found[kind].value, 9)
          expect(turned[kind].value).toBeCloseTo(-found[kind].value, 9)
        }
      })
    )
  })

  it('of ranks is 1 on any rising curve', () => {
    const found = correlate([0, 1, 2, 3, 4].map((x) => [x, Math.exp(3 * x)]))!
    expect(found.spearman.value).toBeCloseTo(1, 12)
    expect(found.pearson.value).toBeLessThan(0.8)
  })
})

describe('showCorrelation', () => {
  it('has two digits, and the interval where there is one', () => {
    expect(showCorrelation({ value: -0.456, interval: { low: -0.9, high: 0.001 } })).toBe(
      '−0.46 [−0.90, 0.00]'
    )
    expect(showCorrelation({ value: 1, interval: undefined })).toBe('1.00')
  })
})
