import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  attack,
  evaluateOn,
  key,
  type Key,
  type NdArray,
  ndarray,
  normals,
  type Tensor,
  uniforms
} from 'tangentflow'
import { inBall, inBox, isProjection } from 'tangentflow/laws'
import { evaluateGraph } from '../../lib/graph/evaluate.js'
import { hostLeaves } from '../../lib/graph/spec.js'
import { trace } from '../../lib/graph/trace.js'
import { ballAround, geometry } from '../../lib/attack/ball.js'
import { runs } from '../support/runs.js'
import { norms, right } from './support.js'

const onto =
  (norm: attack.Norm, epsilon: number, box: attack.Box = [0, 1]) =>
  (centre: Tensor, x: Tensor): Tensor =>
    attack.ball[norm]({ epsilon, box })(centre)(x)

const wide: attack.Box = [-100, 100]

/** Σ min(max(|d| − λ, 0), room) over sorted breakpoints: the multiplier of the L1 ball ∩ box, exactly. */
const exactL1 = (d: readonly number[], room: readonly number[], epsilon: number): readonly number[] => {
  const at = (lambda: number): number[] =>
    d.map((v, i) => Math.min(Math.max(Math.abs(v) - lambda, 0), room[i]!))
  const total = (lambda: number): number => at(lambda).reduce((a, b) => a + b, 0)
  const signed = (lambda: number): number[] => at(lambda).map((v, i) => Math.sign(d[i]!) * v)
  if (total(0) <= epsilon) return signed(0)
  const breaks = [...d.map(Math.abs), ...d.map((v, i) => Math.abs(v) - room[i]!), 0]
    .filter((b) => b >= 0)
    .sort((a, b) => a - b)
  const above = breaks.findIndex((b) => total(b) <= epsilon)
  const [from, to] = [breaks[above - 1]!, breaks[above]!]
  const [high, low] = [total(from), total(to)]
  return signed(from + ((high - epsilon) / (high - low)) * (to - from))
}

describe('projections', () => {
  it.each([
    ['linf', 0.3, [0, 1]],
    ['l1', 0.7, [0, 1]],
    ['l1', 0.7, wide],
    ['l2', 0.6, wide],
    ['l1', 0, [0, 1]],
    ['l2', 0, [0, 1]]
  ] as const)('%s with ε = %d is the nearest point of the ball in the box %j', (norm, epsilon, box) => {
    isProjection(onto(norm, epsilon, box), { shape: [3, 5], runs: runs(60) })
  })

  it('L2 in the unit box is applied once, and moves no two points apart', () => {
    // not the nearest point of the intersection: the law is measured without that part where no face is met
    isProjection(onto('l2', 0.2), { shape: [3, 5], centres: [0.3, 0.7], runs: runs(40) })
    const project = evaluateOn(onto('l2', 0.6))
    for (let seed = 0; seed < runs(40); seed++) {
      const draw = (k: number): NdArray =>
        ndarray.of(
          [2, 5],
          normals(key(3 * seed + k), 10).map((z) => 0.5 + z)
        )
      const centre = ndarray.of([2, 5], uniforms(key(3 * seed), 10))
      const [p, q] = [project(centre, draw(1)), project(centre, draw(2))]
      const again = project(centre, p)
      const far = (a: NdArray, b: NdArray): number =>
        Math.hypot(...Array.from(a.data, (v, i) => v - b.data[i]!))
      expect(far(again, p)).toBeLessThan(1e-12)
      expect(far(p, q)).toBeLessThanOrEqual(far(draw(1), draw(2)) + 1e-12)
    }
  })

  it('L1 agrees with the exact multiplier, found by sorting', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }).chain((n) =>
          fc.record({
            c: fc.array(fc.float({ min: 0, max: 1, noNaN: true }), { minLength: n, maxLength: n }),
            d: fc.array(fc.float({ min: -3, max: 3, noNaN: true }), { minLength: n, maxLength: n }),
            epsilon: fc.double({ min: 0, max: 4, noNaN: true })
          })
        ),
        ({ c, d, epsilon }) => {
          const x = c.map((v, i) => v + d[i]!)
          const out = evaluateOn(onto('l1', epsilon))(ndarray.fromNested([c]), ndarray.fromNested([x]))
          const offset = x.map((v, i) => v - c[i]!)
          const room = c.map((v, i) => (offset[i]! > 0 ? 1 - v : v))
          exactL1(offset, room, epsilon).forEach((v, i) => expect(out.data[i]).toBeCloseTo(c[i]! + v, 6))
        }
      ),
      { numRuns: runs(200) }
    )
  })

  it.each(norms)('%s stays inside in float32, for large and small samples and radii', (norm) => {
    for (const [size, epsilon] of [
      [4, 0.5],
      [784, 8 / 255],
      [784, 2],
      [784, 12],
      [3072, 1e-3],
      [5, 0]
    ] as const) {
      const shape = [2, size]
      const centre = ndarray.of(shape, uniforms(key(size), 2 * size))
      const x = ndarray.of(shape, normals(key(size + 1), 2 * size))
      const { graph } = right(trace(onto(norm, epsilon), [centre, x]))
      const [out] = evaluateGraph(graph, hostLeaves('spec', [centre, x]), 'float32')
      expect(inBall(centre, epsilon, norm)(out!)).toMatchObject({ inside: true })
      expect(inBox(0, 1)(out!).inside).toBe(true)
      if (epsilon === 0) expect(Array.from(out!.data)).toEqual(Array.from(centre.data))
    }
  })

  it('refuse bad radii and boxes with a typed error', () => {
    for (const norm of norms) {
      const traced = (options: attack.BallOptions) =>
        trace((c: Tensor) => attack.ball[norm](options)(c)(c), [ndarray.zeros([2, 3])])
      expect(traced({ epsilon: -1 })).toMatchObject({
        left: { operation: `attack.ball.${norm}`, where: 'epsilon' }
      })
      expect(traced({ epsilon: 1, box: [1, 1] })).toMatchObject({ left: { where: 'box' } })
    }
    const radius = trace(
      (c: Tensor, e: Tensor) => attack.ball.l2({ epsilon: e })(c)(c),
      [ndarray.zeros([2, 3]), ndarray.zeros([3])]
    )
    expect(radius).toMatchObject({ left: { _tag: 'ShapeError', where: 'epsilon' } })
  })
})

describe('noise', () => {
  it.each(norms)('is uniform in the %s ball: the part within r of the centre is r^d', (norm) => {
    const [n, d] = [4000, 3]
    const centre = ndarray.zeros([n, d])
    const draw = (c: Tensor, k: Key): Tensor =>
      geometry[norm].noise(ballAround('spec', { epsilon: 2 }, c), undefined, k)
    const { data } = evaluateOn(draw)(centre, key(1))
    const length = (row: Float64Array): number =>
      ({
        linf: Math.max(...row.map(Math.abs)),
        l2: Math.hypot(...row),
        l1: row.reduce((s, v) => s + Math.abs(v), 0)
      })[norm]
    const rows = Array.from({ length: n }, (_, i) => Float64Array.from(data.subarray(d * i, d * i + d)))
    expect(rows.every((row) => length(row) <= 2 * (1 + 1e-9))).toBe(true)
    for (const r of [0.5, 0.7, 0.9]) {
      const inside = rows.filter((row) => length(row) <= 2 * r).length / n
      // four standard deviations of a proportion of 4000
      expect(Math.abs(inside - r ** d)).toBeLessThan(4 * Math.sqrt((r ** d * (1 - r ** d)) / n))
    }
    for (let axis = 0; axis < d; axis++) {
      const mean = rows.reduce((s, row) => s + row[axis]!, 0) / n
      expect(Math.abs(mean)).toBeLessThan((4 * 2) / Math.sqrt(n))
    }
  })
})
