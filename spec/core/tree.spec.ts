import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { evaluateOn, key, ndarray, nn, type Tensor, tree } from 'tangentflow'
import { leaves, rebuild } from '../../lib/core/tree.js'
import { trees } from '../../lib/laws/arbitraries.js'
import { expectRefusal } from '../support/refusal.js'

const isNumber = (value: unknown): value is number => typeof value === 'number'
const numbers = trees(fc.integer())

describe('trees', () => {
  it('are rebuilt from their own leaves', () =>
    fc.assert(
      fc.property(numbers, (tree) => {
        const values = leaves('spec', isNumber, tree).map(({ value }) => value)
        expect(rebuild('spec', isNumber, tree, values)).toEqual(tree)
      })
    ))
  it('keep their form under other leaves', () =>
    fc.assert(
      fc.property(numbers, (tree) => {
        const found = leaves('spec', isNumber, tree)
        const next = rebuild(
          'spec',
          isNumber,
          tree,
          found.map((_, i) => i)
        )
        const again = leaves('spec', isNumber, next)
        expect(again.map(({ path }) => path)).toEqual(found.map(({ path }) => path))
        expect(again.map(({ value }) => value)).toEqual(found.map((_, i) => i))
      })
    ))
  it('are walked in the order of field names, whatever the order of writing', () => {
    expect(leaves('spec', isNumber, { b: 1, a: [2, { c: 3 }] })).toEqual([
      { path: 'a[0]', value: 2 },
      { path: 'a[1].c', value: 3 },
      { path: 'b', value: 1 }
    ])
  })
  it.each([
    ['text', 'string'],
    [undefined, 'undefined'],
    [new Map(), 'object'],
    [null, 'object']
  ])('refuse %o among the leaves', (stranger, kind) =>
    expectRefusal(
      () => leaves('trace', isNumber, { layers: [1, { w: stranger }] }),
      'TreeError',
      'trace',
      'arrays and plain records',
      kind,
      'layers[1].w'
    )
  )
})

describe('an argument of a traced function', () => {
  const set = { x: ndarray.zeros([2, 3]), y: ndarray.zeros([2]), classes: 10 }
  it('that is a data set is told what to give', () =>
    expectRefusal(
      () => evaluateOn((_: unknown, { x }: { readonly x: Tensor }) => x)(1 as never, set),
      'TreeError',
      'evaluate',
      'arrays and plain records',
      'a number: ndarray.scalar',
      '[0]'
    ))
  it('that is a data set is told what to give, as a batch', () =>
    expectRefusal(
      () => evaluateOn(({ x }: { readonly x: Tensor }) => x)(set),
      'TreeError',
      'evaluate',
      'arrays and plain records',
      'give { x, y } of it as a batch',
      '[0].classes'
    ))
  it('that is a tensor already is told to call the function itself', () =>
    expectRefusal(
      () => evaluateOn((x: Tensor) => evaluateOn((y: Tensor) => y)(x as never) as never)(set.x),
      'TreeError',
      'evaluate',
      'arrays and plain records',
      'call f itself',
      '[0]'
    ))
})

const params = nn.serial(nn.dense(3), nn.relu, nn.dense(2)).init(key(0), [4])

describe('names of a tree', () => {
  it('are those that other frameworks use, and lead back to the tree', () => {
    const named = tree.named(params)
    expect(Object.keys(named)).toEqual(['0.b', '0.w', '2.b', '2.w'])
    expect(tree.fromNamed(params)(named)).toEqual(params)
    expect(Object.keys(tree.named({ net: { layers: params } }))[0]).toBe('net.layers.0.b')
  })

  it('refuse what is missing, foreign, of another shape, or named twice', () => {
    const { '0.w': w, ...rest } = tree.named(params)
    const read = tree.fromNamed(params)
    expectRefusal(() => read(rest), 'TreeError', 'tree.fromNamed', '[4,3]', 'none', '0.w')
    expectRefusal(
      () => read({ ...rest, '0.w': w!, x: w! }),
      'TreeError',
      'tree.fromNamed',
      'names',
      'another',
      'x'
    )
    expectRefusal(
      () => read({ ...rest, '0.w': ndarray.zeros([3, 4]) }),
      'TreeError',
      'tree.fromNamed',
      '[4,3]',
      '[3,4]',
      '0.w'
    )
    const both = { a: [ndarray.scalar(1)], 'a.0': ndarray.scalar(2) }
    expectRefusal(() => tree.named(both), 'TreeError', 'tree.named', 'another name', 'two', 'a.0')
  })
})
