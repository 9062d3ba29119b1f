import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { plot } from 'tangentflow'
import { left, right } from '../../support/kernels.js'
import { expectSound } from '../../support/markup.js'

describe('spectrum', () => {
  it('draws from the largest down, on a scale of powers of ten', () => {
    const svg = right(plot.spectrum([{ name: 'a', values: [0.01, 100, 1] }]))
    expectSound(svg)
    const [, points] = /points="([^"]*)"/.exec(svg)!
    const at = points!.split(' ').map((point) => point.split(',').map(Number))
    expect(at).toHaveLength(3)
    expect(at[2]![1]! - at[1]![1]!).toBeCloseTo(at[1]![1]! - at[0]![1]!, 0)
    expect(at[0]![1]).toBeLessThan(at[1]![1]!)
    expectSound(
      right(
        plot.spectrum(
          [
            { name: 'a', values: [1] },
            { name: 'b', values: [0] }
          ],
          { modes: 'log' }
        )
      )
    )
  })

  it('draws the largest numbers there are, and many of them', () => {
    expectSound(right(plot.spectrum([{ name: 'a', values: [1.7e308, 1e300] }])))
    const values = Array.from({ length: 200_000 }, (_, i) => 1 / (i + 1))
    expectSound(right(plot.spectrum([{ name: 'a', values }])))
  })

  it('says what it leaves out, and refuses nothing to draw', () => {
    expect(right(plot.spectrum([{ name: 'a', values: [1, 0, -1e-9, 1e-20] }]))).toContain(
      '3 not above zero are left out'
    )
    expect(E.isLeft(plot.spectrum([]))).toBe(true)
    expect(left(plot.spectrum([{ name: 'a', values: [0, -1] }]))._tag).toBe('ArgumentError')
    expect(left(plot.spectrum([{ name: 'a', values: [NaN] }]))._tag).toBe('DataError')
  })
})
