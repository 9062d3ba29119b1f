import { describe, expect, it } from 'vitest'
import { rows } from '../support/evaluated.js'
import { fromNested, toNested } from '../../lib/core/ndarray.js'
import * as diff from '../../lib/diff/index.js'
import { evaluateOn } from '../../lib/graph/evaluate.js'
import { ops } from '../../lib/graph/ops/index.js'
import { spec } from '../../lib/graph/spec.js'
import type { Tensor } from '../../lib/graph/tensor.js'
import { adjoint, vmapIsLoop } from '../../lib/laws/index.js'

const { grad, vmap } = diff

const vector = fromNested([1, 2, 3])

describe('vmap', () => {
  it('maps the axis it is told, and shares what it is told', () => {
    const f = (x: Tensor, y: Tensor) => ops.dot(y)(x)
    const mapped = (x: Tensor, y: Tensor) => vmap(f, { axes: [-1, null] })(x, y)
    const x = fromNested([
      [1, 2],
      [3, 4],
      [5, 6]
    ])
    expect(toNested(evaluateOn(mapped)(x, vector))).toEqual([22, 28])
  })
  it('repeats what does not depend on the batch', () =>
    expect(
      rows(
        vmap((_: Tensor) => ops.fill(7, [])),
        vector
      )
    ).toEqual([7, 7, 7]))
  it('is a loop over trees, and nests with derivatives and itself', () => {
    const loss = (p: { w: Tensor }, x: Tensor) => ops.sum()(ops.tanh(ops.matmul(p.w)(x)))
    const perExample = (p: { w: Tensor }, x: Tensor) => vmap(grad(loss), { axes: [null, 0] })(p, x)
    const specs = [{ w: spec([3, 2]) }, spec([4, 3])] as const
    expect(vmapIsLoop(grad(loss), specs, { runs: 30, shared: [0] }).runs).toBe(30)
    expect(vmapIsLoop(perExample, specs, { runs: 30, shared: [0] }).runs).toBe(30)
    expect(adjoint(perExample, specs, { runs: 30 }).runs).toBe(30)
  })
})
