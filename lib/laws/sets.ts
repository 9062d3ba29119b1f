import type { NdArray } from '../core/ndarray.js'
import { sameShape, showShape, sizeOf } from '../core/shape.js'
import { fail } from '../core/error.js'

/** Whether an array lies in a set, and by how many units in the last place of float32 its worst element or sample is outside. */
export interface Containment {
  readonly inside: boolean
  readonly worst: number
  /** The position of the worst element; −1 when none is outside. */
  readonly at: number
}

/** The allowance of the checks below, in units in the last place of float32. */
const ULPS = 2

/** The distance from |x| to the next larger float32. */
const ulp = (x: number): number => 2 ** (Math.max(Math.floor(Math.log2(Math.abs(x))), -126) - 23)

const contains = (
  x: NdArray,
  excess: (value: number, i: number) => readonly [over: number, magnitude: number]
): Containment => {
  let [worst, at] = [0, -1]
  x.data.forEach((value, i) => {
    const [over, magnitude] = excess(value, i)
    const ulps = Number.isNaN(over) ? Infinity : over <= 0 ? 0 : over / ulp(magnitude)
    if (ulps > worst) [worst, at] = [ulps, i]
  })
  return { inside: worst <= ULPS, worst, at }
}

/** The norms of the balls below: the largest magnitude, the root of the sum of squares, the sum of magnitudes. */
export type BallNorm = 'linf' | 'l2' | 'l1'

/** The allowance in L2 and L1, relative to ‖centre‖ + ε. */
const RELATIVE = 1e-6

const lengths: { readonly [N in Exclude<BallNorm, 'linf'>]: (row: Float64Array) => number } = {
  l2: (row) => Math.sqrt(row.reduce((sum, v) => sum + v * v, 0)),
  l1: (row) => row.reduce((sum, v) => sum + Math.abs(v), 0)
}

const radiusAt = (epsilon: number | NdArray, sample: number): number =>
  typeof epsilon === 'number' ? epsilon : epsilon.data[sample]!

/**
 * Whether each sample of x (axis 0) is in the ball of radius ε around the centre's, the ball of an attack: in L∞ to 2
 * units in the last place of |x| + ε, element by element; in L2 and L1 to 1e-6 of ‖centre‖ + ε. The radius may be
 * one for each sample, [n].
 *
 * @example
 * import assert from 'node:assert'
 * import { ndarray } from 'tangentflow'
 * import { inBall } from 'tangentflow/laws'
 *
 * const clean = ndarray.fromNested([0.5, 0.25])
 * assert.ok(inBall(clean, 0.1)(ndarray.fromNested([0.6, 0.2])).inside)
 * assert.deepEqual(inBall(clean, 0.1)(ndarray.fromNested([0.5, 0.4])).at, 1)
 * const rows = ndarray.fromNested([[0, 0], [0, 0]])
 * assert.ok(!inBall(rows, 1, 'l2')(ndarray.fromNested([[0.6, 0.8], [0.6, 0.9]])).inside)
 */
export const inBall =
  (centre: NdArray, epsilon: number | NdArray, norm: BallNorm = 'linf') =>
  (x: NdArray): Containment => {
    if (!sameShape(x.shape, centre.shape))
      return fail('ShapeError', 'inBall', `shape ${showShape(centre.shape)}`, showShape(x.shape))
    const width = sizeOf(centre.shape.slice(1))
    if (norm === 'linf') {
      return contains(x, (value, i) => {
        const c = centre.data[i]!
        const radius = radiusAt(epsilon, Math.floor(i / width))
        return [Math.abs(value - c) - radius, Math.max(Math.abs(value), Math.abs(c), radius)]
      })
    }
    const length = lengths[norm]
    const rows = Array.from({ length: x.data.length / width }, (_, r) => {
      const [from, to] = [r * width, (r + 1) * width]
      const offset = Float64Array.from(x.data.subarray(from, to), (v, i) => v - centre.data[from + i]!)
      const radius = radiusAt(epsilon, r)
      const size = length(Float64Array.from(centre.data.subarray(from, to))) + radius
      return [length(offset) - radius, size] as const
    })
    const ulps = rows.map(([over, size]) =>
      Number.isNaN(over) ? Infinity : over <= 0 ? 0 : over / (size * 2 ** -23)
    )
    const worst = Math.max(...ulps)
    return {
      inside: worst <= RELATIVE * 2 ** 23,
      worst,
      at: worst === 0 ? -1 : ulps.indexOf(worst) * width
    }
  }

/** Whether every element of x is in [low, high], to 2 units in the last place. */
export const inBox =
  (low: number, high: number) =>
  (x: NdArray): Containment =>
    contains(x, (value) => [Math.max(low - value, value - high), Math.max(Math.abs(low), Math.abs(high))])
