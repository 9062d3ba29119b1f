import { describe, expect, it } from 'vitest'
import { rows, slopeAt } from '../support/evaluated.js'
import { fromNested, scalar, toNumber } from '../../lib/core/ndarray.js'
import * as diff from '../../lib/diff/index.js'
import { evaluateOn } from '../../lib/graph/evaluate.js'
import { ops } from '../../lib/graph/ops/index.js'
import { spec } from '../../lib/graph/spec.js'
import type { Tensor } from '../../lib/graph/tensor.js'
import { trace } from '../../lib/graph/trace.js'
import { vmapIsLoop } from '../../lib/laws/index.js'
import { expectRefusal } from '../support/refusal.js'

const { grad, hvp, jacfwd, jvp, vmap } = diff

const vector = fromNested([1, 2, 3])

const scaled = (factor: number) =>
  diff.customVjp('scaled', ops.tanh, ([x], out, ct) => [
    ops.mul(ct)(ops.scale(factor)(ops.sub(ops.square(out))(ops.cos(ops.scale(0)(x!)))))
  ])

describe('customVjp', () => {
  it('has its own derivative in reverse mode, at any order', () => {
    const slope = (x: number): number => 1 - Math.tanh(x) ** 2
    expect(slopeAt(scaled(1), 0.3)).toBeCloseTo(slope(0.3), 12)
    expect(slopeAt(scaled(5), 0.3)).toBeCloseTo(5 * slope(0.3), 12)
    const second = (x: Tensor) => grad(scaled(1))(x)
    expect(slopeAt(second, 0.3)).toBeCloseTo(-2 * Math.tanh(0.3) * slope(0.3), 12)
    const third = slope(0.3) * (6 * Math.tanh(0.3) ** 2 - 2)
    expect(slopeAt((x) => grad(second)(x), 0.3)).toBeCloseTo(third, 12)
  })
  it('is batched with its rule', () =>
    expect(
      vmapIsLoop((x: Tensor) => grad((y: Tensor) => ops.sum()(scaled(2)(y)))(x), [spec([3])], { runs: 30 })
        .runs
    ).toBe(30))
  it('keeps its rule where it is batched first and differentiated after', () => {
    const product = diff.customVjp(
      'product',
      (a: Tensor, b?: Tensor) => ops.mul(b!)(a),
      ([a, b], out, ct) => [ops.mul(ct)(b!), ops.add(ops.mul(ct)(ops.scale(10)(a!)))(ops.mul(ct)(out))]
    )
    const sum = (a: Tensor, b: Tensor): Tensor =>
      ops.sum()(vmap((x: Tensor, y: Tensor) => product(x, y))(a, b))
    const [da, db] = evaluateOn((a: Tensor, b: Tensor) =>
      grad((p: readonly [Tensor, Tensor]) => sum(...p))([a, b])
    )(vector, fromNested([4, 5, 6]))
    // b, and 10 a + a b
    expect([Array.from(da.data), Array.from(db.data)]).toEqual([
      [4, 5, 6],
      [14, 30, 48]
    ])
  })
  it('takes several arguments', () => {
    const product = diff.customVjp(
      'product',
      (a: Tensor, b?: Tensor) => ops.mul(b!)(a),
      ([a, b], _, ct) => [ops.mul(ct)(b!), ops.mul(ct)(ops.scale(10)(a!))]
    )
    const [da, db] = evaluateOn((a: Tensor, b: Tensor) =>
      grad((p: readonly Tensor[]) => product(p[0]!, p[1]!))([a, b])
    )(scalar(2), scalar(3))
    expect([toNumber(da!), toNumber(db!)]).toEqual([3, 20])
  })
  it('refuses forward mode with a typed error', () => {
    const forward = [
      (x: Tensor) => jvp(scaled(1))(x, x)[1],
      (x: Tensor) => jacfwd(scaled(1))(x),
      (x: Tensor) => hvp(scaled(1))(x, x)
    ]
    for (const f of forward)
      expect(trace(f, [spec([])])).toMatchObject({
        left: {
          _tag: 'DiffError',
          expected: 'a rule with a jvp',
          received: 'forward mode through customVjp scaled'
        }
      })
  })
  it('refuses a rule that gives too few cotangents, or of another shape', () => {
    const short = diff.customVjp('short', ops.tanh, () => [])
    const wide = diff.customVjp('wide', ops.tanh, () => [ops.ones([2])])
    expectRefusal(
      () => evaluateOn(grad(short))(scalar(1)),
      'DiffError',
      'customVjp short',
      '1 cotangents',
      '0'
    )
    expectRefusal(
      () => evaluateOn(grad(wide))(scalar(1)),
      'ShapeError',
      'customVjp wide',
      '[]',
      '[2]',
      'cotangent 0'
    )
  })
})

describe('straightThrough', () => {
  const hard = diff.straightThrough(ops.topKMask(1))
  const f = (s: Tensor) => ops.dot(ops.constant(vector))(hard(s))
  it('has the value of the decision and the derivative of the identity, in both modes', () => {
    const at = fromNested([5, 1, 2])
    expect(rows(hard, at)).toEqual([1, 0, 0])
    expect(rows(grad(f), at)).toEqual([1, 2, 3])
    expect(toNumber(evaluateOn((s: Tensor) => jvp(f)(s, ops.ones([3]))[1])(at))).toBe(6)
  })
  it('is so under vmap, nested, and mapped derivatives', () => {
    const at = fromNested([
      [5, 1, 2],
      [0, 1, 0]
    ])
    expect(rows(vmap(grad(f)), at)).toEqual([
      [1, 2, 3],
      [1, 2, 3]
    ])
    expect(
      rows(
        grad((s: Tensor) => ops.sum()(vmap(f)(s))),
        at
      )
    ).toEqual([
      [1, 2, 3],
      [1, 2, 3]
    ])
    expect(vmapIsLoop((s: Tensor) => vmap(grad(f))(s), [spec([2, 3])], { runs: 20 }).runs).toBe(20)
  })
  it('has second derivatives through what follows it', () => {
    const squared = (x: Tensor) => ops.square(diff.straightThrough(ops.sign)(x))
    expect(slopeAt(squared, 3)).toBe(2)
    expect(slopeAt((x) => grad(squared)(x), 3)).toBe(2)
  })
  it('refuses a function that changes the shape', () =>
    expectRefusal(
      () => rows(diff.straightThrough(ops.sum()), vector),
      'ShapeError',
      'straightThrough',
      'keeps shape [3]',
      '[]'
    ))
})

describe('stopGradient', () => {
  it('is a constant to every derivative and nothing to the value', () => {
    const f = (x: Tensor) => ops.mul(diff.stopGradient(x))(x)
    expect(slopeAt(f, 3)).toBe(3)
    expect(slopeAt((x) => grad(f)(x), 3)).toBe(0)
    expect(toNumber(evaluateOn((x: Tensor) => jvp(f)(x, ops.ones([]))[1])(scalar(3)))).toBe(3)
    expect(toNumber(evaluateOn(f)(scalar(3)))).toBe(9)
    expect(rows(vmap(f), vector)).toEqual([1, 4, 9])
  })
})
