import * as fc from 'fast-check'
import type { nn } from 'tangentflow'
import { type Concrete, evaluateOn, mask } from 'tangentflow'
import { describe, expect, it } from 'vitest'
import { elementwise, leaves } from '../../support/masks.js'
import { cases, maxDifference } from '../../support/networks.js'
import { runs } from '../../support/runs.js'

describe('magnitude', () => {
  it('scales with the parameters, and the mask stays', () =>
    fc.assert(
      fc.property(
        cases,
        fc.double({ min: 0.1, max: 10, noNaN: true }),
        fc.double({ min: 0.3, max: 1, noNaN: true }),
        fc.boolean(),
        ({ params }, c, density, biases) => {
          const score = (p: Concrete<nn.Params>) =>
            evaluateOn((q: nn.Params) => mask.score.magnitude(q, { biases }))(p)
          const [at, scaled] = [score(params), score(elementwise((v) => c * v)(params))]
          leaves(scaled).forEach((leaf, l) =>
            expect(maxDifference(leaf, leaves(elementwise((v) => c * v)(at))[l]!)).toBe(0)
          )
          for (const layers of ['global', 'uniform'] as const) {
            const choose = mask.topKMaskOf({ layers, density: Math.max(density, 0.5) })
            expect(choose(scaled)).toEqual(choose(at))
          }
        }
      ),
      { numRuns: runs(60) }
    ))
})
