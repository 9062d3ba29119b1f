import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type Atom,
  axis,
  clamp,
  divide,
  divides,
  highest,
  type Index,
  lowest,
  ravel,
  unravel
} from '../../kernels/coordinate.js'

/** The value of an index where its axes have the given values. */
const valueOf = (index: Index, at: Readonly<Record<string, number>>): number => {
  const atom = (a: Atom): number => {
    if (a.kind === 'axis') return at[a.name]!
    const inner = valueOf(a.of, at)
    if (a.kind === 'quotient') return Math.floor(inner / a.by)
    return a.kind === 'known' || (inner >= 0 && inner < a.size) ? inner : 0
  }
  return index.terms.reduce((sum, term) => sum + term.factor * atom(term.atom), index.constant)
}

const shapes = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 })
const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1)

describe('index arithmetic', () => {
  it('unravels what it ravels, without a division', () => {
    fc.assert(
      fc.property(shapes, (shape) => {
        const axes = shape.map((n, a) => axis(`x${a}`, n))
        const back = unravel(ravel(axes, shape), shape)
        expect(back).toEqual(axes)
        expect(back.some(divides)).toBe(false)
      })
    )
  })

  it('ravels what it unravels, without a division', () => {
    fc.assert(
      fc.property(shapes, (shape) => {
        const flat = axis('x', sizeOf(shape))
        expect(ravel(unravel(flat, shape), shape)).toEqual(flat)
      })
    )
  })

  it('unravels a flat position as arithmetic does', () => {
    fc.assert(
      fc.property(shapes, fc.nat(), (shape, seed) => {
        const size = sizeOf(shape)
        const at = seed % size
        const place = unravel(axis('x', size), shape).map((index) =>
          valueOf(index, { x: size === 1 ? 0 : at })
        )
        let flat = 0
        shape.forEach((n, a) => (flat = flat * n + place[a]!))
        expect(flat).toBe(size === 1 ? 0 : at)
        expect(place.every((index, a) => index >= 0 && index < shape[a]!)).toBe(true)
      })
    )
  })

  it('divides sums of axes as numbers divide, and knows the bounds', () => {
    const small = fc.integer({ min: 1, max: 6 })
    fc.assert(
      fc.property(
        small,
        small,
        small,
        small,
        fc.nat(20),
        small,
        fc.nat(),
        (n, m, f, g, constant, by, seed) => {
          const [x, y] = [axis('x', n), axis('y', m)]
          const index: Index = {
            constant,
            terms: [
              ...x.terms.map((t) => ({ ...t, factor: f })),
              ...y.terms.map((t) => ({ ...t, factor: g }))
            ]
          }
          const at = { x: seed % n, y: (seed >> 8) % m }
          const value = valueOf(index, at)
          const { quotient, remainder } = divide(index, by)
          expect([valueOf(quotient, at), valueOf(remainder, at)]).toEqual([
            Math.floor(value / by),
            value % by
          ])
          expect(lowest(remainder) >= 0 && highest(remainder) < by).toBe(true)
          expect(value >= lowest(index) && value <= highest(index)).toBe(true)
        }
      )
    )
  })

  it('clamps to what may be read', () => {
    const place = clamp({ ...axis('x', 9), constant: -3 }, 4)
    expect([0, 3, 6, 8].map((x) => valueOf(place, { x }))).toEqual([0, 0, 3, 0])
  })
})
