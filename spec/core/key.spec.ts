import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { key, normals, permutation, rademachers, threefry, uniforms } from '../../lib/core/key.js'
import { fold, split } from '../../lib/graph/key.js'
import { keys } from '../../lib/laws/arbitraries.js'
import { expectRefusal } from '../support/refusal.js'

// Known answers of Threefry-2x32-20, from the test vectors of the Random123 library.
const known: readonly [key: [number, number], counter: [number, number], out: [number, number]][] = [
  [
    [0, 0],
    [0, 0],
    [0x6b200159, 0x99ba4efe]
  ],
  [
    [0xffffffff, 0xffffffff],
    [0xffffffff, 0xffffffff],
    [0x1cb996fc, 0xbb002be7]
  ],
  [
    [0x13198a2e, 0x03707344],
    [0x243f6a88, 0x85a308d3],
    [0xc4923a9c, 0x483df7a0]
  ]
]

const mean = (xs: ArrayLike<number>): number => Array.from(xs).reduce((a, b) => a + b, 0) / xs.length

describe('threefry', () => {
  it.each(known)('of %o and %o', (k, c, expected) => {
    const out = new Uint32Array(2)
    threefry(...k, ...c, out, 0)
    expect([...out]).toEqual(expected)
  })
})

describe('keys', () => {
  it('give the same numbers for the same key, and others for another', () => {
    fc.assert(
      fc.property(keys, fc.integer({ min: 2, max: 50 }), (k, n) => {
        for (const draw of [uniforms, normals, rademachers, permutation])
          expect(draw(k, n)).toEqual(draw(k, n))
        expect(uniforms(k, n)).not.toEqual(uniforms(fold(0)(k), n))
      })
    )
  })
  it('have children that differ from each other and from what is folded in', () => {
    fc.assert(
      fc.property(keys, (k) => {
        const children = [...split(4)(k), ...[0, 1, 2, 3].map((i) => fold(i)(k)), k]
        expect(new Set(children.map(({ hi, lo }) => `${hi} ${lo}`)).size).toBe(9)
      })
    )
  })
  it('split the same whatever the number of children', () =>
    fc.assert(
      fc.property(keys, (k) => {
        expect(split(5)(k).slice(0, 2)).toEqual(split(2)(k))
      })
    ))
  it('draw a prefix of what more would be', () =>
    fc.assert(
      fc.property(keys, fc.nat(20), (k, n) => {
        expect(uniforms(k, 41).subarray(0, n)).toEqual(uniforms(k, n))
      })
    ))
  it('take seeds beyond 32 bits', () => expect(key(2 ** 32 + 5)).toEqual({ _tag: 'Key', hi: 1, lo: 5 }))
  it.each([-1, 0.5, NaN, Infinity, 2 ** 53])('refuse the seed %d', (seed) =>
    expectRefusal(() => key(seed), 'ArgumentError', 'key', 'a whole number in [0, 2^53)', String(seed))
  )
  it.each([-1, 0.5, NaN, 2 ** 32])('refuse to fold %d', (index) =>
    expectRefusal(
      () => fold(index),
      'ArgumentError',
      'fold',
      'a whole number in [0, 4294967295]',
      String(index)
    )
  )
  it.each([0, -1, 1.5, NaN])('refuse to split into %d', (count) =>
    expectRefusal(() => split(count)(key(0)), 'ArgumentError', 'split', 'at least 1', String(count))
  )
})

describe('distributions', () => {
  it('uniforms are multiples of 2⁻²⁴ in [0, 1)', () => {
    const u = uniforms(key(1), 20_000)
    expect(u.every((x) => x >= 0 && x < 1 && Number.isInteger(x * 2 ** 24))).toBe(true)
    expect(Math.abs(mean(u) - 0.5)).toBeLessThan(0.01)
  })
  it('normals have the moments 0, 1, 0, 3', () => {
    const z = normals(key(2), 100_001)
    const expected = [0, 1, 0, 3]
    const allowed = [0.02, 0.03, 0.05, 0.2]
    const moments = [1, 2, 3, 4].map((power) => mean(z.map((x) => x ** power)))
    expect(moments.map((m, i) => Math.abs(m - expected[i]!) < allowed[i]!)).toEqual([true, true, true, true])
    expect(z.every(Number.isFinite)).toBe(true)
  })
  it('signs are fair', () => {
    const signs = rademachers(key(3), 20_000)
    expect(new Set(signs)).toEqual(new Set([1, -1]))
    expect(Math.abs(mean(signs))).toBeLessThan(0.03)
  })
  it('permutations hold every number once', () =>
    fc.assert(
      fc.property(keys, fc.nat(40), (k, n) => {
        expect([...permutation(k, n)].sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i))
      })
    ))
})
