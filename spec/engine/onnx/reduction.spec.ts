import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nn, ops } from 'tangentflow'
import { runs } from '../../support/runs.js'
import { graphAgrees, holds, kinds, primitiveAgrees, shapeOf, traced, useBackends } from './support.js'

const opened = useBackends()

describe.each(kinds)('onnx:%s, maxima as on the reference', (kind) => {
  it('reduceMax', async () =>
    holds(
      shapeOf().chain((shape) => fc.tuple(fc.constant(shape), fc.subarray(shape.map((_, axis) => axis)))),
      ([shape, axes]) => primitiveAgrees(opened(kind), { tag: 'reduceMax', axes }, [shape])
    ))
})

describe('windows side by side', () => {
  const sizes = fc.record({
    shape: fc.tuple(...[1, 2, 3, 4, 5, 6].map(() => fc.integer({ min: 1, max: 4 }))),
    rank: fc.integer({ min: 3, max: 6 }),
    seed: fc.nat({ max: 1e6 })
  })

  it('are pooled: sums and maxima over every other axis', () =>
    fc.assert(
      fc.asyncProperty(sizes, fc.integer({ min: 0, max: 4 }), async ({ shape, rank, seed }, at) => {
        const own = shape.slice(0, rank)
        const axes = [Math.min(at, rank - 3), rank - 1]
        const both = traced((x) => [ops.sum(axes)(x!), ops.reduceMax(axes)(x!)], [own])
        await graphAgrees(opened, both, seed)
      }),
      { numRuns: runs(60) }
    ))

  it('are pooled by native operators', () => {
    const { operators } = traced((x) => [ops.sum([2, 4])(x!), ops.reduceMax([2, 4])(x!)], [[6, 3, 2, 4, 2]])
    expect(operators).toMatchObject({ AveragePool: 2, MaxPool: 1 })
    expect(operators.ReduceSum ?? operators.ReduceMax).toBeUndefined()
  })
})

describe('windows that overlap', () => {
  it('are never written out to be pooled', () => {
    const { operators } = traced(
      (x) => [nn.avgPool(3, { stride: 1 }), nn.maxPool(3, { stride: 2 })].map((layer) => layer.apply({})(x!)),
      [[2, 3, 7, 7]]
    )
    expect(operators).toMatchObject({ AveragePool: 2, MaxPool: 1 })
    expect(operators.Slice).toBeUndefined()
  })
})
