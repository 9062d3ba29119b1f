import * as fc from 'fast-check'
import type { nn } from 'tangentflow'
import { attack, evaluateOn, key, type Key, mask, ndarray } from 'tangentflow'
import { describe, expect, it } from 'vitest'
import { numbers } from '../../support/masks.js'
import { batchOf } from '../../support/networks.js'
import { runs } from '../../support/runs.js'
import { two } from '../../support/two.js'

describe('SNIP over mini-batches', () => {
  const scored = (batch?: number) => (p: nn.Params, b: nn.Batch, k: Key) =>
    mask.score.snip(two.net.apply, batch === undefined ? {} : { batch })(p, b, k)
  const pair = (first: nn.Dataset, second: nn.Dataset): nn.Dataset => ({
    x: ndarray.of([2, 2], [...first.x.data, ...second.x.data]),
    y: ndarray.of([2], [...first.y.data, ...second.y.data])
  })

  it('is the mean of what each of them scores, and all together the score of one batch', () => {
    const [a, b] = [1, 2].map((seed) => batchOf(seed, 1, 2, 2))
    const [one, other] = [a!, b!].map((batch) => numbers(evaluateOn(scored())(two.params, batch, key(0))))
    const both = pair(a!, b!)
    numbers(evaluateOn(scored(1))(two.params, both, key(0))).forEach((score, i) =>
      expect(score).toBeCloseTo((one![i]! + other![i]!) / 2, 12)
    )
    expect(numbers(evaluateOn(scored(2))(two.params, both, key(0)))).toEqual(
      numbers(evaluateOn(scored())(two.params, both, key(0)))
    )
  })

  it('is never below the score of the whole batch', () =>
    fc.assert(
      fc.property(fc.nat({ max: 1e6 }), (seed) => {
        const batch = batchOf(seed, 4, 2, 2)
        const [whole, parts] = [undefined, 2].map((size) =>
          numbers(evaluateOn(scored(size))(two.params, batch, key(0)))
        )
        parts!.forEach((score, i) => expect(score).toBeGreaterThanOrEqual(whole![i]! - 1e-12))
      }),
      { numRuns: runs(50) }
    ))

  it('refuses mini-batches that leave examples over', () =>
    expect(() => evaluateOn(scored(2))(two.params, batchOf(0, 3, 2, 2), key(0))).toThrow(
      /mini-batches into which 3 divides/
    ))

  it('refuses half an example, though three times two thirds of one and a half are three', () =>
    expect(() => evaluateOn(scored(1.5))(two.params, batchOf(0, 3, 2, 2), key(0))).toThrow(
      /mini-batches into which 3 divides, received 1.5/
    ))

  it('keeps inputs in the box of its attack', () => {
    const box = [-1, 2] as const
    const within = attack.pgd({ epsilon: 0.1, steps: 1, stepSize: 0.1, box })
    expect(mask.score.snip(two.net.apply, { attack: within }).box).toBe(box)
  })
})
