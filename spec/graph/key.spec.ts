import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { key, permutation } from '../../lib/core/key.js'
import { fromNested, of, toNested } from '../../lib/core/ndarray.js'
import { evaluateOn } from '../../lib/graph/evaluate.js'
import { constant, type Tensor } from '../../lib/graph/tensor.js'
import { fold, type Key, random, split } from '../../lib/graph/key.js'
import { ops } from '../../lib/graph/ops/index.js'
import { keys } from '../../lib/laws/arbitraries.js'
import { expectRefusal } from '../support/refusal.js'

const distributions = [
  ['uniform', random.uniform],
  ['normal', random.normal],
  ['rademacher', random.rademacher]
] as const

describe.each(distributions)('random.%s', (name, draw) => {
  it('is the same from a host key as from a key among the arguments, through every derivation', () =>
    fc.assert(
      fc.property(keys, (k) => {
        const f = (source: Key): Tensor => draw([2, 3])(fold(7)(split(3)(source)[1]))
        expect(evaluateOn(f)(k)).toEqual(evaluateOn(() => f(k))())
      })
    ))
  it('gives each row its own noise, wherever it stands in the batch', () =>
    fc.assert(
      fc.property(keys, keys, (k, order) => {
        const ids = [3, 0, 4, 15, 9]
        const places = permutation(order, 5)
        const noise = (source: Key, rows: Tensor): Tensor => draw([5, 3], rows)(source)
        const rowsOf = (list: readonly number[]): unknown =>
          toNested(evaluateOn(noise)(k, of([5], Float64Array.from(list))))
        const straight = rowsOf(ids) as unknown[]
        expect(rowsOf([...places].map((i) => ids[i]!))).toEqual([...places].map((i) => straight[i]))
        expect(straight[3]).toEqual(toNested(evaluateOn(() => draw([3])(fold(15)(k)))()))
      })
    ))
  it.each([0.5, -1, NaN])('refuses the id %d', (id) =>
    expectRefusal(
      () => draw([2, 3], constant(fromNested([1, id])))(key(0)),
      'ArgumentError',
      `random.${name}`,
      'whole numbers',
      String(id)
    )
  )
  it('refuses ids that are computed', () =>
    expectRefusal(
      () => evaluateOn((k: Key, ids: Tensor) => draw([2], ops.neg(ids))(k))(key(0), fromNested([1, 2])),
      'ArgumentError',
      `random.${name}`,
      'an argument or a constant',
      'pointwise'
    ))
  it('refuses ids of another number', () =>
    expectRefusal(
      () => evaluateOn((k: Key, ids: Tensor) => draw([3], ids)(k))(key(0), fromNested([1, 2])),
      'ShapeError',
      'random',
      'ids of shape [3]',
      '[2]'
    ))
})
