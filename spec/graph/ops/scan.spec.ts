import { describe, expect, it } from 'vitest'
import { evaluateGraph } from '../../../lib/graph/evaluate.js'
import { compare, judge } from '../../../lib/laws/compare.js'
import { law, showReport, worstOf } from '../../../lib/laws/law.js'
import { optimise } from '../../../lib/optimise/index.js'
import { unrollLoops } from '../../../lib/optimise/unroll-loops.js'
import { bothSides, loopCases, views } from '../../support/loops.js'
import { sameValue } from '../../support/optimised.js'
import { runs } from '../../support/runs.js'

describe.each(views)('the %s of a random loop', (name, view) => {
  it('is that of the loop written out', { timeout: 120_000 }, () => {
    const report = law(
      name,
      loopCases,
      (drawn) => {
        const [scan, unrolled] = bothSides(view, drawn)
        return compare(judge(scan), judge(unrolled))
      },
      { runs: runs(500) }
    )
    console.info(showReport(report))
  })

  it('is computed by the loop itself, with the same bits as by its steps, and kept by the optimiser', () => {
    law(
      name,
      loopCases,
      (drawn) => {
        const [{ graph, values }] = bothSides(view, drawn)
        const made = evaluateGraph(graph, values)
        expect(made).toEqual(evaluateGraph(unrollLoops(graph), values))
        const optimised = optimise(graph)
        return worstOf([
          sameValue({ graph, values }, optimised),
          sameValue({ graph, values }, optimise(unrollLoops(graph)))
        ])
      },
      { runs: runs(60) }
    )
  })
})
