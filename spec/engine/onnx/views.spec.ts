import * as fc from 'fast-check'
import { describe, it } from 'vitest'
import { ops } from 'tangentflow'
import { sizeOf } from '../../../lib/core/shape.js'
import { runs } from '../../support/runs.js'
import { graphAgrees, traced, useBackends } from './support.js'

const opened = useBackends()

describe('short repeated runs', () => {
  it('are written out, and mean the same', () =>
    fc.assert(
      fc.asyncProperty(
        fc.tuple(...[1, 2, 3, 4].map(() => fc.constantFrom(1, 2, 3, 17))),
        fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }),
        fc.nat({ max: 1e6 }),
        async (inner, repeated, seed) => {
          const shape = [Math.ceil(5000 / sizeOf(inner)), ...inner]
          const operand = (offset: number): number[] =>
            shape.map((n, axis) => (axis > 0 && repeated[offset + axis - 1] ? 1 : n))
          const both = traced(
            (a, b) => [
              ops.add(b!)(a!),
              ops.mul(b!)(a!),
              ops.where(ops.less(b!)(a!))(a!, b!),
              ops.broadcastTo(shape)(a!)
            ],
            [operand(0), operand(4)]
          )
          await graphAgrees(opened, both, seed, ['native'])
        }
      ),
      { numRuns: runs(40) }
    ))
})
