import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { key, nn, ntk, ops, spec, type Tensor, trace } from 'tangentflow'

describe('a kernel refuses', () => {
  const net = nn.serial(nn.dense(2))
  const params = net.init(key(0), [3])
  const refusal = (f: (p: nn.Params, x: Tensor) => Tensor): string => {
    const traced = trace(f, [params, spec([2, 3])])
    return E.isLeft(traced) ? `${traced.left._tag} ${traced.left.where ?? ''}` : 'no refusal'
  }
  it('a model that gives one number for the whole batch, also where it keeps its axes', () => {
    const batchMean =
      (p: nn.Params) =>
      (x: Tensor): Tensor =>
        ops.expandDims(0)(ops.mean(0)(net.apply(p)(x)))
    expect(refusal((p, x) => ntk.empiricalNtk(batchMean)(p, x))).toContain('ShapeError')
  })
  it('names that are none', () => {
    const options = (given: object): ntk.KernelOptions => given
    for (const [given, where] of [
      [{ method: 'magic' }, 'method'],
      [{ outputs: 'trace' }, 'outputs'],
      [{ mask: 'soft' }, 'mask']
    ] as const)
      expect(refusal((p, x) => ntk.empiricalNtk(net.apply, options(given))(p, x))).toBe(
        `ArgumentError ${where}`
      )
  })
  it('second examples of another shape', () =>
    expect(refusal((p, x) => ntk.empiricalNtk(net.apply)(p, x, ops.concat(1)([x, x])))).toBe('ShapeError x2'))
})
