import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { plot } from 'tangentflow'
import { left, right } from '../../support/kernels.js'
import { expectSound } from '../../support/markup.js'

const [low, high] = [-1000, 1000]
const number = fc.double({ min: low, max: high, noNaN: true })
const points = fc.array(fc.record({ x: number, y: number }), { minLength: 1, maxLength: 8 })

describe('lines', () => {
  const mean = [1, 2, 4].map((x) => ({ x, y: x, low: x / 2, high: x + 1 }))

  it('draws a line and a band for an ensemble, and dots for what was measured', () => {
    const svg = right(
      plot.lines([
        { name: 'ensemble', points: mean },
        { name: 'data', points: [{ x: 3, y: 2 }], draw: 'dots', colour: 'red' }
      ])
    )
    expectSound(svg)
    expect(svg.match(/<polyline/g)).toHaveLength(1)
    expect(svg.match(/<polygon/g)).toHaveLength(1)
    expect(svg).toContain('<title>ensemble: 4, 4</title>')
    expect(svg).toMatch(/fill="red"><title>data: 3, 2<\/title>/)
  })

  /** Where the points of a scatter are, in pixels. */
  const placesIn = (svg: string) => {
    expectSound(svg)
    return [...svg.matchAll(/<circle cx="([^"]*)" cy="([^"]*)"[^>]*><title>/g)].map(([, x, y]) => ({
      x: Number(x),
      y: Number(y)
    }))
  }

  it.each([
    [-5e-324, 5e-324],
    [1e16, 1e16 + 2],
    [-1.7e308, 1.7e308],
    [-Number.MAX_VALUE, Number.MAX_VALUE],
    [1.7e308, 1.7e308],
    [-1e-300, Number.MAX_VALUE]
  ])('draws points from %s to %s, that between them in the middle', (low, high) => {
    const far = [low, low / 2 + high / 2, high].map((at) => ({ x: at, y: at }))
    const [a, b, c] = placesIn(right(plot.scatter([{ name: 'a', points: far }])))
    expect(a!.x).toBeLessThanOrEqual(b!.x)
    expect(b!.x).toBeLessThanOrEqual(c!.x)
    if (high - low > 5) {
      expect(b!.x).toBeCloseTo((a!.x + c!.x) / 2, 1)
      expect(c!.x - a!.x).toBeGreaterThan(400)
    }
  })

  it.each(['linear', 'log'] as const)('draws any finite numbers, %s', (spacing) => {
    const any = fc.double({
      noNaN: true,
      noDefaultInfinity: true,
      min: spacing === 'log' ? 5e-324 : -Infinity
    })
    const positive = any.filter((x) => Number.isFinite(x) && (spacing === 'linear' || x > 0))
    fc.assert(
      fc.property(
        fc.array(fc.record({ x: positive, y: positive }), { minLength: 1, maxLength: 5 }),
        (some) => {
          const svg = right(plot.scatter([{ name: 'a', points: some }], { x: spacing, y: spacing }))
          for (const { x, y } of placesIn(svg)) expect(x >= 0 && x <= 720 && y >= 0 && y <= 360).toBe(true)
        }
      )
    )
  })

  it('draws more points than a call takes arguments', () => {
    const points = Array.from({ length: 150_000 }, (_, x) => ({ x, y: x % 7 }))
    for (const draw of ['line', 'dots'] as const)
      expect(right(plot.lines([{ name: 'a', points, draw }]))).toContain('</svg>')
  })

  it('draws every point of a scatter inside of it, in order', () => {
    fc.assert(
      fc.property(points, fc.integer({ min: 240, max: 1000 }), (some, width) => {
        const svg = right(plot.scatter([{ name: 'a', points: some }], { width }))
        const drawn = placesIn(svg)
        expect(drawn).toHaveLength(some.length)
        const wide = Number(/viewBox="0 0 (\d+)/.exec(svg)![1])
        some.forEach((a, i) => {
          expect(drawn[i]!.x).toBeGreaterThan(0)
          expect(drawn[i]!.x).toBeLessThan(wide)
          some.forEach((b, j) => {
            if (a.x < b.x) expect(drawn[i]!.x).toBeLessThanOrEqual(drawn[j]!.x)
            if (a.y < b.y) expect(drawn[i]!.y).toBeGreaterThanOrEqual(drawn[j]!.y)
          })
        })
      })
    )
  })

  it('puts equal ratios equally far apart on a logarithmic axis', () => {
    const svg = right(plot.scatter([{ name: 'a', points: mean }], { x: 'log', y: 'log' }))
    const [a, b, c] = [...svg.matchAll(/cx="([^"]*)"[^>]*><title>/g)].map(([, x]) => Number(x))
    expect(b! - a!).toBeCloseTo(c! - b!, 1)
  })

  it('has its legend below where it is narrow', () => {
    const heightOf = (width: number) => {
      const svg = right(plot.lines([{ name: 'only', points: mean }], { width }))
      return {
        label: Number(/y="([^"]*)"[^>]*>x</.exec(svg)![1]),
        name: Number(/y="([^"]*)">only</.exec(svg)![1])
      }
    }
    const [narrow, wide] = [heightOf(400), heightOf(720)]
    expect(narrow.name).toBeGreaterThan(narrow.label)
    expect(wide.name).toBeLessThan(wide.label)
  })

  it('refuses nothing, NaN, a logarithm of 0, an option that there is not', () => {
    expect(left(plot.lines([]))._tag).toBe('ArgumentError')
    expect(left(plot.lines([{ name: 'a', points: [] }]))._tag).toBe('ArgumentError')
    expect(left(plot.lines([{ name: 'a', points: [{ x: 0, y: NaN }] }]))._tag).toBe('DataError')
    expect(left(plot.lines([{ name: 'a', points: [{ x: 0, y: 1, high: Infinity }] }]))._tag).toBe('DataError')
    expect(left(plot.scatter([{ name: 'a', points: [{ x: 0, y: 1 }] }], { x: 'log' }))).toMatchObject({
      _tag: 'DataError',
      received: '0'
    })
    expect(left(plot.lines([{ name: 'a', points: mean }], { width: 100 }))._tag).toBe('ArgumentError')
    const misspelt: object = { titel: 'a' }
    expect(left(plot.lines([{ name: 'a', points: mean }], misspelt)).expected).toContain('title')
  })
})
