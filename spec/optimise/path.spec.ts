import { describe, expect, it } from 'vitest'
import { fold } from '../../lib/graph/key.js'
import { topological } from '../../lib/graph/graph.js'
import { apply, isOp, type Tensor } from '../../lib/graph/tensor.js'
import { normalArray } from '../../lib/laws/arbitraries.js'
import { compare, judge } from '../../lib/laws/compare.js'
import { law, showReport } from '../../lib/laws/law.js'
import { optimise } from '../../lib/optimise/index.js'
import { normalForm } from '../../lib/optimise/normal-form.js'
import { contractions } from '../support/contractions.js'
import { naiveContract } from '../support/naive.js'
import { runs } from '../support/runs.js'

const isNormal = (node: Tensor): boolean => !isOp(node, 'contract') || normalForm(node.op) !== undefined

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
