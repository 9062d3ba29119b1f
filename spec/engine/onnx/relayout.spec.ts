import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { NdArray } from '../../../lib/core/ndarray.js'
import { relayout } from '../../../lib/engine/onnx/relayout.js'
import { lower } from '../../../lib/engine/onnx/lower.js'
import { planOf } from '../../../lib/engine/plan.js'
import { contract } from '../../../lib/graph/contract.js'
import { evaluateGraph } from '../../../lib/graph/evaluate.js'
import { type Graph, topological } from '../../../lib/graph/graph.js'
import { isOp, type Tensor } from '../../../lib/graph/tensor.js'
import { optimise } from '../../../lib/optimise/index.js'
import { normalForm } from '../../../lib/optimise/normal-form.js'
import { runs } from '../../support/runs.js'
import { arraysOf, input } from './support.js'

const transposes = (graph: Graph): number =>
  lower(planOf(graph)).nodes.filter(({ op }) => op === 'Transpose').length

/** A chain of random contractions of a stack of three axes of sizes 2, 3 and 4, any intermediate read again later. */
const chains = fc
  .array(
    fc.record({
      left: fc.nat(),
      right: fc.nat(),
      orders: fc.tuple(
        fc.shuffledSubarray([0, 1, 2], { minLength: 3 }),
        fc.constantFrom<readonly [string, string, string]>(
          ['abc', 'abc', 'abc'],
          ['abc', 'abd', 'acd'],
          ['abc', 'abd', 'adc'],
          ['abc', 'ac', 'bca'],
          ['abc', 'ab', 'cab'],
          ['abc', 'bc', 'acb']
        )
      )
    }),
    { minLength: 1, maxLength: 6 }
  )
  .map((steps): Graph => {
    const size = 3
    const inputs = [input([size, size, size]), input([size, size, size])]
    const cubes: Tensor[] = [...inputs]
    for (const { left, right, orders } of steps) {
      const [order, [a, b, out]] = orders
      const first = cubes[left % cubes.length]!
      const cube = cubes[right % cubes.length]!
      const letters = ['a', 'b', 'c', 'd']
      const indices = (names: string): number[] => names.split('').map((name) => letters.indexOf(name))
      const second = b.length === 3 ? cube : contract([cube], [[0, 1, 2]], [0, 2], [size, size, size])
      const shuffled = order.map((axis) => indices(out)[axis]!)
      cubes.push(
        contract(
          [first, second],
          [indices(a), indices(b)],
          shuffled,
          letters.map(() => size)
        )
      )
    }
    return { inputs, outputs: cubes.slice(-1) }
  })

describe('relayout', () => {
  it('gives a product the order in which the matrix product after it reads', () => {
    const [a, b, c] = [input([5, 6, 7]), input([5, 6]), input([5, 6, 7, 3])]
    // stored as j, k, i the product would have to be moved before it is multiplied by c
    const scaled = contract(
      [a, b],
      [
        [0, 1, 2],
        [0, 1]
      ],
      [1, 2, 0],
      [5, 6, 7]
    )
    const graph = {
      inputs: [a, b, c],
      outputs: [
        contract(
          [scaled, c],
          [
            [1, 2, 0],
            [0, 1, 2, 3]
          ],
          [3],
          [5, 6, 7, 3]
        )
      ]
    }
    expect(transposes(graph)).toBe(0)
  })

  it('keeps values, and every contraction in normal form', () =>
    fc.assert(
      fc.property(
        chains.chain((graph) =>
          fc.tuple(fc.constant(graph), arraysOf(graph.inputs.map(({ shape }) => shape)))
        ),
        ([graph, values]: [Graph, NdArray[]]) => {
          const before = optimise(graph)
          const after = relayout(before)
          for (const node of topological(after.outputs))
            if (isOp(node, 'contract')) expect(normalForm(node.op)).toBeDefined()
          expect(evaluateGraph(after, values)).toEqual(evaluateGraph(before, values))
        }
      ),
      { numRuns: runs(300) }
    ))
})
