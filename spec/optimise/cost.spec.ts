import { describe, expect, it } from 'vitest'
import { ops, type Tensor } from 'tangentflow'
import { spec } from '../../lib/graph/spec.js'
import { traceOrThrow } from '../../lib/graph/trace.js'
import { costOfGraph, peakBytes } from '../../lib/optimise/cost.js'

const graphOf = (f: (...args: Tensor[]) => unknown, ...shapes: readonly (readonly number[])[]) =>
  traceOrThrow(
    f,
    shapes.map((shape) => spec(shape))
  ).graph

describe('the cost of a graph, by hand', () => {
  it('counts an operation for each element, and the bytes of the operands and the result', () =>
    expect(costOfGraph(graphOf((a: Tensor, b: Tensor) => ops.add(b)(a), [2, 3], [2, 3]))).toEqual({
      flops: 6,
      bytes: 4 * 18
    }))

  it('counts two for each product of a matrix product', () =>
    expect(costOfGraph(graphOf((a: Tensor, b: Tensor) => ops.matmul(b)(a), [2, 3], [3, 4]))).toEqual({
      flops: 2 * 24,
      bytes: 4 * (6 + 12 + 8)
    }))

  it('counts nothing for what is seen through', () =>
    expect(costOfGraph(graphOf((a: Tensor) => ops.reshape([6])(a), [2, 3]))).toEqual({ flops: 0, bytes: 0 }))

  it('counts every step of a loop', () => {
    const f = (x: Tensor) => ops.scan((y: Tensor) => [ops.exp(y), []] as const, 5)(x)[0]
    const inside = costOfGraph(graphOf((x: Tensor) => ops.exp(x), [3]))
    expect(costOfGraph(graphOf(f, [3])).flops).toBeGreaterThanOrEqual(5 * inside.flops)
  })
})

describe('the most bytes at once, by hand', () => {
  it('are those of the inputs, the result, a value and the one made from it', () => {
    // x 16 bytes, the sum 4; exp x lives until cos (exp x) is there: 20 + 16 + 16
    const f = (x: Tensor) => ops.sum()(ops.cos(ops.exp(x)))
    expect(peakBytes(graphOf(f, [4]))).toBe(52)
  })

  it('are those of the inputs and results where there is nothing else', () =>
    expect(peakBytes(graphOf((x: Tensor) => ops.exp(x), [4]))).toBe(32))
})
