import * as E from 'fp-ts/lib/Either.js'
import { expect, it } from 'vitest'
import { spec } from '../../lib/graph/spec.js'
import type { Tensor } from '../../lib/graph/tensor.js'
import { trace } from '../../lib/graph/trace.js'

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
