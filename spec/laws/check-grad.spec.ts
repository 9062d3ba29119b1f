import { describe, expect, it } from 'vitest'
import { customVjp, stopGradient, straightThrough } from '../../lib/diff/index.js'
import { ops } from '../../lib/graph/ops/index.js'
import { spec } from '../../lib/graph/spec.js'
import type { Tensor } from '../../lib/graph/tensor.js'
import * as laws from '../../lib/laws/index.js'

// A law that cannot fail shows nothing: each is given something broken here.

const sum = ops.sum()

describe('checkGrad', () => {
  it('holds for a function of a tree, with the number of cases asked for', () => {
    const f = ({ w, b }: { w: Tensor; b: Tensor }, x: Tensor) => sum(ops.tanh(ops.add(b)(ops.matmul(w)(x))))
    const report = laws.checkGrad(f, [{ w: spec([3, 2]), b: spec([2]) }, spec([4, 3])], { runs: 50 })
    expect(report.runs).toBe(50)
    // now and then all units are so far out that their slopes are lost to rounding
    expect(report.redrawn).toBeLessThan(5)
    expect(report.worst).toBeLessThan(1)
  })
  const wrong: [string, (x: Tensor) => Tensor][] = [
    [
      'a wrong factor',
      (x) => sum(customVjp('c', ops.sin, ([y], _, ct) => [ops.scale(1.001)(ops.mul(ops.cos(y!))(ct))])(x))
    ],
    ['a wrong sign', (x) => sum(customVjp('c', ops.cos, ([y], _, ct) => [ops.mul(ops.sin(y!))(ct)])(x))],
    ['a derivative of zero', (x) => sum(ops.square(stopGradient(x)))],
    [
      'one element forgotten',
      (x) =>
        sum(customVjp('c', ops.neg, (_a, _o, ct) => [ops.neg(ops.mul(ops.less(2)(ops.iota([3])))(ct))])(x))
    ],
    ['NaN', (x) => sum(customVjp('c', ops.neg, (_a, _o, ct) => [ops.scale(NaN)(ct)])(x))]
  ]
  it.each(wrong)('finds %s', (_, f) =>
    expect(() => laws.checkGrad(f, [spec([3])], { runs: 20 })).toThrow('off by')
  )
  it('redraws points at a kink, and counts them', () => {
    // every whole number is a kink, and differences step over one in some hundred draws
    const saw = (x: Tensor) => sum(ops.sub(ops.floor(ops.scale(20)(x)))(ops.scale(20)(x)))
    const report = laws.checkGrad(saw, [spec([5])], { runs: 300 })
    expect(report.runs).toBe(300)
    expect(report.redrawn).toBeGreaterThan(0)
  })
  it('gives up loudly where every point is a kink', () =>
    expect(() =>
      laws.checkGrad((x: Tensor) => sum(ops.floor(ops.scale(1e6)(x))), [spec([9])], { runs: 20 })
    ).toThrow())
})

describe('the other laws of derivatives', () => {
  // the two modes are given different derivatives
  const torn = (x: Tensor): Tensor => straightThrough(ops.tanh)(ops.scale(2)(x))
  it('adjoint and jacobiansAgree hold for a straight-through function, in both modes', () => {
    expect(laws.adjoint(torn, [spec([2, 3])], { runs: 20 }).runs).toBe(20)
    expect(laws.doubleTranspose(torn, [spec([2, 3])], { runs: 20 }).runs).toBe(20)
    expect(laws.jacobiansAgree(torn, [spec([2, 3])], { runs: 20 }).runs).toBe(20)
  })
  it('secondDerivatives finds a gradient that is no gradient', () => {
    const curl = customVjp('curl', ops.square, ([x], _, ct) => [
      ops.mul(ct)(ops.concat(0)([ops.slice([1], [2])(x!), ops.slice([0], [1])(ops.scale(3)(x!))]))
    ])
    expect(() => laws.secondDerivatives((x: Tensor) => sum(curl(x)), [spec([2])], { runs: 5 })).toThrow()
  })
})
