import * as fc from 'fast-check'
import type { HostKey } from '../../lib/core/key.js'
import { type ContractOp, renumber } from '../../lib/graph/contract.js'
import { keys } from '../../lib/laws/arbitraries.js'

/** A contraction with the key of its operands. */
export interface ContractionCase {
  readonly op: ContractOp
  readonly source: HostKey
}

/** Contractions of up to `maxOperands` operands: repeated, broadcast and summed indices, scalars, sizes of 1. */
export const contractions = (maxOperands: number): fc.Arbitrary<ContractionCase> =>
  fc
    .array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 6 })
    .chain((sizes) => {
      const index = fc.nat({ max: sizes.length - 1 })
      return fc.record({
        sizes: fc.constant(sizes),
        operands: fc.array(fc.array(index, { maxLength: 4 }), {
          minLength: 1,
          maxLength: maxOperands,
          size: 'max'
        }),
        output: fc.array(index, { maxLength: 4 }),
        source: keys
      })
    })
    .map(({ sizes, operands, output, source }) => ({ op: renumber(operands, output, sizes), source }))
