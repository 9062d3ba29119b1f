import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { adaptPlan, MAX_ARRAYS } from '../../../lib/engine/gpujs/adapt-plan.js'
import { lower } from '../../../lib/engine/gpujs/lower.js'
import { planOf } from '../../../lib/engine/plan.js'
import { apply, isOp } from '../../../lib/graph/tensor.js'
import { attempt } from '../../../lib/graph/trace.js'
import { programs } from '../../../lib/laws/index.js'
import { normalForm } from '../../../lib/optimise/normal-form.js'
import { runs } from '../../support/runs.js'
import { graphOf } from './support.js'

describe('an adapted plan', () => {
  it('has contractions in normal form only, and few inputs a node on a GPU', () =>
    fc.assert(
      fc.property(programs({ maxSteps: 20 }), ({ f, specs }) => {
        const plan = planOf(graphOf(f, [specs]))
        for (const backend of ['webasm', 'webgpu'] as const)
          for (const node of adaptPlan(plan, backend).nodes) {
            if (isOp(node, 'contract')) expect(normalForm(node.op)).toBeDefined()
            if (backend === 'webgpu') expect(node.inputs.length).toBeLessThanOrEqual(MAX_ARRAYS)
            expect(lower(node)).toBeDefined()
          }
      }),
      { numRuns: runs(200) }
    ))
})

describe('a contraction that is not in normal form', () => {
  it.each([
    [[[0, 0]], [0]],
    [[[0]], [0, 0]],
    [[[0], [0], [0]], [0]]
  ])('%j to %j is an EngineError, for the optimiser leaves none', (operands, output) => {
    const inputs = operands.map((indices, k) =>
      apply({ tag: 'input', name: `x${k}`, shape: indices.map(() => 3) }, [])
    )
    const node = apply({ tag: 'contract', operands, output, sizes: [3] }, inputs)
    expect(attempt(() => lower(node))).toMatchObject({
      _tag: 'Left',
      left: { _tag: 'EngineError', expected: 'a contraction in normal form' }
    })
  })
})
