import { describe, expect, it } from 'vitest'
import { fold } from '../../lib/graph/key.js'
import { sizeOf } from '../../lib/core/shape.js'
import { ops } from '../../lib/graph/ops/index.js'
import { topological } from '../../lib/graph/graph.js'
import { apply, isOp, type Tensor } from '../../lib/graph/tensor.js'
import { normalArray } from '../../lib/laws/arbitraries.js'
import { compare, judge } from '../../lib/laws/compare.js'
import { law, showReport } from '../../lib/laws/law.js'
import { optimise } from '../../lib/optimise/index.js'
import { normalForm } from '../../lib/optimise/normal-form.js'
import { contractionPath } from '../../lib/optimise/path.js'
import { contractions } from '../support/contractions.js'
import { naiveContract } from '../support/naive.js'
import { runs } from '../support/runs.js'

const isNormal = (node: Tensor): boolean => !isOp(node, 'contract') || normalForm(node.op) !== undefined

/** The forms of the contractions of an optimised einsum, and the number of elements of each. */
const formsOf = (equation: string, ...shapes: readonly (readonly number[])[]) => {
  const symbols = shapes.map((shape, k) => apply({ tag: 'input', name: `${k}`, shape }, []))
  const [first, ...rest] = symbols
  const { outputs } = optimise({ inputs: symbols, outputs: [ops.einsum(equation)(first!, ...rest)] })
  return topological(outputs).flatMap((node) =>
    isOp(node, 'contract') ? [[normalForm(node.op)!.kind, sizeOf(node.shape)] as const] : []
  )
}

describe('the steps of a contraction', () => {
  it('are a product and a sum for a dot product of each entry of a batch', () =>
    expect(formsOf('bi,bi->b', [5, 4], [5, 4])).toEqual([
      ['product', 20],
      ['sum', 5]
    ]))

  it('are a matrix product where there is a batch and an axis of either side', () => {
    expect(formsOf('bij,bj->bi', [5, 3, 4], [5, 4]).map(([kind]) => kind)).toContain('matmul')
    expect(formsOf('bj,bjk->bk', [5, 4], [5, 4, 3]).map(([kind]) => kind)).toContain('matmul')
    expect(formsOf('i,i->', [4], [4])).toEqual([['matmul', 1]])
  })

  it('multiply the smallest operand by a number', () =>
    expect(formsOf(',ij,k->ijk', [], [2, 3], [4])).toEqual([
      ['product', 4],
      ['product', 24]
    ]))

  it('cost what they compute and move', () => {
    // 2 · 24 operations, and 8 for each of 6 + 12 + 8 elements that are moved
    const op = {
      tag: 'contract',
      operands: [
        [0, 1],
        [1, 2]
      ],
      output: [0, 2],
      sizes: [2, 3, 4]
    } as const
    expect(contractionPath(op)).toEqual({ path: [0, 1], cost: 48 + 8 * 26 })
  })
})

describe('contraction paths', () => {
  it.each([1, 2, 3, 6])('give what the naive einsum gives, up to %i operands', (operands) => {
    const report = law(
      `path = naive einsum, up to ${operands} operands`,
      contractions(operands),
      ({ op, source }) => {
        const shapes = op.operands.map((indices) => indices.map((index) => op.sizes[index]!))
        const inputs = shapes.map((shape, k) => apply({ tag: 'input', name: `${k}`, shape }, []))
        const graph = { inputs, outputs: [apply(op, inputs)] }
        const values = shapes.map((shape, k) => normalArray(fold(k)(source), shape))
        const optimised = optimise(graph)
        expect(topological(optimised.outputs).filter((node) => !isNormal(node))).toEqual([])
        const naive = naiveContract(op, values)
        const expected = { outputs: [naive], slack: judge({ graph, values })!.slack }
        const outcome = compare(judge({ graph, values }), expected)
        return outcome.kind === 'measured' && !(outcome.error <= outcome.bound)
          ? outcome
          : compare(judge({ graph: optimised, values }), expected)
      },
      { runs: runs(operands === 1 ? 200 : 300) }
    )
    console.info(showReport(report))
  })
})
