import { describe, expect, it } from 'vitest'
import { evaluateOn, key, mask, ndarray, type NdArray, nn, ops, spec, type Tensor, train } from 'tangentflow'
import { checkGrad } from 'tangentflow/laws'
import { right } from '../support/either.js'
import { normalOf } from '../support/images.js'
import { openReference } from '../support/masks.js'
import { batchOf } from '../support/networks.js'
import { expectRefusal } from '../support/refusal.js'

const net = nn.record({
  stem: nn.dense(6),
  block: nn.residual(nn.serial(nn.layerNorm(), nn.dense(6), nn.relu)),
  head: nn.dense(3)
})
type P = nn.ParamsOf<typeof net>

describe('a residual net as a record', () => {
  const params = net.init(key(0), [4])

  it('is x + branch(x) between its other blocks, in the order in which they are written', () => {
    expect(Object.keys(params)).toEqual(['stem', 'block', 'head'])
    expect(net.outputShape([4])).toEqual([3])
    const branch = nn.serial(nn.layerNorm(), nn.dense(6), nn.relu)
    const both = evaluateOn((p: P, x: Tensor) => {
      const h = nn.dense(6).apply(p.stem)(x)
      return [net.apply(p)(x), nn.dense(3).apply(p.head)(ops.add(branch.apply(p.block)(h))(h))]
    })(params, normalOf(1, [5, 4]))
    expect(both[0]).toEqual(both[1])
  })

  it('has the gradient of differences in every parameter', () => {
    const loss = (p: P, x: Tensor): Tensor => ops.mean()(ops.square(net.apply(p)(x)))
    const like = {
      stem: { w: spec([4, 6]), b: spec([6]) },
      block: [{ w: spec([6]), b: spec([6]) }, { w: spec([6, 6]), b: spec([6]) }, {}],
      head: { w: spec([6, 3]), b: spec([3]) }
    }
    checkGrad(loss, [like, spec([2, 4])], { runs: 10 })
  })

  it('trains, lowers its loss, and is masked: weights only', async () => {
    const data = batchOf(3, 12, 4, 3)
    const runner = await openReference()
    const recipe = {
      epochs: 20,
      batch: 12,
      optimiser: train.adamW(),
      schedule: train.schedule.constant(0.05)
    }
    const fitted = right(await train.fit(net.apply, recipe)(params, data, key(1))(runner)())
    expect(fitted.losses.at(-1)).toBeLessThan(fitted.losses[0]! / 2)
    const scored = right(
      await mask.oneShot({ apply: net.apply }, { method: 'snip', epsilon: 0, density: 0.5 })(
        params,
        data,
        key(2)
      )(runner)()
    )
    expect(mask.density(scored.mask)).toBeCloseTo(0.5, 1)
  })

  it('refuses a branch that changes the shape', () => {
    const wrong = nn.residual(nn.dense(5))
    expect(() => wrong.outputShape([4])).toThrow(
      'ShapeError in nn.residual: expected a branch that gives [4], received [5]'
    )
  })
})

describe('normalisation', () => {
  const rows = (layer: nn.Layer, shape: readonly number[], x: NdArray): NdArray =>
    evaluateOn((p: nn.LayerParams, t: Tensor) => layer.apply(p)(t))(layer.init(key(0), shape), x)

  it('gives the numbers of its formula, worked by hand', () => {
    // mean 2, variance 2/3 of the first row; ε = 1/3 makes the root 1
    const out = rows(
      nn.layerNorm({ epsilon: 1 / 3 }),
      [3],
      ndarray.fromNested([
        [1, 2, 3],
        [5, 5, 5]
      ])
    )
    out.data.forEach((v, i) => expect(v).toBeCloseTo([-1, 0, 1, 0, 0, 0][i]!, 6))
    const grouped = rows(nn.groupNorm(2, { epsilon: 3 }), [2, 1, 2], ndarray.of([1, 2, 1, 2], [1, 3, 5, 5]))
    grouped.data.forEach((v, i) => expect(v).toBeCloseTo([-0.5, 0.5, 0, 0][i]!, 6))
  })

  it('gives each row or group mean 0 and variance 1', () => {
    const x = normalOf(4, [3, 4, 2, 5])
    const groups = rows(nn.groupNorm(2), [4, 2, 5], x).data
    for (let start = 0; start < groups.length; start += 20) {
      const part = Array.from(groups.slice(start, start + 20))
      expect(part.reduce((s, v) => s + v, 0) / 20).toBeCloseTo(0, 6)
      expect(part.reduce((s, v) => s + v * v, 0) / 20).toBeCloseTo(1, 3)
    }
  })

  it('has the gradient of differences', () => {
    for (const [layer, width, shape] of [
      [nn.layerNorm(), 5, [2, 5]],
      [nn.groupNorm(2), 4, [2, 4, 2, 2]]
    ] as const) {
      const loss = (x: Tensor, p: nn.LayerParams): Tensor => ops.sum()(ops.sin(layer.apply(p)(x)))
      checkGrad(loss, [spec(shape), { w: spec([width]), b: spec([width]) }], { runs: 10 })
    }
  })

  it('refuses groups that do not divide the channels', () => {
    expect(() => nn.groupNorm(3).outputShape([4, 2, 2])).toThrow('a multiple of 3 channels')
    expect(() => nn.layerNorm({ epsilon: 0 })).toThrow('nn.layerNorm')
  })
})

describe('nn.serial', () => {
  const block = nn.serial(
    nn.dense(6),
    nn.residual(nn.record({ norm: nn.layerNorm(), dense: nn.dense(6) })),
    nn.relu
  )
  const start = block.init(key(3), [4])

  it('takes blocks with parameters of any form, which have the types of theirs', () => {
    const [dense, inner, none] = start
    expect([dense.w?.shape, inner.norm.w?.shape, inner.dense.w?.shape, none]).toEqual([
      [4, 6],
      [6],
      [6, 6],
      {}
    ])
    const out = (p: nn.ParamsOf<typeof block>, x: Tensor) => block.apply(p)(x)
    const x = normalOf(1, [5, 4])
    const written = (p: nn.ParamsOf<typeof block>, x: Tensor): Tensor => {
      const h = nn.dense(6).apply(p[0])(x)
      const branch = nn.dense(6).apply(p[1].dense)(nn.layerNorm().apply(p[1].norm)(h))
      return ops.relu(ops.add(branch)(h))
    }
    expect(evaluateOn(out)(start, x)).toEqual(evaluateOn(written)(start, x))
  })

  it('is scored by the kernel trace as the same network without layers', () => {
    const batch = batchOf(4, 6, 4, 6)
    const score = (network: nn.NetworkLike<nn.ParamsOf<typeof block>>) =>
      evaluateOn((p: nn.ParamsOf<typeof block>, b: Required<nn.Batch>) =>
        mask.score.kernelTrace(network)(p, b, key(0))
      )(start, { ...batch, ids: batch.y })
    expect(score(block)).toEqual(score({ apply: block.apply }))
  })

  it.each<[string, () => unknown, string, string]>([
    ['nn.serial', () => nn.serial(nn.dense(8), ops.relu as never), 'nn.pointwise(f)', 'layers[1]'],
    ['nn.record', () => nn.record({ act: ops.relu as never }), 'nn.pointwise(f)', 'act'],
    ['nn.residual', () => nn.residual(ops.relu as never), 'nn.pointwise(f)', 'branch']
  ])('%s refuses a function in place of a layer', (operation, make, expected, where) =>
    expectRefusal(make, 'ArgumentError', operation, expected, 'a function', where)
  )

  it.each([
    ['nn.serial', nn.serial(nn.relu)],
    ['nn.record', nn.record({ act: nn.relu })]
  ] as const)('%s refuses a number for a shape or a key', (operation, made) => {
    expectRefusal(() => made.init(key(0), 64 as never), 'ShapeError', operation, 'as [64]', '64')
    expectRefusal(() => made.init(0 as never, [64]), 'ArgumentError', operation, 'as key(0)', '0', 'key')
  })
})
