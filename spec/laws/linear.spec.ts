import { describe, expect, it } from 'vitest'
import { customVjp, straightThrough } from '../../lib/diff/index.js'
import { ops } from '../../lib/graph/ops/index.js'
import { spec } from '../../lib/graph/spec.js'
import type { Tensor } from '../../lib/graph/tensor.js'
import * as laws from '../../lib/laws/index.js'

// A law that cannot fail shows nothing: each is given something broken here.

const sum = ops.sum()

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
  it('vmapIsLoop finds a function that looks beyond its example', () => {
    let calls = 0
    const drifting = (x: Tensor): Tensor => ops.scale(++calls)(x)
    expect(() => laws.vmapIsLoop(drifting, [spec([2])], { runs: 5 })).toThrow('off by')
  })
})
