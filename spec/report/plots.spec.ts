import * as E from 'fp-ts/lib/Either.js'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ndarray, plot } from 'tangentflow'
import { linearAxis, logAxis, showNumber } from '../../lib/report/axes.js'
import { diverging, sequential } from '../../lib/report/colour-map.js'
import { left, randomArray, right } from '../support/kernels.js'

/** Every element closes, nothing is fetched, and no number went wrong. */
const expectSound = (svg: string): void => {
  const open: string[] = []
  for (const [, close, name, , empty] of svg.matchAll(/<(\/?)([a-z][a-z0-9]*)((?:"[^"]*"|[^">])*?)(\/?)>/g)) {
    if (empty === '/') continue
    if (close === '') open.push(name!)
    else expect(open.pop()).toBe(name)
  }
  expect(open).toEqual([])
  expect(svg).not.toMatch(/NaN|Infinity|undefined|\[object/)
  expect(svg.replace('xmlns="http://www.w3.org/2000/svg"', '')).not.toMatch(
    /https?:|<script|<image|url\(|href=/
  )
}

/** How light a colour is (WCAG relative luminance). */
const luminance = (hex: string): number => {
  const linear = [1, 3, 5].map((at) => {
    const channel = parseInt(hex.slice(at, at + 2), 16) / 255
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * linear[0]! + 0.7152 * linear[1]! + 0.0722 * linear[2]!
}

const shares = Array.from({ length: 64 }, (_, i) => i / 63)

describe('colour maps', () => {
  it('can be read by lightness alone: ever lighter, or darker to either side of the middle', () => {
    const [up, both] = [shares.map(sequential).map(luminance), shares.map(diverging).map(luminance)]
    up.slice(1).forEach((value, i) => expect(value).toBeGreaterThan(up[i]!))
    both
      .slice(1)
      .forEach((value, i) =>
        i < 31 ? expect(value).toBeGreaterThan(both[i]!) : i > 31 && expect(value).toBeLessThan(both[i]!)
      )
    expect([sequential(0), sequential(1), sequential(7)]).toEqual(['#440154', '#fde725', '#fde725'])
  })
})

describe('axes', () => {
  it('name round numbers', () => {
    expect(linearAxis([-1, 1], [0, 100], 4, '').marks.map(({ text }) => text)).toEqual([
      '−1',
      '−0.5',
      '0',
      '0.5',
      '1'
    ])
    expect(logAxis([1e-8, 20], [0, 100], 5, '').marks.map(({ text }) => text)).toEqual([
      '10⁻⁷',
      '10⁻⁵',
      '10⁻³',
      '0.1',
      '10'
    ])
    expect(logAxis([0.3, 6], [0, 100], 5, '').marks.map(({ text }) => text)).toEqual(['0.5', '1', '2', '5'])
    expect(logAxis([0.1, 10], [0, 100], 5, '').scale(1)).toBeCloseTo(50, 12)
    expect([0, 0.25, -3, 123456, -2.5e-7, 1e9].map(showNumber)).toEqual([
      '0',
      '0.25',
      '−3',
      '1.23 · 10⁵',
      '−2.5 · 10⁻⁷',
      '10⁹'
    ])
  })
})

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

  it('says what it leaves out, and refuses nothing to draw', () => {
    expect(right(plot.spectrum([{ name: 'a', values: [1, 0, -1e-9, 1e-20] }]))).toContain(
      '3 not above zero are left out'
    )
    expect(E.isLeft(plot.spectrum([]))).toBe(true)
    expect(left(plot.spectrum([{ name: 'a', values: [0, -1] }]))._tag).toBe('ArgumentError')
    expect(left(plot.spectrum([{ name: 'a', values: [NaN] }]))._tag).toBe('DataError')
  })
})

describe('trajectories', () => {
  const predicted = [0, 1, 10, 100].map((time) => ({ time, value: 1 - Math.exp(-time / 10) }))

  it('draws lines for what was predicted and dots for what was measured', () => {
    const measured = predicted.slice(1)
    const svg = right(
      plot.trajectories([
        { name: 'f', predicted, measured },
        { name: 'g', predicted }
      ])
    )
    expectSound(svg)
    expect(svg.match(/<polyline/g)).toHaveLength(2)
    expect(svg.match(/<circle/g)).toHaveLength(3)
    expect(svg).toContain('lines predicted, dots measured')
    expect(right(plot.trajectories([{ name: 'f', predicted }]))).not.toContain('dots measured')
  })

  it('leaves time 0 off a logarithmic axis, draws a single point, and refuses none', () => {
    const svg = right(plot.trajectories([{ name: 'f', predicted }], { time: 'log' }))
    expectSound(svg)
    expect(/points="([^"]*)"/.exec(svg)![1]!.split(' ')).toHaveLength(3)
    expectSound(right(plot.trajectories([{ name: 'f', predicted: [{ time: 1, value: 0 }] }])))
    expect(left(plot.trajectories([]))._tag).toBe('ArgumentError')
    expect(left(plot.trajectories([{ name: 'f', predicted: [{ time: 0, value: Infinity }] }]))._tag).toBe(
      'DataError'
    )
  })
})
