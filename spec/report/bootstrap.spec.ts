import { describe, expect, it } from 'vitest'
import { key, normals } from 'tangentflow'
import { bootstrap } from '../../lib/report/bootstrap.js'

interface Run {
  readonly method: string
  readonly seed: number
  readonly value: number
}

/** Runs whose values are a part of the method, a part of the seed and noise, all normal of the given deviations. */
const runsOf = (
  methods: number,
  seeds: number,
  [ofMethod, ofSeed, noise]: readonly [number, number, number],
  draw: number
): readonly Run[] => {
  const n = normals(key(draw), methods + seeds + methods * seeds)
  return Array.from({ length: methods * seeds }, (_, i) => {
    const [m, s] = [Math.floor(i / seeds), i % seeds]
    const value = ofMethod * n[m]! + ofSeed * n[methods + s]! + noise * n[methods + seeds + i]!
    return { method: `m${m}`, seed: s, value }
  })
}

const meanOf = (runs: readonly Run[]): readonly number[] => [
  runs.reduce((sum, { value }) => sum + value, 0) / runs.length
]

describe('bootstrap', () => {
  it('needs four methods, and gives the same interval again', () => {
    expect(bootstrap(runsOf(3, 5, [1, 1, 1], 0), meanOf)).toEqual([undefined])
    const runs = runsOf(4, 5, [1, 1, 1], 0)
    const [interval] = bootstrap(runs, meanOf)
    expect(interval!.low).toBeLessThan(meanOf(runs)[0]!)
    expect(interval!.high).toBeGreaterThan(meanOf(runs)[0]!)
    expect(bootstrap(runs, meanOf)).toEqual([interval])
    expect(bootstrap(runs, () => [undefined])).toEqual([undefined])
  })

  it('takes seeds of one method for what they are: the interval is as wide as the methods vary', () => {
    // many seeds: what is left is the deviation of the methods over √10, 1.96 on either side
    const width = (deviations: readonly [number, number, number]): number => {
      const [interval] = bootstrap(runsOf(10, 40, deviations, 3), meanOf)
      return interval!.high - interval!.low
    }
    expect(width([1, 0, 0.1]) / ((2 * 1.96) / Math.sqrt(10))).toBeGreaterThan(0.6)
    expect(width([0, 0, 1]) / ((2 * 1.96) / 20)).toBeLessThan(3)
  })

  it('holds the true mean in most of many draws', () => {
    const inside = Array.from({ length: 100 }, (_, draw) => {
      const [interval] = bootstrap(runsOf(12, 8, [1, 0.5, 0.5], draw + 10), meanOf)
      return interval!.low <= 0 && interval!.high >= 0
    }).filter(Boolean).length
    expect(inside).toBeGreaterThanOrEqual(85)
  })
})
