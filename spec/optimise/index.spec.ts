import { describe, expect, it } from 'vitest'
import { topological } from '../../lib/graph/graph.js'
import { opKey } from '../../lib/graph/primitives/index.js'
import { isOp, type Tensor } from '../../lib/graph/tensor.js'
import { law, showReport } from '../../lib/laws/law.js'
import { programCases } from '../../lib/laws/programs.js'
import { optimise } from '../../lib/optimise/index.js'
import { normalForm } from '../../lib/optimise/normal-form.js'
import { derivatives, sameValue } from '../support/optimised.js'
import { runs } from '../support/runs.js'

const isNormal = (node: Tensor): boolean => !isOp(node, 'contract') || normalForm(node.op) !== undefined

const nameOf = (node: Tensor, ids: ReadonlyMap<Tensor, number>): string =>
  isOp(node, 'input')
    ? `input ${ids.get(node)}`
    : `${opKey(node.op)}(${node.inputs.map((input) => ids.get(input)).join(',')})`

describe.each(derivatives)('optimise, on %s', (name, boundOf) => {
  it('keeps the value, leaves normal forms, and no two equal nodes', () => {
    const report = law(
      `optimise keeps the value of ${name}`,
      programCases(),
      (drawn) => {
        const bound = boundOf(drawn)
        const optimised = optimise(bound.graph)
        const nodes = topological(optimised.outputs)
        const ids = new Map(nodes.map((node, i) => [node, i]))
        expect(nodes.filter((node) => !isNormal(node))).toEqual([])
        expect(new Set(nodes.map((node) => nameOf(node, ids))).size).toBe(nodes.length)
        expect(optimised.inputs).toBe(bound.graph.inputs)
        return sameValue(bound, optimised)
      },
      { runs: runs(500) }
    )
    console.info(showReport(report))
  })
})
