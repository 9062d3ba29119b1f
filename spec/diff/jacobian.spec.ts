import { describe, expect, it } from 'vitest'
import { rows } from '../support/evaluated.js'
import { fromNested, scalar, toNumber, zeros } from '../../lib/core/ndarray.js'
import * as diff from '../../lib/diff/index.js'
import { evaluateOn } from '../../lib/graph/evaluate.js'
import { ops } from '../../lib/graph/ops/index.js'
import { spec } from '../../lib/graph/spec.js'
import type { Tensor } from '../../lib/graph/tensor.js'
import { jacobiansAgree } from '../../lib/laws/index.js'

const { grad, hessian, hvp, jacfwd, jacrev } = diff

const vector = fromNested([1, 2, 3])

describe('Jacobians', () => {
  const f = (x: Tensor) =>
    ops.einsum('ij,j->i')(
      ops.constant(
        fromNested([
          [1, 2, 3],
          [4, 5, 6]
        ])
      ),
      ops.square(x)
    )
  const expected = [
    [2, 8, 18],
    [8, 20, 36]
  ]
  it('have the layout [...out, ...in] in both modes', () => {
    expect(rows((x) => jacrev(f)(x), vector)).toEqual(expected)
    expect(rows((x) => jacfwd(f)(x), vector)).toEqual(expected)
  })
  it('follow trees out and in', () => {
    const g = ({ a, b }: { a: Tensor; b: Tensor }) => [ops.mul(b)(a), ops.sum()(a)]
    const report = jacobiansAgree(g, [{ a: spec([2, 3]), b: spec([3]) }], { runs: 20 })
    expect(report.runs).toBe(20)
    const [first, second] = evaluateOn((x: { a: Tensor; b: Tensor }) => jacrev(g)(x))({
      a: zeros([2, 3]),
      b: vector
    })
    expect([first!.a.shape, first!.b.shape, second!.a.shape, second!.b.shape]).toEqual([
      [2, 3, 2, 3],
      [2, 3, 3],
      [2, 3],
      [3]
    ])
  })
  it('of a scalar function of a scalar are its derivative', () =>
    expect(toNumber(evaluateOn((x: Tensor) => jacfwd(ops.square)(x))(scalar(3)))).toBe(6))
  it('of a gradient are the Hessian', () => {
    const cubic = (x: Tensor) => ops.sum()(ops.pow(3)(x))
    const diagonal = [
      [6, 0, 0],
      [0, 12, 0],
      [0, 0, 18]
    ]
    expect(rows((x) => hessian(cubic)(x), vector)).toEqual(diagonal)
    expect(rows((x) => jacrev((y: Tensor) => grad(cubic)(y))(x), vector)).toEqual(diagonal)
    expect(rows((x) => hvp(cubic)(x, ops.ones([3])), vector)).toEqual([6, 12, 18])
  })
})
