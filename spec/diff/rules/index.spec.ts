import { describe, expect, it } from 'vitest'
import { grad, vmap } from '../../../lib/diff/index.js'
import { functions } from '../../../lib/graph/primitives/pointwise.js'
import { ops } from '../../../lib/graph/ops/index.js'
import { diffRules } from '../../../lib/diff/rules/index.js'
import { topological } from '../../../lib/graph/graph.js'
import { opName } from '../../../lib/graph/primitives/index.js'
import type { Tensor } from '../../../lib/graph/tensor.js'
import { vmapIsLoopAt } from '../../../lib/laws/vmap-is-loop.js'
import {
  adjointAt,
  doubleTransposeAt,
  gradientAt,
  jacobiansAgreeAt,
  secondDerivativesAt
} from '../../../lib/laws/check-grad.js'
import { law, type LawReport, type Outcome, showReport } from '../../../lib/laws/law.js'
import { type ProgramCase, programCases, stepNames } from '../../../lib/laws/programs.js'
import { derivatives } from '../../support/optimised.js'
import { runs } from '../../support/runs.js'

// Every law on every primitive by itself: programs of one kind of step, one or two of them.

const laws: readonly [name: string, measure: (drawn: ProgramCase) => Outcome, followsStop: boolean][] = [
  ['⟨u, Jv⟩ = ⟨Jᵀu, v⟩', (drawn) => adjointAt(drawn.program.f, drawn), true],
  ['(Jᵀ)ᵀ = J', (drawn) => doubleTransposeAt(drawn.program.f, drawn), true],
  ['jacfwd = jacrev', (drawn) => jacobiansAgreeAt(drawn.program.f, drawn), true],
  ['grad = central differences', (drawn) => gradientAt(drawn.program.scalar, drawn), false],
  ['second derivatives', (drawn) => secondDerivativesAt(drawn.program.scalar, drawn), false],
  ['vmap = loop', (drawn) => vmapIsLoopAt(drawn.program.f, drawn), true],
  [
    'vmap of a gradient = loop',
    (drawn) => vmapIsLoopAt((xs: readonly Tensor[]) => pulled(drawn)(xs), drawn, { size: 2 }),
    true
  ]
]

/** The gradient, batched once within: what is mapped then is nested. */
const pulled =
  ({ program }: ProgramCase) =>
  (xs: readonly Tensor[]): readonly Tensor[] =>
    vmap((ys: readonly Tensor[]) => grad(program.scalar)(ys))(xs.map((x) => ops.stack(0)([x, ops.neg(x)])))

const total = (name: string, reports: readonly LawReport[]): string =>
  showReport({
    law: `${name}, step by step`,
    runs: reports.reduce((sum, report) => sum + report.runs, 0),
    redrawn: reports.reduce((sum, report) => sum + report.redrawn, 0),
    worst: Math.max(...reports.map((report) => report.worst))
  })

describe.each(laws)('%s', (name, measure, followsStop) => {
  const reports: LawReport[] = []
  const steps = stepNames.filter((step) => followsStop || step !== 'stopGradient')
  it.each(steps)('%s', (step) => {
    const cases = programCases({ only: [step], maxSteps: 2, maxRank: 3, maxSize: 3 })
    reports.push(law(name, cases, measure, { runs: runs(12) }))
  })
  it('on all of them', () => {
    expect(reports).toHaveLength(steps.length)
    console.info(total(name, reports))
  })
})

describe('random programs', () => {
  it('reach every primitive that is differentiated', () => {
    const met = new Set<string>()
    law(
      'coverage',
      programCases(),
      (drawn) => {
        for (const [, bound] of derivatives.slice(0, 2))
          for (const node of topological(bound(drawn).graph.outputs))
            met.add(node.op.tag).add(opName(node.op))
        return { kind: 'measured', error: 0, bound: 0, what: 'nothing' }
      },
      { runs: 1500 }
    )
    // the rest has specs of its own, or leaves no node behind once a function is traced
    const elsewhere = ['keyInput', 'random', 'alias', 'stopGradient', 'custom', 'customLinear']
    expect(Object.keys(diffRules).filter((tag) => !met.has(tag) && !elsewhere.includes(tag))).toEqual([])
    expect(Object.keys(functions).filter((fn) => !met.has(fn))).toEqual([])
  })
})
