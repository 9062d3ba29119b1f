import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { TangentFailure } from '../../../lib/core/error.js'
import { fromNested } from '../../../lib/core/ndarray.js'
import * as diff from '../../../lib/diff/index.js'
import { evaluateOn } from '../../../lib/graph/evaluate.js'
import { ops } from '../../../lib/graph/ops/index.js'
import type { Tensor } from '../../../lib/graph/tensor.js'
import * as tree from '../../../lib/graph/tree.js'
import { expectRefusal, refusalOf } from '../../support/refusal.js'

type Call = (...args: readonly unknown[]) => unknown

const array = fromNested([
  [1, 2],
  [3, 4]
])
const t = ops.ones([2, 2])

/** What each operation that is curried is given before the tensor; a list of calls where there are several. */
const leading: { readonly [O in keyof typeof ops]?: readonly unknown[] } = {
  ...Object.fromEntries(
    (
      [
        'add',
        'sub',
        'mul',
        'div',
        'min',
        'max',
        'pow',
        'less',
        'lessEqual',
        'equal',
        'greater',
        'greaterEqual'
      ] as const
    )
      .filter((name) => name in ops)
      .map((name) => [name, [1]])
  ),
  scale: [2],
  matmul: [t],
  dot: [t],
  where: [t],
  clip: [0, 1],
  einsum: ['ij->i'],
  transpose: [],
  sum: [],
  mean: [],
  reduceMax: [],
  reduceMin: [],
  argMax: [],
  argMin: [],
  cumsum: [],
  reshape: [[2, 2]],
  broadcastTo: [[2, 2]],
  expandDims: [0],
  squeeze: [0],
  slice: [
    [0, 0],
    [1, 1]
  ],
  sliceAxis: [0, 0, 2],
  at: [0, 0],
  pad: [
    [0, 0],
    [0, 0]
  ],
  concat: [0],
  stack: [0],
  unfold: [[1, 1]],
  sort: [],
  argSort: [],
  topK: [1],
  topKMask: [1],
  softmax: [],
  logSoftmax: [],
  logSumExp: [],
  oneHot: [2],
  gather: [ops.ones([2])],
  conv2d: [ops.ones([1, 1, 1, 1])],
  scan: [(c: Tensor) => [c, c] as const, 2]
}

/** They take no tensor, or arrays as well. */
const without = new Set(['constant', 'fill', 'ones', 'iota', 'eye'])
const names = Object.keys(ops) as readonly (keyof typeof ops)[]
const advice = 'outside a traced function: evaluateOn(f)(…) or run(engine)(f)(…)'

const applied = (name: keyof typeof ops, args: readonly unknown[]): unknown => {
  const first = leading[name]
  const f = ops[name] as Call
  return first === undefined ? f(...args) : (f(...first) as Call)(...args)
}

describe('every operation', () => {
  it.each(names.filter((name) => !without.has(name)))(
    '%s refuses an array outside a traced function by its name',
    (name) => {
      const given =
        name === 'concat' || name === 'stack' ? [[t, array]] : name === 'where' ? [array, array] : [array]
      const error = refusalOf(() => applied(name, given))
      expect(error).toMatchObject({ operation: `ops.${name}` })
      expect(error.received).toContain(advice)
      // the table has the calls that come before: with a tensor all is well, or refused for its shape
      if (name !== 'conv2d' && name !== 'squeeze')
        expect(
          applied(name, name === 'concat' || name === 'stack' ? [[t, t]] : name === 'where' ? [t, t] : [t])
        ).not.toBeTypeOf('function')
    }
  )

  it('refuses whatever it is given by its name, in words', () => {
    const junk = fc.oneof(
      fc.constantFrom<unknown>(
        undefined,
        null,
        NaN,
        -1,
        0.5,
        7,
        '',
        'x',
        true,
        [],
        [0],
        [NaN],
        [[1]],
        {},
        array,
        t,
        ops.ones([]),
        ops.sum,
        [t],
        [array]
      ),
      fc.array(fc.integer({ min: -2, max: 3 }), { maxLength: 3 })
    )
    const calls = fc.array(fc.array(junk, { maxLength: 3 }), { minLength: 1, maxLength: 3 })
    fc.assert(
      fc.property(fc.constantFrom(...names.filter((name) => name !== 'scan')), calls, (name, all) => {
        try {
          let at: unknown = ops[name]
          for (const args of all) {
            if (typeof at !== 'function') return
            at = (at as Call)(...args)
          }
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(TangentFailure)
          const { operation, expected, received } = (thrown as TangentFailure).error
          expect({ operation, words: expected.trim() !== '' && received.trim() !== '' }).toEqual({
            operation: `ops.${name}`,
            words: true
          })
        }
      }),
      { numRuns: 2000 }
    )
  })

  it('names itself where it is composed of others', () =>
    expectRefusal(() => ops.stack(5)([t, t]), 'AxisError', 'ops.stack', 'an axis', '5'))
  it('keeps the names of what a loop calls', () =>
    expectRefusal(
      () => ops.scan((c: Tensor) => [ops.at(0, 9)(c), c] as const, 2)(t),
      'ShapeError',
      'ops.at',
      '[0, 1]',
      '9',
      'index'
    ))
})

const f = (x: Tensor): Tensor => ops.sum()(x)
const transforms: Readonly<Record<string, (x: Tensor) => unknown>> = {
  grad: diff.grad(f),
  valueAndGrad: diff.valueAndGrad(f),
  hvp: (x) => diff.hvp(f)(x, x),
  jvp: (x) => diff.jvp(f)(x, x),
  vjp: diff.vjp(f),
  linearize: diff.linearize(f),
  jacrev: diff.jacrev(f),
  jacfwd: diff.jacfwd(f),
  hessian: diff.hessian(f),
  vmap: diff.vmap(f),
  stopGradient: diff.stopGradient,
  straightThrough: diff.straightThrough(f),
  'customVjp mine': diff.customVjp('mine', f, () => []),
  'customJvp mine': diff.customJvp('mine', f, () => t),
  'tree.tensors': tree.tensors,
  'tree.map': tree.map(ops.neg),
  'tree.zipWith': (x) => tree.zipWith(x, () => x)(x)
}

describe('every transformation', () => {
  it.each(Object.entries(transforms))(
    '%s refuses an array outside a traced function by its name',
    (name, of) => {
      const error = refusalOf(() => of(array as never))
      expect(error.operation).toBe(name)
      expect(error.received).toContain(advice)
      expect(error.where ?? 'root').toBe('root')
    }
  )
})

describe('a result that is a function', () => {
  const results: readonly (readonly [string, (x: Tensor) => unknown])[] = [
    ['ops.sum(x)', (x) => ops.sum(x as never)],
    ['ops.transpose(x)', (x) => ops.transpose(x as never)],
    ['ops.add(a, a)', (x) => (ops.add as Call)(x, x)],
    ['a model without a batch', () => () => 0]
  ]
  it.each(results)('of %s is refused with the order of calls', (_, g) =>
    expectRefusal(
      () => evaluateOn(g)(array),
      'TraceError',
      'trace',
      'gives tensors',
      'ops are data-last, as ops.add(b)(a)'
    )
  )
  it('is refused as an argument too', () =>
    expectRefusal(
      () => evaluateOn((x: Tensor) => ops.exp(ops.sum(x as never) as never))(array),
      'ArgumentError',
      'ops.exp',
      'a tensor',
      'ops are data-last'
    ))
})
