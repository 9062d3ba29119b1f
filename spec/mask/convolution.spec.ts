import type { nn } from 'tangentflow'
import { attack, type Concrete, type Engine, key, mask, type NdArray, openEngine, train } from 'tangentflow'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { right } from '../support/either.js'
import { batchOf, convolved } from '../support/networks.js'

const { net, params } = convolved

const data = batchOf(5, 8, 36, 3)

const weights = (tree: Concrete<nn.Weights>): readonly NdArray[] =>
  tree.flatMap(({ w }) => (w === undefined ? [] : [w]))

describe('masks of convolutional networks', () => {
  let engine: Engine

  beforeAll(async () => {
    engine = right(await openEngine({ require: 'onnx:native', threads: 1 })())
  })

  afterAll(() => engine.dispose())

  it.each(mask.oneShotMethods)('%s keeps exactly what is asked for', async (method) => {
    const { mask: chosen } = right(
      await mask.oneShot(net, { method, density: 0.5, epsilon: 0.1, samples: 8, rounds: 1 })(
        params,
        data,
        key(2)
      )(engine)()
    )
    const kept = weights(chosen).flatMap(({ data: values }) => Array.from(values))
    // 3·9 + 4·3·4 + 16·3 weights
    expect(kept.length).toBe(123)
    expect(kept.filter((m) => m === 1).length).toBe(62)
    expect(kept.every((m) => m === 0 || m === 1)).toBe(true)
  })

  it('gives kernels of filters the density of Erdős–Rényi kernels', () => {
    const shapes = [
      [16, 8, 3, 3],
      [40, 30]
    ]
    const counts = mask.erkCounts(0.1)(shapes)
    const [conv, dense] = [counts[0]! / 1152, counts[1]! / 1200]
    // (16 + 8 + 3 + 3) / 1152 against (40 + 30) / 1200
    expect(conv / dense).toBeCloseTo(30 / 1152 / (70 / 1200), 1)
    expect(counts[0]! + counts[1]!).toBe(235)
  })

  it('are searched for, attacked and trained as any other', async () => {
    const found = right(
      await mask.search(net, { density: 0.5, epsilon: 0.1, steps: 2, batch: 4 })(params, data, key(3))(
        engine
      )()
    )
    expect(weights(found.mask).map(({ shape }) => shape)).toEqual([
      [3, 1, 3, 3],
      [4, 3, 2, 2],
      [16, 3]
    ])
    const { params: trained } = right(
      await train.fit(net.apply, {
        epochs: 3,
        batch: 4,
        schedule: train.schedule.constant(0.1),
        optimiser: train.sgd,
        attack: attack.pgd({ epsilon: 0.1, steps: 2, stepSize: 0.05 }),
        mask: found.mask
      })(
        params,
        data,
        key(4)
      )(engine)()
    )
    const [before, after, kept] = [params, trained, found.mask].map((tree) =>
      weights(tree).flatMap(({ data: values }) => Array.from(values))
    )
    after!.forEach((w, i) => {
      if (kept![i] === 0) expect(Math.abs(w)).toBe(0)
    })
    expect(after!.some((w, i) => kept![i] === 1 && w !== before![i])).toBe(true)
  })
})
