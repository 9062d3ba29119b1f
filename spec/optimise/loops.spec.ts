import { describe, expect, it } from 'vitest'
import { of, scalar, toNumber } from '../../lib/core/ndarray.js'
import { grad } from '../../lib/diff/index.js'
import { evaluateGraph } from '../../lib/graph/evaluate.js'
import { type Graph, topological } from '../../lib/graph/graph.js'
import type { TensorOf } from '../../lib/graph/op.js'
import { ops } from '../../lib/graph/ops/index.js'
import { spec } from '../../lib/graph/spec.js'
import { isOp, type Tensor } from '../../lib/graph/tensor.js'
import { traceOrThrow } from '../../lib/graph/trace.js'
import { costOfGraph, peakBytes } from '../../lib/optimise/cost.js'
import { optimise } from '../../lib/optimise/index.js'
import { unrollLoops } from '../../lib/optimise/unroll-loops.js'

const loopsOf = ({ outputs }: Graph): readonly TensorOf<'scan'>[] =>
  topological(outputs).filter((node): node is TensorOf<'scan'> => isOp(node, 'scan'))

const pointwise = ({ outputs }: Graph): readonly string[] =>
  topological(outputs).flatMap((node) => (isOp(node, 'pointwise') ? [node.op.fn] : []))

describe('loops that are optimised', () => {
  it('give and carry what is read only', () => {
    const f = (x: Tensor, xs: Tensor): Tensor =>
      ops.scan(
        ({ a, b, c }: { readonly a: Tensor; readonly b: Tensor; readonly c: Tensor }, x: Tensor) =>
          [
            { a: ops.sin(a), b: ops.mul(c)(b), c },
            { y: ops.exp(a), z: ops.add(x)(b) }
          ] as const,
        5
      )({ a: x, b: x, c: x }, xs)[1].y
    const { graph } = traceOrThrow(f, [spec([]), spec([5])])
    const [loop] = loopsOf(optimise(graph))
    expect(loop!.op).toMatchObject({ carries: 1, sequences: 0, length: 5 })
    expect(loop!.op.body.outputs).toHaveLength(2)
    const values = [scalar(0.3), of([5], [1, 2, 3, 4, 5])]
    expect(evaluateGraph(optimise(graph), values)).toEqual(evaluateGraph(graph, values))
  })

  it('carry what is read by what is read by what is read', () => {
    type Chain = { readonly a: Tensor; readonly b: Tensor; readonly c: Tensor; readonly d: Tensor }
    const f = (x: Tensor): Tensor =>
      ops.scan(
        ({ a, b, c, d }: Chain) =>
          [{ a: ops.sin(b), b: ops.cos(c), c: ops.exp(a), d: ops.tanh(d) }, []] as const,
        5
      )({ a: x, b: x, c: x, d: x })[0].a
    const { graph } = traceOrThrow(f, [spec([])])
    const [loop] = loopsOf(optimise(graph))
    expect(loop!.op).toMatchObject({ carries: 3 })
    expect(evaluateGraph(optimise(graph), [scalar(0.3)])).toEqual(evaluateGraph(graph, [scalar(0.3)]))
  })

  it('compute what no step changes outside, known numbers inside', () => {
    const f = (x: Tensor, y: Tensor): Tensor =>
      ops.scan(
        ({ sum, factor }: { readonly sum: Tensor; readonly factor: Tensor }) =>
          [{ sum: ops.add(ops.mul(ops.exp(factor))(sum))(y), factor }, []] as const,
        4
      )({ sum: x, factor: y }, undefined)[0].sum
    const made = optimise(traceOrThrow(f, [spec([]), spec([])]).graph)
    const [loop] = loopsOf(made)
    expect(loop!.op.carries).toBe(1)
    expect(pointwise(loop!.op.body)).toEqual(['add'])
    expect(pointwise(made)).toEqual(['exp'])
  })

  it('compute no cotangents of results that are not used', () => {
    const f = (x: Tensor): Tensor => ops.scan((c: Tensor) => [ops.sin(c), ops.exp(c)] as const, 3)(x)[0]
    const made = optimise(traceOrThrow(grad(f), [spec([])]).graph)
    const all = loopsOf(made).flatMap(({ op }) => pointwise(op.body))
    expect(all).not.toContain('exp')
    expect(toNumber(evaluateGraph(made, [scalar(0.5)])[0]!)).toBeCloseTo(
      Math.cos(0.5) * Math.cos(Math.sin(0.5)) * Math.cos(Math.sin(Math.sin(0.5))),
      12
    )
  })

  it('hide no pole of an earlier step from the rules for finite numbers', () => {
    // 1/x is infinite at 0; gated by a comparison it is 0, where a product would be NaN
    const f = (x: Tensor): Tensor =>
      ops.scan(
        (c: Tensor) => [ops.where(ops.less(1)(x))(0, ops.div(x)(ops.add(0)(c))), []] as const,
        3
      )(ops.div(x)(ops.ones([])))[0]
    const { graph } = traceOrThrow(f, [spec([])])
    const values = [scalar(0)]
    expect(evaluateGraph(optimise(graph), values)).toEqual(evaluateGraph(unrollLoops(graph), values))
  })

  it('cost their length times their body, and hold one step', () => {
    const f = (length: number) => (x: Tensor) =>
      ops.scan((c: Tensor) => [ops.sin(c), []] as const, length)(x)[0]
    const made = (length: number): Graph => optimise(traceOrThrow(f(length), [spec([8])]).graph)
    expect(costOfGraph(made(6)).flops).toBe(6 * 8)
    expect(peakBytes(made(6))).toBe(peakBytes(made(60)))
  })
})
