import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { plot } from 'tangentflow'
import { left, right } from '../../support/kernels.js'
import { expectSound } from '../../support/markup.js'

const sharesIn = (svg: string): readonly number[] =>
  [...svg.matchAll(/: ([\d.]+) %<\/title>/g)].map(([, share]) => Number(share))

describe('histogram', () => {
  it('shows every value once', () => {
    const value = fc.oneof(
      fc.double({ min: -1e3, max: 1e3, noNaN: true }),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.constantFrom(-1.7e308, 1.7e308, -Number.MAX_VALUE, Number.MAX_VALUE, 5e-324, 0)
    )
    const values = fc.array(value, { minLength: 1, maxLength: 50 })
    fc.assert(
      fc.property(values, fc.integer({ min: 1, max: 30 }), (some, bins) => {
        const svg = right(plot.histogram([{ name: 'a', values: some }], { bins }))
        expectSound(svg)
        expect(sharesIn(svg)).toHaveLength(bins)
        expect(sharesIn(svg).reduce((sum, share) => sum + share, 0)).toBeCloseTo(100, 1)
      })
    )
  })

  it('has room around one value, as small as it may be', () => {
    for (const value of [0, 5e-324, -5e-324, 1e300])
      expect(sharesIn(right(plot.histogram([{ name: 'a', values: [value] }], { bins: 3 })))).toEqual([
        0, 100, 0
      ])
  })

  it('takes as many values as there are weights', () => {
    const values = Array.from({ length: 300_000 }, (_, i) => i % 10)
    expect(sharesIn(right(plot.histogram([{ name: 'a', values }], { bins: 10 })))).toEqual(
      Array.from({ length: 10 }, () => 10)
    )
  })

  it('has intervals of equal length between numbers whose distance is none', () => {
    const values = [-1.7e308, -1e308, 1e308, 1.7e308]
    const svg = right(plot.histogram([{ name: 'a', values }], { bins: 2 }))
    expect(sharesIn(svg)).toEqual([50, 50])
    expect(svg).toContain('a, −1.7 · 10³⁰⁸ to 0: 50 %')
  })

  it('counts a value on an edge to the right of it, the largest to the last', () => {
    const svg = right(plot.histogram([{ name: 'a', values: [0, 1, 1, 2] }], { bins: 2 }))
    expect(sharesIn(svg)).toEqual([25, 75])
  })

  it('gives samples of unequal sizes the same intervals', () => {
    const svg = right(
      plot.histogram(
        [
          { name: 'a', values: [0, 4] },
          { name: 'b', values: [1] }
        ],
        { bins: 4, width: 400 }
      )
    )
    expect(sharesIn(svg)).toEqual([50, 0, 0, 50, 0, 100, 0, 0])
  })

  it('refuses nothing, NaN and no bins', () => {
    expect(left(plot.histogram([{ name: 'a', values: [] }]))._tag).toBe('ArgumentError')
    expect(left(plot.histogram([{ name: 'a', values: [NaN] }]))._tag).toBe('DataError')
    expect(left(plot.histogram([{ name: 'a', values: [1] }], { bins: 0 }))._tag).toBe('ArgumentError')
  })
})
