import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ndarray, plot } from 'tangentflow'
import { diverging, sequential } from '../../../lib/report/plot/palette.js'
import { left, randomArray, right } from '../../support/kernels.js'
import { expectSound } from '../../support/markup.js'

describe('heatMap', () => {
  it('paints every cell once, whatever the shape', () =>
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 9 }),
        fc.nat(1e6),
        (n, m, seed) => {
          const svg = right(plot.heatMap(randomArray(seed, [n, m])))
          expectSound(svg)
          const covered = [...svg.matchAll(/M(\d+) (\d+)h(\d+)v1/g)].flatMap(([, j, i, count]) =>
            Array.from({ length: Number(count) }, (_, c) => `${i!},${Number(j) + c}`)
          )
          expect(new Set(covered).size).toBe(covered.length)
          expect(covered.length).toBe(n * m)
        }
      )
    ))

  it('gives the largest the lightest colour and keeps rows and columns apart', () => {
    const svg = right(
      plot.heatMap(
        ndarray.fromNested([
          [0, 1, 4],
          [0, 2, 0]
        ])
      )
    )
    const pathOf = (share: number) => new RegExp(`fill="${sequential(share)}" d="([^"]*)"`).exec(svg)?.[1]
    expect(pathOf(63.5 / 64)).toBe('M2 0h1v1h-1z')
    expect(pathOf(32.5 / 64)).toBe('M1 1h1v1h-1z')
    expect(pathOf(0.5 / 64)).toBe('M0 0h1v1h-1zM0 1h1v1h-1zM2 1h1v1h-1z')
  })

  it('lays full kernels out by example and output, and uses both sides of zero', () => {
    const kernel = ndarray.of([1, 2, 2, 2], [1, -1, 0, 0, 0, 0, 0, 0])
    const svg = right(plot.heatMap(kernel))
    expect(svg).toContain('example and output')
    const pathOf = (share: number) => new RegExp(`fill="${diverging(share)}" d="([^"]*)"`).exec(svg)?.[1]
    expect(pathOf(63.5 / 64)).toBe('M0 0h1v1h-1z')
    expect(pathOf(0.5 / 64)).toBe('M1 0h1v1h-1z')
  })

  it('stays small for large kernels, and says what a cell is', () => {
    const n = 500
    const kernel = ndarray.of(
      [n, n],
      Float64Array.from({ length: n * n }, (_, i) => Math.sin(i * i))
    )
    const svg = right(plot.heatMap(kernel))
    expect(svg).toContain('mean of 5 × 5 elements')
    expect(svg.length).toBeLessThan(400_000)
    expectSound(svg)
  })

  it.each([2, 130])('draws the largest numbers there are, %s × as many', (n) => {
    const data = Float64Array.from({ length: n * n }, (_, i) =>
      Math.floor(i / n) < n / 2 ? 1.7e308 : -1.7e308
    )
    const svg = right(plot.heatMap(ndarray.of([n, n], data)))
    expectSound(svg)
    const fillOf = (share: number) => svg.includes(`fill="${diverging(share)}" d="`)
    expect([0.5 / 64, 63.5 / 64].map(fillOf)).toEqual([true, true])
  })

  it('draws a constant, keeps titles harmless and refuses what is no kernel', () => {
    const svg = right(plot.heatMap(ndarray.full([2, 2], 3), { title: '<Θ & "x">' }))
    expectSound(svg)
    expect(svg).toContain('&lt;Θ &amp; &quot;x&quot;&gt;')
    expect(left(plot.heatMap(ndarray.zeros([3])))._tag).toBe('ShapeError')
    expect(left(plot.heatMap(ndarray.zeros([3, 3, 2])))._tag).toBe('ShapeError')
    expect(left(plot.heatMap(ndarray.fromNested([[1, NaN]])))).toMatchObject({
      _tag: 'DataError',
      where: 'kernel[1]'
    })
  })
})
