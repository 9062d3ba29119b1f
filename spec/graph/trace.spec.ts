import * as E from 'fp-ts/lib/Either.js'
import { expect, it, describe } from 'vitest'
import { spec } from '../../lib/graph/spec.js'
import type { Tensor } from '../../lib/graph/tensor.js'
import { trace } from '../../lib/graph/trace.js'
import { ops } from '../../lib/graph/ops/index.js'

it('a function without a tensor among its results is refused for every engine', () => {
  expect(trace((_: Tensor) => [], [spec([2])])).toEqual(
    E.left({
      _tag: 'TraceError',
      operation: 'trace',
      expected: 'a function with a tensor among its results',
      received: 'none'
    })
  )
})

describe('trace', () => {
  it('gives the first refusal as a Left', () => {
    const traced = trace((a: Tensor, b: Tensor) => ops.matmul(b)(a), [spec([2, 3]), spec([4, 5])])
    expect(traced).toEqual(
      E.left({
        _tag: 'ShapeError',
        operation: 'ops.matmul',
        expected: 'inner sizes to agree',
        received: '[2,3] and [4,5]'
      })
    )
  })
  it('refuses a tensor that leaked out of another trace', () => {
    let leaked: Tensor | undefined
    trace((x: Tensor) => (leaked = x), [spec([2])])
    const traced = trace((x: Tensor) => ops.add(leaked!)(x), [spec([2])])
    expect(traced).toMatchObject({
      left: { _tag: 'TraceError', operation: 'trace', expected: 'only tensors of this trace' }
    })
  })
  it('refuses a result that is no tree of tensors', () => {
    expect(trace((x: Tensor) => ({ x, name: 'loss' }), [spec([])])).toMatchObject({
      left: { _tag: 'TreeError', operation: 'trace', received: 'string', where: 'name' }
    })
  })
  it('keeps an exception of the function as the cause', () => {
    const cause = new RangeError('mine')
    const received = 'a function, [], which raised RangeError: mine'
    expect(
      trace(() => {
        throw cause
      }, [])
    ).toMatchObject({ left: { _tag: 'ArgumentError', operation: 'trace', received, cause } })
  })
})
