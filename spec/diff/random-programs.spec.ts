import { describe, it } from 'vitest'
import type { Tensor } from '../../lib/graph/tensor.js'
import { vmap } from '../../lib/diff/index.js'
import { vmapIsLoopAt } from '../../lib/laws/vmap-is-loop.js'
import {
  adjointAt,
  doubleTransposeAt,
  gradientAt,
  jacobiansAgreeAt,
  secondDerivativesAt
} from '../../lib/laws/check-grad.js'
import { law, type Outcome, showReport } from '../../lib/laws/law.js'
import {
  type ProgramCase,
  programCases,
  type ProgramConstraints,
  stepNames
} from '../../lib/laws/programs.js'
import { normalArray } from '../../lib/laws/arbitraries.js'
import { fold } from '../../lib/graph/key.js'
import { runs } from '../support/runs.js'

// The laws of differentiation on random programs over all primitives; each prints how many it measured.

/** The arguments of a program, each as a batch of two. */
const pairs = ({ program, source }: ProgramCase): unknown =>
  program.specs.map(({ shape }, i) => normalArray(fold(i)(source), [2, ...shape]))

// differences see through stopGradient, derivatives do not
const followed = stepNames.filter((name) => name !== 'stopGradient')

const holds = (
  name: string,
  measure: (drawn: ProgramCase) => Outcome,
  constraints: ProgramConstraints = {}
): void =>
  it(name, () => {
    console.info(showReport(law(name, programCases(constraints), measure, { runs: runs(500) })))
  })

describe('on random programs', () => {
  holds('⟨u, Jv⟩ = ⟨Jᵀu, v⟩', (drawn) => adjointAt(drawn.program.f, drawn))
  holds('(Jᵀ)ᵀ = J', (drawn) => doubleTransposeAt(drawn.program.f, drawn))
  holds('jacfwd = jacrev', (drawn) => jacobiansAgreeAt(drawn.program.f, drawn), { maxRank: 2, maxSize: 3 })
  holds('grad = central differences', (drawn) => gradientAt(drawn.program.scalar, drawn), {
    only: followed
  })
  holds('second derivatives', (drawn) => secondDerivativesAt(drawn.program.scalar, drawn), {
    only: followed,
    maxSteps: 4
  })
  holds('vmap = loop', (drawn) => vmapIsLoopAt(drawn.program.f, drawn))
  holds('vmap of vmap = loop of vmap', (drawn) => {
    const nested = (xs: readonly Tensor[]) => vmap((ys: readonly Tensor[]) => drawn.program.f(ys))(xs)
    const batched = { ...drawn, args: [pairs(drawn)] }
    return vmapIsLoopAt(nested, batched, { size: 2 })
  })
})
