import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import type { Graph } from '../../lib/graph/graph.js'
import { ops } from '../../lib/graph/ops/index.js'
import { print, printDot } from '../../lib/graph/print.js'
import { spec } from '../../lib/graph/spec.js'
import type { Tensor } from '../../lib/graph/tensor.js'
import { trace } from '../../lib/graph/trace.js'

const graphOf = (f: (a: Tensor, b: Tensor) => unknown): Graph => {
  const traced = trace(f, [spec([2, 3]), spec([2, 3])])
  if (E.isLeft(traced)) throw new Error(JSON.stringify(traced.left))
  return traced.right.graph
}
const lines = (f: (a: Tensor, b: Tensor) => unknown): string[] => print(graphOf(f)).split('\n')

describe('printing', () => {
  it('gives one line a node', () =>
    expect(lines((a, b) => ops.relu(ops.matmul(ops.transpose()(b))(a)))).toEqual([
      '%0: f32[2,3] = input [0]',
      '%1: f32[2,3] = input [1]',
      '%2: f32[] = constant {0}',
      '%3: f32[2,2] = contract %2 {->ab}',
      '%4: f32[3,2] = contract %1 {ab->ba}',
      '%5: f32[2,2] = contract %0, %4 {ab,bc->ac}',
      '%6: f32[2,2] = less %3, %5',
      '%7: f32[2,2] = select %6, %5, %3',
      'return %7'
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
