import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type NdArray, ndarray, ntk } from 'tangentflow'
import { relativeError } from '../../support/networks.js'
import { runs } from '../../support/runs.js'
import { kernelsOf, normalArray } from '../../support/infinite.js'

const { dense, erf, relu, serial } = ntk.infinite

/** Two inputs at 60 degrees, of length √(d/2): units have variance 1 when σ_w² = 2. */
const sixty = ndarray.fromNested([
  [1, 0],
  [0.5, Math.sqrt(0.75)]
])

const deep = (hidden: number): ntk.infinite.InfiniteNetwork =>
  serial(...Array.from({ length: hidden }, () => [dense(), relu]).flat(), dense())

/** The recursion of Jacot et al. for relu and erf in plain numbers, one pair of inputs at a time. */
const plain = (
  kind: 'relu' | 'erf',
  depth: number,
  sigmaW: number,
  sigmaB: number,
  x: readonly number[],
  y: readonly number[]
): readonly [number, number] => {
  const inner = (a: readonly number[], b: readonly number[]): number =>
    a.reduce((s, v, i) => s + v * b[i]!, 0) / a.length
  const affine = (k: number): number => sigmaW ** 2 * k + sigmaB ** 2
  const dual = (q: number, r: number, k: number): readonly [number, number] => {
    if (kind === 'erf') {
      const root = (1 + 2 * q) * (1 + 2 * r)
      const sine = (2 * k) / Math.sqrt(root)
      return [(2 / Math.PI) * Math.asin(sine), 4 / Math.PI / Math.sqrt(root - 4 * k * k)]
    }
    const angle = Math.acos(Math.max(-1, Math.min(1, k / Math.sqrt(q * r))))
    const value = Math.sqrt(q * r) * (Math.sin(angle) + (Math.PI - angle) * Math.cos(angle))
    return [value / (2 * Math.PI), (Math.PI - angle) / (2 * Math.PI)]
  }
  let [q, r, k] = [affine(inner(x, x)), affine(inner(y, y)), affine(inner(x, y))]
  let theta = k
  for (let layer = 0; layer < depth; layer++) {
    const [value, slope] = dual(q, r, k)
    ;[q, r] = [affine(dual(q, q, q)[0]), affine(dual(r, r, r)[0])]
    k = affine(value)
    theta = k + sigmaW ** 2 * slope * theta
  }
  return [k, theta]
}

const rowsOf = ({ shape, data }: NdArray): readonly (readonly number[])[] =>
  Array.from({ length: shape[0]! }, (_, i) => [...data.subarray(i * shape[1]!, (i + 1) * shape[1]!)])

describe('hand-worked kernels', () => {
  it.each([
    [1, 0.608998, 0.942331],
    [3, 0.738128, 1.737845]
  ])('relu, %i hidden layers, 60 degrees', (hidden, nngp, theta) => {
    const value = kernelsOf(deep(hidden), sixty)
    expect(Math.abs(value.nngp.data[1]! - nngp)).toBeLessThan(5e-7)
    expect(Math.abs(value.ntk.data[1]! - theta)).toBeLessThan(5e-7)
    expect(value.nngp.data[0]).toBeCloseTo(1, 12)
    expect(value.ntk.data[0]).toBeCloseTo(hidden + 1, 12)
  })

  it('erf at q = q′ = 1, c = 1/2: K and, with Θ = 1/2 before, K̇/2', () => {
    const { nngp, ntk: theta } = kernelsOf(serial(dense(), erf), sixty)
    expect(Math.abs(nngp.data[1]! - 0.216347)).toBeLessThan(5e-7)
    expect(Math.abs(theta.data[1]! * 2 - 0.450158)).toBeLessThan(5e-7)
  })

  it('a linear network: K = (σ_w²/d) x·x′ + σ_b², Θ = K, and each further layer Θ = K + σ_w² Θ', () => {
    const x = ndarray.fromNested([[3, 4]])
    const one = kernelsOf(serial(dense({ sigmaW: 2, sigmaB: 3 })), x)
    expect([one.nngp.data[0], one.ntk.data[0]]).toEqual([(4 / 2) * 25 + 9, (4 / 2) * 25 + 9])
    const two = kernelsOf(serial(dense({ sigmaW: 2, sigmaB: 3 }), dense({ sigmaW: 0.5, sigmaB: 1 })), x)
    expect([two.nngp.data[0], two.ntk.data[0]]).toEqual([0.25 * 59 + 1, 0.25 * 59 + 1 + 0.25 * 59])
  })
})

describe('the recursion', () => {
  it('is Θ = K + σ_w² K̇ ∘ Θ, computed independently in plain numbers', () =>
    fc.assert(
      fc.property(
        fc.constantFrom('relu' as const, 'erf' as const),
        fc.integer({ min: 1, max: 5 }),
        fc.double({ min: 0.5, max: 2, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.nat({ max: 1e6 }),
        (kind, depth, sigmaW, sigmaB, seed) => {
          const [x, y] = [normalArray(seed, [2, 4]), normalArray(seed + 1, [3, 4])]
          const layer = kind === 'relu' ? relu : erf
          const hidden = Array.from({ length: depth }, () => [dense({ sigmaW, sigmaB }), layer]).flat()
          const got = kernelsOf(serial(...hidden, dense({ sigmaW, sigmaB })), x, y)
          const wanted = rowsOf(x).flatMap((a) =>
            rowsOf(y).map((b) => plain(kind, depth, sigmaW, sigmaB, a, b))
          )
          const array = (part: 0 | 1): NdArray =>
            ndarray.of(
              [2, 3],
              wanted.map((pair) => pair[part])
            )
          expect(relativeError(got.nngp, array(0))).toBeLessThan(1e-10)
          expect(relativeError(got.ntk, array(1))).toBeLessThan(1e-10)
        }
      ),
      { numRuns: runs(60) }
    ))
})
