import * as fc from 'fast-check'
import { mask } from 'tangentflow'
import { roundsTo } from '../../lib/mask/allocation.js'
import { describe, expect, it } from 'vitest'

/** The shapes of so many layers, or up to four. */
const stacks = (minLength: number) => {
  const width = fc.integer({ min: 3, max: 40 })
  return fc.array(fc.tuple(width, width), { minLength, maxLength: 4 })
}

describe('layer densities', () => {
  const shapes = [
    [64, 128],
    [128, 64],
    [64, 10]
  ]

  it('of Erdős–Rényi follow (in + out) / (in · out) and add up', () => {
    const counts = mask.erkCounts(0.2)(shapes)
    expect(counts.reduce((a, b) => a + b, 0)).toBe(Math.round(0.2 * 17024))
    const share = counts.map((count, l) => count / (shapes[l]![0]! + shapes[l]![1]!))
    expect(share[1]! / share[0]!).toBeCloseTo(1, 2)
    // the small last layer would pass 1 and is kept whole at a density of .3
    expect(mask.erkCounts(0.3)(shapes)[2]).toBe(640)
  })

  it('add up to round(density · weights), no layer above its size, at any density', () =>
    fc.assert(
      fc.property(stacks(1), fc.double({ min: 0.3, max: 1, noNaN: true }), (layers, density) => {
        const sizes = layers.map(([a, b]) => a * b)
        const total = sizes.reduce((a, b) => a + b, 0)
        fc.pre(Math.round(density * total) >= 1)
        const counts = mask.erkCounts(density)(layers)
        expect(counts.reduce((a, b) => a + b, 0)).toBe(Math.round(density * total))
        counts.forEach((count, l) => expect(count >= 1 && count <= sizes[l]!).toBe(true))
      })
    ))

  it('of rounds end at their own, and never grow from one to the next', () =>
    fc.assert(
      fc.property(
        stacks(2),
        fc.double({ min: 0.3, max: 0.9, noNaN: true }),
        fc.integer({ min: 1, max: 100 }),
        (layers, density, rounds) => {
          const all = roundsTo(density, rounds, 'erk', layers).map((left) => left.layers)
          expect(all.at(-1)).toEqual(mask.erkCounts(density)(layers))
          all.slice(1).forEach((counts, k) => {
            const before = all[k]!
            if (typeof counts === 'string' || typeof before === 'string') throw new Error('no counts')
            counts.forEach((count, l) => expect(count).toBeLessThanOrEqual(before[l]!))
          })
        }
      )
    ))

  it('refuse a density outside (0, 1]', () => {
    for (const bad of [0, -0.1, 1.1, NaN, Infinity]) {
      expect(() => mask.erkCounts(bad)(shapes)).toThrow('ArgumentError')
      expect(() => mask.uniformCounts(bad)(shapes)).toThrow('ArgumentError')
    }
    expect(() => mask.uniformCounts(1e-6)(shapes)).toThrow('ArgumentError')
  })
})
