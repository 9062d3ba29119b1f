import * as E from 'fp-ts/lib/Either.js'
import * as fc from 'fast-check'
import type { nn } from 'tangentflow'
import {
  type Concrete,
  evaluateOn,
  grad,
  mask,
  ndarray,
  type NdArray,
  ops,
  spec,
  type Tensor,
  trace
} from 'tangentflow'
import { describe, expect, it } from 'vitest'
import { numbers } from '../support/masks.js'
import { runs } from '../support/runs.js'

const scoresOf = (sizes: readonly number[], values: readonly number[]): Concrete<nn.Weights> => {
  let at = 0
  return sizes.map((n) => ({ w: ndarray.of([n, 1], values.slice(at, (at += n))) }))
}

const shapesAndScores = fc
  .array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 4 })
  .chain((sizes) => {
    const total = sizes.reduce((a, b) => a + b, 0)
    return fc.record({
      sizes: fc.constant(sizes),
      // few distinct values, so that ties are common
      values: fc.array(fc.integer({ min: -2, max: 2 }), { minLength: total, maxLength: total }),
      k: fc.integer({ min: 1, max: total })
    })
  })

describe('top-k', () => {
  it('keeps exactly k, the largest, and of equal ones the first', () =>
    fc.assert(
      fc.property(shapesAndScores, ({ sizes, values, k }) => {
        const kept = numbers(evaluateOn((s: nn.Weights) => mask.topK(k)(s))(scoresOf(sizes, values)))
        const order = values.map((_, i) => i).sort((a, b) => values[b]! - values[a]! || a - b)
        const expected = new Array<number>(values.length).fill(0)
        for (const i of order.slice(0, k)) expected[i] = 1
        expect(kept).toEqual(expected)
      })
    ))

  it('per layer keeps the count of each layer', () =>
    fc.assert(
      fc.property(shapesAndScores, fc.nat(), ({ sizes, values }, seed) => {
        const counts = sizes.map((n, l) => 1 + ((seed + l) % n))
        const kept = evaluateOn((s: nn.Weights) => mask.topKPerLayer(counts)(s))(scoresOf(sizes, values))
        expect(mask.countKept(kept).map((layer) => layer.kept)).toEqual(counts)
      })
    ))

  it('passes the mask’s gradient to the scores, or none', () =>
    fc.assert(
      fc.property(shapesAndScores, ({ sizes, values, k }) => {
        const scores = scoresOf(sizes, values)
        const weights = scoresOf(
          sizes,
          values.map((_, i) => i + 1)
        )
        const value =
          (derivative: 'identity' | 'zero') =>
          (s: nn.Weights, c: nn.Weights): Tensor =>
            mask
              .topK(k, { derivative })(s)
              .map(({ w }, l) => ops.dot(c[l]!.w!)(w!))
              .reduce((a, b) => ops.add(b)(a))
        expect(evaluateOn(grad(value('identity')))(scores, weights)).toEqual(weights)
        expect(numbers(evaluateOn(grad(value('zero')))(scores, weights)).every((g) => g === 0)).toBe(true)
      })
    ))

  it('refuses k = 0 and k beyond the weights', () => {
    for (const k of [0, 7, 1.5]) {
      const traced = trace((s: nn.Weights) => mask.topK(k)(s), [[{ w: spec([2, 3]) }]])
      expect(E.isLeft(traced) && traced.left._tag).toBe('ArgumentError')
    }
  })
})

describe('choosing on the host', () => {
  const scored = fc.record({
    values: fc.array(fc.integer({ min: -2, max: 2 }), { minLength: 4, maxLength: 20 }),
    cut: fc.nat(),
    density: fc.double({ min: 0.3, max: 1, noNaN: true })
  })
  const split = (values: readonly number[], cut: number): Concrete<nn.Weights> => {
    const at = 2 + (cut % (values.length - 3))
    return [values.slice(0, at), values.slice(at)].map((part) => ({ w: ndarray.of([part.length, 1], part) }))
  }

  it('keeps what the program keeps, at any density, under ties', () =>
    fc.assert(
      fc.property(scored, ({ values, cut, density }) => {
        const scores = split(values, cut)
        const total = Math.round(density * values.length)
        expect(numbers(mask.topKMaskOf({ layers: 'global', density })(scores))).toEqual(
          numbers(evaluateOn((s: nn.Weights) => mask.topK(total)(s))(scores))
        )
        const counts = mask.uniformCounts(density)(scores.map(({ w }) => w!.shape))
        for (const layers of ['uniform' as const, counts])
          expect(numbers(mask.topKMaskOf({ layers, density })(scores))).toEqual(
            numbers(evaluateOn((s: nn.Weights) => mask.topKPerLayer(counts)(s))(scores))
          )
      })
    ))

  it('names the layers that it empties', () => {
    const scores = split([5, 6, 1, 2], 0)
    expect(mask.emptyLayers(mask.topKMaskOf({ layers: 'global', density: 0.5 })(scores))).toEqual([1])
    expect(mask.emptyLayers(mask.topKMaskOf({ layers: 'uniform', density: 0.5 })(scores))).toEqual([])
  })

  it('refuses scores that are no numbers, and counts that do not fit', () => {
    const scores = split([5, 6, NaN, 2], 0)
    expect(() => mask.topKMaskOf({ layers: 'global', density: 0.5 })(scores)).toThrow('[1].w, 0')
    for (const layers of [[1], [0, 1], [3, 1], [1.5, 1]])
      expect(() => mask.topKMaskOf({ layers, density: 0.5 })(split([5, 6, 1, 2], 0))).toThrow('ArgumentError')
  })
})

describe('exactly as many as asked for', () => {
  const tied = fc
    .record({
      sizes: fc.array(fc.tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 6 })), {
        minLength: 1,
        maxLength: 4
      }),
      biases: fc.boolean(),
      values: fc.array(fc.constantFrom(-1, 0, -0, 1, Infinity), { minLength: 1, maxLength: 5 }),
      density: fc.double({ min: 0, minExcluded: true, max: 1, noNaN: true })
    })
    .map(({ sizes, biases, values, density }) => ({
      density,
      scores: sizes.map(([a, b]) => {
        const of = (shape: readonly number[]): NdArray =>
          ndarray.of(
            shape,
            Array.from({ length: shape.reduce((x, y) => x * y, 1) }, (_, i) => values[i % values.length]!)
          )
        return { w: of([a, b]), ...(biases ? { b: of([b]) } : {}) }
      })
    }))

  it('are kept of all together, at any density and under ties', () =>
    fc.assert(
      fc.property(tied, ({ scores, density }) => {
        const total = numbers(scores).length
        const k = Math.round(density * total)
        const choose = () => mask.topKMaskOf({ layers: 'global', density })(scores)
        if (k === 0) expect(choose).toThrow('a density that keeps one')
        else expect(mask.countKept(choose()).reduce((sum, { kept }) => sum + kept, 0)).toBe(k)
      }),
      { numRuns: runs(300) }
    ))

  it.each([
    ['uniform', mask.uniformCounts],
    ['erk', mask.erkCounts]
  ] as const)('are kept of each leaf, %s', (layers, countsOf) =>
    fc.assert(
      fc.property(tied, ({ scores, density }) => {
        const choose = () => mask.topKMaskOf({ layers, density })(scores)
        const shapes = mask.weightShapes(scores)
        const sizes = shapes.map((shape) => shape.reduce((a, b) => a * b, 1))
        const [total, k] = [sizes.reduce((a, b) => a + b, 0), (n: number) => Math.round(density * n)]
        const counts = E.tryCatch(() => countsOf(density)(shapes), String)
        if (E.isLeft(counts)) expect(choose).toThrow('ArgumentError')
        else {
          expect(mask.countKept(choose()).map(({ kept }) => kept)).toEqual(counts.right)
          if (layers === 'uniform') expect(counts.right).toEqual(sizes.map(k))
          else expect(counts.right.reduce((a, b) => a + b, 0)).toBe(k(total))
        }
      }),
      { numRuns: runs(300) }
    )
  )
})
