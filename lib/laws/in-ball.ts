import { plain } from '../core/plain.js'
import * as fc from 'fast-check'
import { type HostKey, uniforms } from '../core/key.js'
import { option, type OptionKinds } from '../core/options.js'
import { type NdArray, of } from '../core/ndarray.js'
import { requireShape, type Shape, sizeOf } from '../core/shape.js'
import { evaluateOn } from '../graph/evaluate.js'
import type { Tensor } from '../graph/tensor.js'
import { child, keys } from './arbitraries.js'
import {
  law,
  lawKinds,
  lawOptionsOf,
  type LawOptions,
  type LawReport,
  measured,
  type Outcome,
  worstOf
} from './law.js'

/** Whether an array is in a set, and by how many units in the last place of float32 its worst element or sample is not. */
export interface Containment {
  /** Whether the whole array is in the set. */
  readonly inside: boolean
  /** By how many units in the last place of float32 the worst element or sample is outside. */
  readonly worst: number
  /** The position of the worst element; −1 when none is outside. */
  readonly at: number
}

/** The allowance of the checks below, in units in the last place of float32. */
const ULPS = 2

/** The distance from |x| to the next larger float32. */
const ulp = (x: number): number => 2 ** (Math.max(Math.floor(Math.log2(Math.abs(x))), -126) - 23)

/** How far each of `count` parts is outside, in units of its magnitude; parts are `width` elements long. */
const contains = (
  count: number,
  width: number,
  unit: (magnitude: number) => number,
  allowed: number,
  excess: (part: number) => readonly [over: number, magnitude: number]
): Containment => {
  let [worst, at] = [0, -1]
  for (let i = 0; i < count; i++) {
    const [over, magnitude] = excess(i)
    const units = Number.isNaN(over) ? Infinity : over <= 0 ? 0 : over / unit(magnitude)
    if (units > worst) [worst, at] = [units, i * width]
  }
  return { inside: worst <= allowed, worst, at }
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
export const inBall = plain(
  'laws.inBall',
  (centre: NdArray, epsilon: number | NdArray, norm: BallNorm = 'linf') =>
    (x: NdArray): Containment => {
      requireShape('inBall', undefined, x.shape, centre.shape, 'shape')
      const width = sizeOf(centre.shape.slice(1))
      if (norm === 'linf')
        return contains(x.data.length, 1, ulp, ULPS, (i) => {
          const [value, c, radius] = [x.data[i]!, centre.data[i]!, radiusAt(epsilon, Math.floor(i / width))]
          return [Math.abs(value - c) - radius, Math.max(Math.abs(value), Math.abs(c), radius)]
        })
      const length = lengths[norm]
      const unit = (size: number): number => size * 2 ** -23
      return contains(x.data.length / width, width, unit, RELATIVE * 2 ** 23, (r) => {
        const [from, to] = [r * width, (r + 1) * width]
        const offset = Float64Array.from(x.data.subarray(from, to), (v, i) => v - centre.data[from + i]!)
        const radius = radiusAt(epsilon, r)
        return [length(offset) - radius, length(Float64Array.from(centre.data.subarray(from, to))) + radius]
      })
    }
)

/** Whether every element of x is in [low, high], to 2 units in the last place. */
export const inBox = plain(
  'laws.inBox',
  (low: number, high: number) =>
    (x: NdArray): Containment =>
      contains(x.data.length, 1, ulp, ULPS, (i) => [
        Math.max(low - x.data[i]!, x.data[i]! - high),
        Math.max(Math.abs(low), Math.abs(high))
      ])
)

/** The points on which a projection is checked. */
export interface ProjectionOptions extends LawOptions {
  /** The shape of a batch of points, samples first. */
  readonly shape: Shape
  /**
   * Centres are uniform in this interval.
   *
   * @defaultValue [0, 1]
   */
  readonly centres?: readonly [low: number, high: number]
  /**
   * The largest distance of points from the centres; some points are much nearer.
   *
   * @defaultValue 2
   */
  readonly reach?: number
  /**
   * The rounding error allowed, relative to the numbers involved.
   *
   * @defaultValue 1e-6
   */
  readonly tolerance?: number
}

const kinds: OptionKinds<ProjectionOptions> = {
  ...lawKinds,
  shape: option.list,
  centres: option.list,
  reach: option.finite,
  tolerance: option.finite
}

/** Draws the j-th array of a case. */
const drawn =
  (source: HostKey, shape: Shape) =>
  (j: number, low: number, high: number): NdArray =>
    of(
      shape,
      Float64Array.from(uniforms(child(source, j), sizeOf(shape)), (u) => low + (high - low) * u)
    )

const pairwise = (a: NdArray, b: NdArray, f: (a: number, b: number) => number): NdArray =>
  of(
    a.shape,
    Float64Array.from(a.data, (v, i) => f(v, b.data[i]!))
  )

const sub = (a: NdArray, b: NdArray): NdArray => pairwise(a, b, (v, w) => v - w)

/** Inner products of the samples of two batches. */
const inner = ({ shape, data }: NdArray, b: NdArray): readonly number[] => {
  const width = sizeOf(shape.slice(1))
  return Array.from({ length: shape[0]! }, (_, r) => {
    let sum = 0
    for (let i = r * width; i < (r + 1) * width; i++) sum += data[i]! * b.data[i]!
    return sum
  })
}

const size = (a: NdArray): readonly number[] => inner(a, a).map(Math.sqrt)

/**
 * Checks that `(centre, x) => Πx` is the projection onto a convex set around a centre: Π Πx = Πx, no two points move
 * apart, and Πx is the nearest point of the set: ⟨x − Πx, z − Πx⟩ ≤ 0 for every z in it (drawn near Πx and from all of
 * the set). Evaluated in float64, for every sample of a batch.
 *
 * @example
 * import assert from 'node:assert'
 * import { attack, type Tensor } from 'tangentflow'
 * import { isProjection } from 'tangentflow/laws'
 *
 * const project = (c: Tensor, x: Tensor) => attack.ball.l1({ epsilon: 0.5 })(c)(x)
 * assert.equal(isProjection(project, { shape: [2, 5], runs: 10 }).runs, 10)
 */
export const isProjection = (
  project: (centre: Tensor, x: Tensor) => Tensor,
  options: ProjectionOptions
): LawReport => {
  const own = lawOptionsOf('isProjection', kinds, options)
  const { shape, centres = [0, 1], reach = 2, tolerance = 1e-6 } = options
  return law(
    'projection',
    fc.tuple(keys, fc.constantFrom(0.01, 0.1, 0.3, 1)),
    ([source, part]) => {
      const draw = drawn(source, shape)
      const onto = evaluateOn(project)
      const centre = draw(0, ...centres)
      const around = (j: number, radius: number, at: NdArray): NdArray =>
        pairwise(at, draw(j, -radius, radius), (v, w) => v + w)
      const [x, y] = [around(1, reach * part, centre), around(2, reach * part, centre)]
      const [px, py] = [onto(centre, x), onto(centre, y)]
      const bound = tolerance * reach * Math.sqrt(sizeOf(shape))
      const largest = (what: string, errors: readonly number[]): Outcome =>
        measured(what, Math.max(0, ...errors), bound)
      const apart = size(sub(x, y))
      const nearer = (z: NdArray): readonly number[] => inner(sub(x, px), sub(z, px))
      return worstOf([
        largest('a projection applied twice', size(sub(onto(centre, px), px))),
        largest(
          'the distance of two projections',
          size(sub(px, py)).map((d, i) => d - apart[i]!)
        ),
        largest('a projection that is not the nearest point', nearer(py)),
        largest(
          'a projection that is not the nearest point nearby',
          nearer(onto(centre, around(3, 0.05 * part, px)))
        )
      ])
    },
    own
  )
}
