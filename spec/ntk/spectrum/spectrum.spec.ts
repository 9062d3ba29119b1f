import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ndarray, ntk } from 'tangentflow'
import { identity, kernelOf, left, linearCases, mapped, productOf, right } from '../../support/kernels.js'

const seeds = fc.nat({ max: 1e6 })
const sizes = fc.integer({ min: 2, max: 6 })

describe('spectrum', () => {
  it('sums to the trace, is orthonormal and rebuilds the kernel', () =>
    fc.assert(
      fc.property(linearCases, ({ train, examples, outputs }) => {
        const kernel = productOf(train, train)
        const { values, vectors } = right(ntk.spectrum(kernel))
        const width = examples * outputs
        expect(vectors.shape).toEqual([width, examples, outputs])
        expect(values.every((value, k) => k === 0 || value <= values[k - 1]!)).toBe(true)
        const element = (i: number, a: number, j: number, b: number): number =>
          kernel.data[((i * examples + j) * outputs + a) * outputs + b]!
        let trace = 0
        for (let i = 0; i < examples; i++) for (let a = 0; a < outputs; a++) trace += element(i, a, i, a)
        expect(values.reduce((sum, value) => sum + value, 0)).toBeCloseTo(trace, 8)
        for (let r = 0; r < width; r++)
          for (let c = 0; c < width; c++) {
            let [entry, inner] = [0, 0]
            for (let k = 0; k < width; k++) {
              entry += values[k]! * vectors.data[k * width + r]! * vectors.data[k * width + c]!
              inner += vectors.data[r * width + k]! * vectors.data[c * width + k]!
            }
            expect(inner).toBeCloseTo(r === c ? 1 : 0, 10)
            const [i, a] = [Math.floor(r / outputs), r % outputs]
            const [j, b] = [Math.floor(c / outputs), c % outputs]
            expect(entry).toBeCloseTo(element(i, a, j, b), 8)
          }
      })
    ))

  it('has the modes of each output of a diag kernel, at its place', () => {
    const kernel = ndarray.of([2, 2, 2], [3, 5, 0, 0, 0, 0, 1, 7])
    const { values, vectors } = right(ntk.spectrum(kernel))
    expect(values).toEqual([7, 5, 3, 1])
    const places = [3, 1, 0, 2]
    places.forEach((place, k) => {
      for (let i = 0; i < 4; i++) expect(Math.abs(vectors.data[k * 4 + i]!)).toBe(i === place ? 1 : 0)
    })
  })

  it('is that of the symmetric part, where rounding has left another', () => {
    const values = (upper: number, lower: number): readonly number[] =>
      right(
        ntk.spectrum(
          ndarray.fromNested([
            [1, upper],
            [lower, 1]
          ])
        )
      ).values
    const parted = values(0.5 + 4e-6, 0.5 - 4e-6)
    values(0.5, 0.5).forEach((value, k) => expect(parted[k]).toBeCloseTo(value, 12))
  })

  it('keeps its digits at any scale, and shows a negative eigenvalue', () => {
    for (const scale of [1e-200, 1e-30, 1, 1e200]) {
      const { values } = right(
        ntk.spectrum(
          mapped(
            ndarray.fromNested([
              [2, 1],
              [1, 2]
            ]),
            (x) => x * scale
          )
        )
      )
      expect(values[0]! / scale).toBeCloseTo(3, 12)
      expect(values[1]! / scale).toBeCloseTo(1, 12)
    }
    expect(
      right(
        ntk.spectrum(
          ndarray.fromNested([
            [0, 1],
            [1, 0]
          ])
        )
      ).values[1]
    ).toBeCloseTo(-1, 12)
    expect(
      left(
        ntk.spectrum(
          ndarray.fromNested([
            [0, 1],
            [0, 0]
          ])
        )
      )._tag
    ).toBe('ArgumentError')
  })
})

describe('modeResiduals', () => {
  it('sum to the residual, and fall as e^{−2ηλt/N} under flow', () =>
    fc.assert(
      fc.property(
        linearCases,
        fc.double({ min: 0, max: 2, noNaN: true }),
        ({ train, targets, examples }, t) => {
          const kernel = productOf(train, train)
          const zeros = mapped(targets, () => 0)
          const before = right(ntk.modeResiduals(kernel, zeros, targets))
          const whole = Array.from(targets.data).reduce((sum, y) => sum + y * y, 0)
          expect(before.reduce((sum, { energy }) => sum + energy, 0)).toBeCloseTo(whole, 9)
          expect(before.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 9)
          const later = right(ntk.predictMse(kernel, targets, { times: [t] })).train[0]!
          right(ntk.modeResiduals(kernel, later, targets)).forEach(({ eigenvalue, energy }, k) => {
            expect(eigenvalue).toBe(before[k]!.eigenvalue)
            const rate = (2 * Math.max(0, eigenvalue) * t) / examples
            expect(energy).toBeCloseTo(before[k]!.energy * Math.exp(-rate), 8)
          })
        }
      )
    ))

  it('counts every output of a kernel [n, n] in its one mode, and one of a diag kernel in its own', () => {
    const kernel = ndarray.fromNested([
      [2, 0],
      [0, 1]
    ])
    const targets = ndarray.fromNested([
      [3, 4],
      [0, 2]
    ])
    const found = right(ntk.modeResiduals(kernel, ndarray.zeros([2, 2]), targets))
    expect(found).toEqual([
      { eigenvalue: 2, energy: 25, share: 25 / 29 },
      { eigenvalue: 1, energy: 4, share: 4 / 29 }
    ])
    const diag = ndarray.of([2, 2, 2], [3, 5, 0, 0, 0, 0, 1, 7])
    const each = right(ntk.modeResiduals(diag, ndarray.zeros([2, 2]), targets))
    expect(each.map(({ eigenvalue, energy }) => [eigenvalue, energy])).toEqual([
      [7, 4],
      [5, 16],
      [3, 9],
      [1, 0]
    ])
    const none = right(ntk.modeResiduals(kernel, targets, targets))
    expect(none.map(({ share }) => share)).toEqual([0, 0])
  })

  it('has the shares of residuals whose squares float64 does not hold', () => {
    const kernel = ndarray.fromNested([
      [2, 0],
      [0, 1]
    ])
    for (const s of [1e-200, 1, 1e200]) {
      const at = (...values: number[]) =>
        ndarray.of(
          [2],
          Float64Array.from(values, (v) => v * s)
        )
      const shares = right(ntk.modeResiduals(kernel, at(3, 0), at(0, 1))).map(({ share }) =>
        share.toFixed(12)
      )
      expect(shares).toEqual(['0.900000000000', '0.100000000000'])
    }
  })
})

describe('effectiveRank', () => {
  const measures = ['entropy', 'participation'] as const

  it('is 1 for rank one, n for the identity, and between for the rest; scale does not change it', () =>
    fc.assert(
      fc.property(seeds, sizes, fc.double({ min: 0.01, max: 100, noNaN: true }), (seed, n, scale) => {
        for (const measure of measures) {
          expect(right(ntk.effectiveRank(kernelOf(seed, n, 1), measure))).toBeCloseTo(1, 9)
          expect(right(ntk.effectiveRank(identity(n), measure))).toBeCloseTo(n, 9)
          const kernel = kernelOf(seed, n, n)
          const rank = right(ntk.effectiveRank(kernel, measure))
          expect(rank).toBeGreaterThan(1)
          expect(rank).toBeLessThan(n)
          const larger = right(
            ntk.effectiveRank(
              mapped(kernel, (x) => scale * x),
              measure
            )
          )
          expect(larger).toBeCloseTo(rank, 8)
        }
        // order 2 weighs less what is small than order 1
        const kernel = kernelOf(seed, n, n)
        expect(right(ntk.effectiveRank(kernel, 'participation'))).toBeLessThanOrEqual(
          right(ntk.effectiveRank(kernel, 'entropy')) + 1e-9
        )
      })
    ))

  it('meets numbers worked by hand, and refuses zeros', () => {
    const kernel = ndarray.fromNested([
      [3, 0],
      [0, 1]
    ])
    expect(right(ntk.effectiveRank(kernel))).toBeCloseTo(Math.exp(2 * Math.log(2) - 0.75 * Math.log(3)), 12)
    expect(right(ntk.effectiveRank(kernel, 'participation'))).toBeCloseTo(1.6, 12)
    expect(left(ntk.effectiveRank(ndarray.zeros([2, 2])))._tag).toBe('ArgumentError')
  })
})
