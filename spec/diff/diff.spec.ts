import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import type { ErrorTag } from '../../lib/core/error.js'
import { key } from '../../lib/core/key.js'
import {
  fromNested,
  type NdArray,
  type Nested,
  scalar,
  toNested,
  toNumber,
  zeros
} from '../../lib/core/ndarray.js'
import * as diff from '../../lib/diff/index.js'
import { evaluate, evaluateOn } from '../../lib/graph/evaluate.js'
import { ops } from '../../lib/graph/ops/index.js'
import type { Key } from '../../lib/graph/key.js'
import { spec } from '../../lib/graph/spec.js'
import type { Tensor } from '../../lib/graph/tensor.js'
import { trace } from '../../lib/graph/trace.js'
import { adjoint, jacobiansAgree, vmapIsLoop } from '../../lib/laws/index.js'
import { expectRefusal } from '../support/refusal.js'

const { grad, hessian, hvp, jacfwd, jacrev, jvp, valueAndGrad, vjp, vmap } = diff

const vector = fromNested([1, 2, 3])
const slopeAt = (f: (x: Tensor) => Tensor, x: number): number => toNumber(evaluateOn(grad(f))(scalar(x)))
const rows = (f: (x: Tensor) => Tensor, x: NdArray): Nested => toNested(evaluateOn(f)(x))

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

describe('a derivative refuses', () => {
  const left = (f: (x: Tensor) => unknown): unknown => {
    const result = evaluate(f)(vector)
    return E.isLeft(result) ? result.left : 'a value'
  }
  const refusals: [string, (x: Tensor) => unknown, ErrorTag, string, string, string][] = [
    [
      'a function that is not scalar',
      (x) => grad((y: Tensor) => y)(x),
      'DiffError',
      'grad',
      'one scalar result',
      'shape [3]'
    ],
    [
      'a tangent of another shape',
      (x) => jvp(ops.tanh)(x, ops.ones([2])),
      'ShapeError',
      'linearize',
      'shape [3]',
      '[2]'
    ],
    [
      'a cotangent of another shape',
      (x) => vjp(ops.tanh)(x)[1](ops.ones([])),
      'ShapeError',
      'vjp',
      'shape [3]',
      '[]'
    ],
    [
      'a tangent tree of another size',
      (x) => jvp((y: readonly Tensor[]) => y[0]!)([x], [x, x]),
      'TreeError',
      'linearize',
      '1 tensors',
      '2'
    ],
    [
      'to map axes of two sizes',
      (x) => vmap((a: Tensor, b: Tensor) => ops.add(b)(a))(x, ops.ones([2])),
      'ShapeError',
      'vmap',
      'one size',
      '3 and 2'
    ],
    [
      'to map nothing',
      (x) => vmap((a: Tensor) => a, { axes: [null] })(x),
      'ShapeError',
      'vmap',
      'one size',
      'no mapped tensor'
    ],
    [
      'to map an axis that is not there',
      (x) => vmap((a: Tensor) => a, { axes: [1] })(x),
      'AxisError',
      'vmap',
      '[-1, 1)',
      '1'
    ],
    ['to map a scalar', (x) => vmap((a: Tensor) => a)(ops.sum()(x)), 'AxisError', 'vmap', 'an axis', '0'],
    [
      'to map a key',
      (x) => vmap((a: Tensor, _: Key) => a)(x, key(1)),
      'DiffError',
      'vmap',
      'null for keys',
      'a key'
    ]
  ]
  it.each(refusals)('%s', (_, f, tag, operation, expected, received) => {
    expect(left(f)).toMatchObject({ _tag: tag, operation })
    expect(left(f)).toHaveProperty('expected', expect.stringContaining(expected))
    expect(left(f)).toHaveProperty('received', expect.stringContaining(received))
  })
  it('a tensor that leaked out of vmap', () => {
    let leaked: Tensor | undefined
    const f = (x: Tensor) => {
      vmap((row: Tensor) => (leaked = row))(x)
      return ops.add(leaked!)(ops.sum()(x))
    }
    expect(left(f)).toMatchObject({ _tag: 'TraceError', operation: 'trace' })
  })
})
