import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { functionOf } from '../../docs/lessons/01-functions-graphs-gradients/expression.js'
import { evaluateOn, ndarray } from '../../lib/index.js'

const x = ndarray.of([2], [1, 2])
const valueOf = (expression: string): unknown => ndarray.toNested(evaluateOn(functionOf(expression))(x))

it.each([
  ['x', [1, 2]],
  ['ops.add(-0.5)(x)', [0.5, 1.5]],
  ['ops.sum()( ops.mul(x)(x) )', 5],
  ["ops.einsum('i,j->ij')(x, x)", [[1, 2], [2, 4]]], // prettier-ignore
  ['ops.concat(0)([x, x])', [1, 2, 1, 2]]
])('reads %s', (expression, value) => expect(valueOf(expression)).toEqual(value))

it.each([
  ['ops.sum()(y)', 'received ‘y’'],
  ['ops.sum()(x', 'received its end'],
  ['x x', 'expected one value'],
  ['x(1)', 'expected an operation before ('],
  ['ops.constructor', 'the name of an operation'],
  ['ops.sum', 'expected a tensor'],
  ['ops.exp(3)', 'expected a tensor'],
  ['', 'expected a value']
])('refuses %j', (expression, message) => expect(() => valueOf(expression)).toThrow(message))

it('never runs what it reads', () =>
  fc.assert(
    fc.property(
      fc.constantFrom('globalThis', 'x.constructor', 'ops.sum.constructor', '(()=>1)()'),
      (text) => {
        expect(() => valueOf(text)).toThrow('the expression')
      }
    )
  ))
