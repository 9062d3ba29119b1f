import * as fc from 'fast-check'
import type { nn } from 'tangentflow'
import {
  type Concrete,
  evaluateOn,
  grad,
  key,
  type Key,
  mask,
  ndarray,
  ops,
  type Tensor,
  tree
} from 'tangentflow'
import { describe, expect, it } from 'vitest'
import { numbers } from '../support/masks.js'

/** Scores of two layers that differ by at least .05 from one another. */
const scores: fc.Arbitrary<Concrete<nn.Weights>> = fc
  .uniqueArray(fc.integer({ min: -40, max: 40 }), { minLength: 4, maxLength: 12 })
  .chain((values) =>
    fc.integer({ min: 2, max: values.length - 2 }).map((cut) =>
      [values.slice(0, cut), values.slice(cut)].map((part) => ({
        w: ndarray.of(
          [part.length, 1],
          part.map((v) => v / 20)
        )
      }))
    )
  )

const keeps = fc.record({
  density: fc.double({ min: 0.3, max: 1, noNaN: true }),
  layers: fc.constantFrom('global' as const, 'uniform' as const)
})

const softAt = (made: mask.Parametrisation, s: Concrete<nn.Weights>, t: number, seed = 0) =>
  numbers(
    evaluateOn((scored: nn.Weights, progress: Tensor, k: Key) => made.soft(scored, progress, k))(
      s,
      ndarray.scalar(t),
      key(seed)
    )
  )

const hardOf = (made: mask.Parametrisation, s: Concrete<nn.Weights>) =>
  numbers(evaluateOn((scored: nn.Weights) => made.hard(scored))(s))

describe('parametrisations', () => {
  it('straight-through is the hard mask forward and the identity backward', () =>
    fc.assert(
      fc.property(scores, keeps, (s, keep) => {
        const made = mask.parametrisation.straightThrough(keep)
        expect(softAt(made, s, 0.5)).toEqual(hardOf(made, s))
        const weighted = (scored: nn.Weights, c: nn.Weights, t: Tensor, k: Key): Tensor =>
          tree
            .tensors(made.soft(scored, t, k))
            .map((m, l) => ops.dot(tree.tensors(c)[l]!)(m))
            .reduce((a, b) => ops.add(b)(a))
        expect(numbers(evaluateOn(grad(weighted))(s, s, ndarray.scalar(0), key(0)))).toEqual(numbers(s))
      })
    ))

  it('gradual is the hard mask of a density that falls by the cube, with the identity backward', () =>
    fc.assert(
      fc.property(
        scores,
        keeps,
        fc.integer({ min: 1, max: 5 }),
        fc.double({ min: 0.1, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (s, keep, levels, until, t) => {
          const made = mask.parametrisation.gradual(keep, { levels, until })
          // at float32, as the program compares
          const passed = Array.from({ length: levels }, (_, i) => (until * (i + 1)) / levels)
          fc.pre(passed.every((bound) => Math.abs(bound - t) > 1e-6))
          const left = 1 - passed.filter((bound) => t >= bound).length / levels
          const density = keep.density + (1 - keep.density) * left ** 3
          const soft = softAt(made, s, t)
          expect(soft).toEqual(hardOf(mask.parametrisation.straightThrough({ ...keep, density }), s))
          expect(softAt(made, s, 1)).toEqual(hardOf(made, s))
          const weighted = (scored: nn.Weights, p: Tensor, k: Key): Tensor =>
            tree
              .tensors(made.soft(scored, p, k))
              .map((m) => ops.scale(3)(ops.sum()(m)))
              .reduce((a, b) => ops.add(b)(a))
          const gradient = numbers(evaluateOn(grad(weighted))(s, ndarray.scalar(t), key(0)))
          expect(gradient).toEqual(soft.map(() => 3))
        }
      )
    ))

  it.each(['sigmoid', 'hardConcrete'] as const)('%s tends to the hard mask as it cools', (name) =>
    fc.assert(
      fc.property(scores, keeps, fc.nat(), (s, keep, seed) => {
        const made = mask.parametrisation[name](keep, { from: 1, to: 1e-4 })
        const want = hardOf(made, s)
        softAt(made, s, 1, seed).forEach((m, i) => expect(m).toBeCloseTo(want[i]!, 6))
        const warm = softAt(made, s, 0, seed)
        for (const m of warm) expect(m >= 0 && m <= 1).toBe(true)
      })
    )
  )

  it('the expected density of hard concrete is the share that is not 0, over many draws', () => {
    const s = [{ w: ndarray.fromNested([[0.4, 0.1, -0.3, 1.2]]) }, { w: ndarray.fromNested([[0.2], [-0.9]]) }]
    const keep = { density: 0.5 }
    const made = mask.parametrisation.hardConcrete(keep)
    const draws = Array.from({ length: 400 }, (_, seed) => {
      const drawn = softAt(made, s, 0.25, seed)
      return drawn.filter((m) => m !== 0).length / drawn.length
    })
    const mean = draws.reduce((a, b) => a + b, 0) / draws.length
    const deviation = Math.sqrt(draws.reduce((a, b) => a + (b - mean) ** 2, 0) / (draws.length - 1))
    const expected = ndarray.toNumber(
      evaluateOn((scored: nn.Weights, t: Tensor) => mask.parametrisation.expectedDensity(keep)(scored, t))(
        s,
        ndarray.scalar(0.25)
      )
    )
    expect(Math.abs(mean - expected)).toBeLessThan(4 * (deviation / Math.sqrt(draws.length)))
  })

  it('refuse temperatures and constants that make no mask', () => {
    expect(() => mask.parametrisation.sigmoid({ density: 0.5 }, { to: 0 })).toThrow('to')
    expect(() => mask.parametrisation.hardConcrete({ density: 0.5 }, { gamma: 0.1 })).toThrow('γ < 0')
    expect(() => mask.parametrisation.hardConcrete({ density: 0.5 }, { zeta: 1 })).toThrow('ζ > 1')
    expect(() => mask.parametrisation.hardConcrete({ density: 0.5 }, { gamma: 0 })).toThrow('γ < 0')
    expect(() => mask.parametrisation.hardConcrete({ density: 0.5 }, { beta: 0 })).toThrow('β > 0')
    for (const levels of [0, 10_001])
      expect(() => mask.parametrisation.gradual({ density: 0.5 }, { levels })).toThrow('levels')
    for (const until of [0, 1.1, NaN])
      expect(() => mask.parametrisation.gradual({ density: 0.5 }, { until })).toThrow('a share in (0, 1]')
  })
})
