import type { NdArray } from '../core/ndarray.js'
import { sameShape, showShape } from '../core/shape.js'
import { fail } from '../core/error.js'

/** Whether an array lies in a set, and by how many units in the last place of float32 its worst element is outside. */
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

/**
 * Whether every element of x is within ε of the centre's, to 2 units in the last place: the L∞ ball of an attack.
 *
 * @example
 * import assert from 'node:assert'
 * import { ndarray } from 'tangentflow'
 * import { inBall } from 'tangentflow/laws'
 *
 * const clean = ndarray.fromNested([0.5, 0.25])
 * assert.ok(inBall(clean, 0.1)(ndarray.fromNested([0.6, 0.2])).inside)
 * assert.deepEqual(inBall(clean, 0.1)(ndarray.fromNested([0.5, 0.4])).at, 1)
 */
export const inBall =
  (centre: NdArray, epsilon: number) =>
  (x: NdArray): Containment =>
    sameShape(x.shape, centre.shape)
      ? contains(x, (value, i) => {
          const c = centre.data[i]!
          return [Math.abs(value - c) - epsilon, Math.max(Math.abs(value), Math.abs(c), epsilon)]
        })
      : fail('ShapeError', 'inBall', `shape ${showShape(centre.shape)}`, showShape(x.shape))

/** Whether every element of x is in [low, high], to 2 units in the last place. */
export const inBox =
  (low: number, high: number) =>
  (x: NdArray): Containment =>
    contains(x, (value) => [Math.max(low - value, value - high), Math.max(Math.abs(low), Math.abs(high))])
