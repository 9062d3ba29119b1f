import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { explain, key, nn, ntk, spec, type Tensor } from 'tangentflow'

describe('what a method takes', () => {
  const net = nn.serial(nn.dense(30), nn.relu, nn.dense(10))
  const params = net.init(key(0), [50])
  const parameters = params.reduce((n, { w, b }) => n + (w?.data.length ?? 0) + (b?.data.length ?? 0), 0)
  const [n, m, outputs] = [12, 9, 10]
  const predicted = ntk.predictCost(net.apply)(params, spec([n, 50]), spec([m, 50]))
  if (E.isLeft(predicted)) throw new Error('no prediction')
  const { candidates, method } = predicted.right

  it('is for the reference the product of both Jacobians, never merged', () => {
    const product = 2 * n * m * outputs ** 2 * parameters
    expect(candidates.jacobian.flops).toBeGreaterThan(product)
    expect(candidates.jacobian.flops).toBeLessThan(1.2 * product)
    expect(candidates.contracted.flops).toBeLessThan(product / 20)
  })
  it('is what explain says of the kernel', () => {
    for (const name of ['jacobian', 'contracted', 'vectorProduct'] as const) {
      const f = (p: nn.Params, x: Tensor, y: Tensor): Tensor =>
        ntk.empiricalNtk(net.apply, { method: name })(p, x, y)
      const explained = explain(f, [params, spec([n, 50]), spec([m, 50])])
      expect(E.isRight(explained) && explained.right.cost).toEqual(candidates[name])
    }
  })
  it('decides what auto picks', () => {
    expect(method).toBe('contracted')
    const work = (name: 'auto' | ntk.Method): unknown => {
      const f = (p: nn.Params, x: Tensor): Tensor => ntk.empiricalNtk(net.apply, { method: name })(p, x)
      const explained = explain(f, [params, spec([n, 50])])
      return E.isRight(explained) && explained.right.cost
    }
    expect(work('auto')).toEqual(work('contracted'))
  })
  it('is told for the kernel of a mask, or refused as a value', () => {
    const masked = ntk.predictCost(net.apply)(params, spec([n, 50]), undefined, [{ w: spec([50, 30]) }])
    expect(E.isRight(masked) && masked.right.candidates.contracted.flops).toBeGreaterThan(
      candidates.contracted.flops
    )
    const wrong = ntk.predictCost(net.apply)(params, spec([n, 51]))
    expect(E.isLeft(wrong) && wrong.left._tag).toBe('ShapeError')
  })
})
