import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ops } from '../../lib/graph/ops/index.js'
import { spec } from '../../lib/graph/spec.js'
import type { Tensor } from '../../lib/graph/tensor.js'
import { trace } from '../../lib/graph/trace.js'
import { shapes } from '../../lib/laws/arbitraries.js'

/** What plain JavaScript lets a person write of a tensor. */
const misused: Readonly<Record<string, (x: never) => unknown>> = {
  '>': (x: number) => (x > 0 ? x : 0),
  '<=': (x: number) => (x <= 1 ? x : 0),
  '*': (x: number) => 2 * x,
  '+': (x: number) => x + 1,
  '+ text': (x: string) => x + 'a',
  'unary −': (x: number) => -x,
  'Math.exp': (x: number) => Math.exp(x),
  'Math.max': (x: number) => Math.max(0, x),
  Number: (x: number) => [x].map(Number),
  isNaN: (x: number) => isNaN(x)
}

describe('a tensor in an operator of JavaScript', () => {
  it.each(Object.entries(misused))('is refused by the library: %s', (_, f) => {
    fc.assert(
      fc.property(shapes(), (shape) => {
        expect(trace(f as (x: Tensor) => Tensor, [spec(shape)])).toMatchObject({
          left: {
            _tag: 'TraceError',
            expected: expect.stringContaining('ops') as string,
            received: `a tensor of shape [${shape.join(',')}] in an operator or function of JavaScript`
          }
        })
      }),
      { numRuns: 10 }
    )
  })
  it('is refused whatever made it', () => {
    const f = (x: Tensor) => Math.exp(ops.sum()(ops.square(x)) as never) as never
    expect(trace(f, [spec([2])])).toMatchObject({
      left: { received: expect.stringContaining('[]') as string }
    })
  })
  it('is its shape as text', () => {
    const tensor: unknown = ops.fill(1, [2, 3])
    expect(String(tensor)).toBe('a tensor of shape [2,3]')
  })
})
