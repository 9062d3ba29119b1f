import * as fc from 'fast-check'
import { derive, type HostKey, uniforms } from '../core/key.js'
import { type NdArray, of } from '../core/ndarray.js'
import { type Shape, sizeOf } from '../core/shape.js'
import { evaluateOn } from '../graph/evaluate.js'
import type { Tensor } from '../graph/tensor.js'
import { keys } from './arbitraries.js'
import { worstOf } from './compare.js'
import { law, type LawOptions, type LawReport, type Outcome } from './law.js'

/** Where a projection is looked at. */
export interface ProjectionOptions extends LawOptions {
  /** The shape of a batch of points, samples first. */
  readonly shape: Shape
  /** Centres are uniform in this interval, [0, 1] unless given. */
  readonly centres?: readonly [low: number, high: number]
  /** Points are this far from the centres at most, 2 unless given, some of them much nearer. */
  readonly reach?: number
  /** What rounding may do, relative to the numbers involved; 1e-6 unless given. */
  readonly tolerance?: number
}

/** Draws the j-th array of a case. */
const drawn =
  (source: HostKey, shape: Shape) =>
  (j: number, low: number, high: number): NdArray =>
    of(
      shape,
      Float64Array.from(
        uniforms(derive(source, { kind: 'split', index: j }), sizeOf(shape)),
        (u) => low + (high - low) * u
      )
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
 * A projection onto a convex set around a centre, `(centre, x) => Πx`, is one: applied twice it is applied once, it moves
 * no two points apart, and Πx is the nearest point of the set: ⟨x − Πx, z − Πx⟩ ≤ 0 for every z in it (taken from the
 * neighbourhood of Πx and from all of the set). Evaluated in float64, for every sample of a batch.
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
  { shape, centres = [0, 1], reach = 2, tolerance = 1e-6, ...options }: ProjectionOptions
): LawReport =>
  law(
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
      const largest = (what: string, errors: readonly number[]): Outcome => ({
        kind: 'measured',
        what,
        error: Math.max(0, ...errors),
        bound
      })
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
    options
  )
