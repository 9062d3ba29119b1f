import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { evaluateOn, explain, grad, ndarray, ops, spec, type Tensor } from 'tangentflow'

const outer =
  (wall: (x: Tensor) => Tensor) =>
  (u: Tensor, v: Tensor, w: Tensor): Tensor =>
    ops.einsum('ij,j->i')(wall(ops.einsum('i,j->ij')(u, v)), w)

const flops = (f: (u: Tensor, v: Tensor, w: Tensor) => Tensor): number => {
  const explained = explain(f, [spec([50]), spec([60]), spec([60])])
  return E.isRight(explained) ? explained.right.cost.flops : NaN
}

describe('a barrier', () => {
  it('keeps contractions apart, also in derivatives', () => {
    expect(flops(outer((x) => x))).toBeLessThan(1_000)
    expect(flops(outer(ops.barrier))).toBeGreaterThanOrEqual(2 * 50 * 60)
    const slope =
      (wall: (x: Tensor) => Tensor) =>
      (u: Tensor, v: Tensor, w: Tensor): Tensor =>
        grad((p: Tensor) => ops.sum()(outer(wall)(p, v, w)))(u)
    expect(flops(slope((x) => x))).toBeLessThan(1_000)
    expect(flops(slope(ops.barrier))).toBeGreaterThanOrEqual(2 * 50 * 60)
  })

  it('is the identity to values and derivatives', () => {
    const cube = (x: Tensor): Tensor => ops.mul(ops.square(x))(ops.barrier(x))
    expect(ndarray.toNumber(evaluateOn(cube)(ndarray.scalar(2)))).toBe(8)
    expect(ndarray.toNumber(evaluateOn(grad(grad(cube)))(ndarray.scalar(2)))).toBe(12)
  })
})
