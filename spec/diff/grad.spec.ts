import { describe, expect, it } from 'vitest'
import { rows, slopeAt } from '../support/evaluated.js'
import { key } from '../../lib/core/key.js'
import { fromNested, scalar, toNested, toNumber, zeros } from '../../lib/core/ndarray.js'
import * as diff from '../../lib/diff/index.js'
import { evaluateOn } from '../../lib/graph/evaluate.js'
import { ops } from '../../lib/graph/ops/index.js'
import type { Key } from '../../lib/graph/key.js'
import type { Tensor } from '../../lib/graph/tensor.js'

const { grad, jvp, valueAndGrad, vmap } = diff

const vector = fromNested([1, 2, 3])

describe('grad', () => {
  it('does not confuse an inner derivative with an outer one', () => {
    const f = (x: Tensor) => ops.mul(grad((y: Tensor) => ops.mul(y)(x))(x))(x)
    expect(slopeAt(f, 3)).toBe(6)
    const g = (x: Tensor) => ops.mul(jvp((y: Tensor) => ops.mul(y)(x))(x, ops.ones([]))[1])(x)
    expect(slopeAt(g, 3)).toBe(6)
    expect(toNumber(evaluateOn((x: Tensor) => jvp(f)(x, ops.ones([]))[1])(scalar(3)))).toBe(6)
  })
  it('of a leaf that is not used is zeros', () => {
    const f = ({ w }: { w: Tensor; b: Tensor }) => ops.sum()(w)
    const out = evaluateOn(grad(f))({ w: vector, b: zeros([2, 2]) })
    expect([out.w, out.b].map(toNested)).toEqual([
      [1, 1, 1],
      [
        [0, 0],
        [0, 0]
      ]
    ])
  })
  it('of a constant function is zeros', () => expect(slopeAt(() => ops.ones([]), 3)).toBe(0))
  it('passes further arguments through, keys among them', () => {
    const f = (x: Tensor, scale: Tensor, _: Key) => ops.dot(x)(ops.mul(scale)(x))
    expect(toNested(evaluateOn(grad(f))(vector, scalar(2), key(1)))).toEqual([4, 8, 12])
  })
  it('comes with the value', () => {
    const [value, slope] = evaluateOn((x: Tensor) => valueAndGrad(ops.sum())(x))(vector)
    expect([toNumber(value), toNested(slope)]).toEqual([6, [1, 1, 1]])
  })
  it('of the value of a derivative taken of a closure sees both', () => {
    // d/dx (x · d/dy (x² y)) = d/dx x³
    const f = (x: Tensor) => ops.mul(grad((y: Tensor) => ops.mul(ops.square(x))(y))(ops.ones([])))(x)
    expect(slopeAt(f, 2)).toBe(12)
  })
})

describe('at a kink', () => {
  const cases: [string, (x: Tensor) => Tensor, number][] = [
    ['relu', ops.relu, 0],
    ['abs', ops.abs, 0],
    ['sign', ops.sign, 0],
    ['floor', ops.floor, 0],
    ['max with 0', ops.max(0), 0.5],
    ['min with 0', ops.min(0), 0.5],
    ['clip', ops.clip(0, 1), 0.5],
    ['softplus', ops.softplus, 0.5],
    ['x⁰', ops.pow(0), 0],
    ['x¹', ops.pow(1), 1],
    ['x²', ops.pow(2), 0]
  ]
  it.each(cases)('the derivative of %s at 0', (_, f, expected) => expect(slopeAt(f, 0)).toBe(expected))
  it.each([0, 1, 2, 3])('x to the %d has all derivatives at 0, also when batched', (power) => {
    const second = (x: Tensor) => grad(grad(ops.pow(power)))(x)
    expect(toNumber(evaluateOn(second)(scalar(0)))).toBe(power === 2 ? 2 : 0)
    expect(rows(vmap(second), zeros([2]))).toEqual(power === 2 ? [2, 2] : [0, 0])
  })
  it('sign of 0 is 0', () => expect(toNumber(evaluateOn(ops.sign)(scalar(0)))).toBe(0))
  it('ties share the derivative of a maximum', () => {
    expect(rows(grad(ops.reduceMax()), fromNested([1, 3, 3, 2]))).toEqual([0, 0.5, 0.5, 0])
    expect(slopeAt((x) => ops.max(ops.scale(3)(x))(x), 0)).toBe(2)
  })
  it('of equal scores the first are on top', () =>
    expect(rows(ops.topKMask(2), fromNested([1, 3, 3, 3]))).toEqual([0, 1, 1, 0]))
})
