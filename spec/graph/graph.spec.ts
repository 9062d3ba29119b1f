import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { of } from '../../lib/core/ndarray.js'
import { key, uniforms } from '../../lib/core/key.js'
import { deduplicate, type Graph, graphKey, print, printDot, topological } from '../../lib/graph/graph.js'
import { ops } from '../../lib/graph/ops/index.js'
import { spec } from '../../lib/graph/spec.js'
import { type Tensor, isOp } from '../../lib/graph/tensor.js'
import { trace } from '../../lib/graph/trace.js'
import { bind, type Bound, compare, judge } from '../../lib/laws/compare.js'
import { programCases, type ProgramCase } from '../../lib/laws/programs.js'
import { law, type Outcome, redraw, showReport } from '../../lib/laws/law.js'
import { isNearKink, observe } from '../../lib/laws/observe.js'
import { runs } from '../support/runs.js'

const graphOf = (f: (a: Tensor, b: Tensor) => unknown): Graph => {
  const traced = trace(f, [spec([2, 3]), spec([2, 3])])
  if (E.isLeft(traced)) throw new Error(JSON.stringify(traced.left))
  return traced.right.graph
}
const lines = (f: (a: Tensor, b: Tensor) => unknown): string[] => print(graphOf(f)).split('\n')

describe('sharing', () => {
  it('merges equal expressions', () => {
    const [one, two] = graphOf((a) => [ops.tanh(ops.neg(a)), ops.tanh(ops.neg(a))]).outputs
    expect(one).toBe(two)
  })
  it('never merges inputs', () => {
    const [one, two] = graphOf((a, b) => [ops.tanh(a), ops.tanh(b)]).outputs
    expect(one).not.toBe(two)
  })
  it('numbers indices, so that equal products are one', () => {
    const f = (a: Tensor, b: Tensor) => [ops.einsum('ij,kj->ik')(a, b), ops.einsum('xq,zq->xz')(a, b)]
    const [one, two] = graphOf(f).outputs
    expect(one).toBe(two)
  })
  it('tells 0 from −0', () => {
    const [one, two] = graphOf((a) => [ops.div(ops.fill(0, []))(a), ops.div(ops.fill(-0, []))(a)]).outputs
    expect(one).not.toBe(two)
  })
  it('drops what no result needs', () =>
    expect(
      lines((a) => {
        ops.tanh(a)
        return ops.neg(a)
      })
    ).toHaveLength(4))
})

describe('graphKey', () => {
  it('is equal for the same program traced twice', () =>
    fc.assert(
      fc.property(programCases(), ({ program, args }) => {
        expect(graphKey(bind(program.f, args).graph)).toBe(graphKey(bind(program.f, args).graph))
      })
    ))
  it('differs with the order of arguments, a parameter, a constant and the results', () => {
    const functions: ((a: Tensor, b: Tensor) => unknown)[] = [
      (a, b) => ops.sub(b)(a),
      (a, b) => ops.sub(a)(b),
      (a) => ops.slice([0, 0], [1, 2])(a),
      (a) => ops.slice([0, 1], [1, 3])(a),
      (a) => ops.add(1)(a),
      (a) => ops.add(2)(a),
      (a, b) => [a, b],
      (a, b) => [b, a]
    ]
    expect(new Set(functions.map((f) => graphKey(graphOf(f)))).size).toBe(functions.length)
  })
  it('names large constants apart, masks among them', () => {
    // 20,000 random masks of 64 elements: a name that loses bits would repeat
    const draws = uniforms(key(1), 64 * 20_000)
    const names = new Set<string>()
    for (let at = 0; at < draws.length; at += 64) {
      const mask = of([64], draws.slice(at, at + 64).map(Math.round))
      names.add(graphKey({ inputs: [], outputs: [ops.constant(mask)] }))
    }
    expect(names.size).toBe(20_000)
  })
})

/** Another graph of the same inputs against the one it was made from. */
const sameValue = (bound: Bound, graph: Graph): Outcome =>
  isNearKink(observe(bound.graph, bound.values).kinks, 1e-9)
    ? redraw('a decision hangs on rounding')
    : compare(judge({ graph, values: bound.values }), judge(bound))

describe('deduplicate', () => {
  it('keeps the value', () => {
    const doubled = ({ program, args }: ProgramCase): Bound => {
      const { graph, values } = bind(program.f, args)
      // the same expression twice, from different nodes
      const again = topological(graph.outputs).reduce(
        (copies, node) =>
          isOp(node, 'input')
            ? copies.set(node, node)
            : copies.set(node, { ...node, inputs: node.inputs.map((input) => copies.get(input)!) }),
        new Map<Tensor, Tensor>()
      )
      return {
        graph: { ...graph, outputs: [...graph.outputs, ...graph.outputs.map((o) => again.get(o)!)] },
        values
      }
    }
    const report = law(
      'deduplicate keeps the value and merges what is equal',
      programCases(),
      (drawn) => {
        const bound = doubled(drawn)
        const shared = deduplicate(bound.graph)
        expect(shared.outputs[0]).toBe(shared.outputs[1])
        return sameValue(bound, shared)
      },
      { runs: runs(500) }
    )
    console.info(showReport(report))
  })
})

describe('printing', () => {
  it('gives one line a node', () =>
    expect(lines((a, b) => ops.relu(ops.matmul(ops.transpose()(b))(a)))).toEqual([
      '%0: f32[2,3] = input [0]',
      '%1: f32[2,3] = input [1]',
      '%2: f32[3,2] = contract %1 {ab->ba}',
      '%3: f32[2,2] = contract %0, %2 {ab,bc->ac}',
      '%4: f32[2,2] = relu %3',
      'return %4'
    ]))
  it('gives dot', () =>
    expect(printDot(graphOf((a) => ops.sum()(a))).split('\n')).toEqual([
      'digraph {',
      '  node [shape=box, fontname=monospace]',
      '  n0 [label="input\\n[0]\\n[2,3]"]',
      '  n1 [label="input\\n[1]\\n[2,3]"]',
      '  n2 [label="contract\\nab->\\n[]", peripheries=2]',
      '  n0 -> n2',
      '}'
    ]))
})
