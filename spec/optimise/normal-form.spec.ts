import { describe, expect, it } from 'vitest'
import type { ContractOp } from '../../lib/graph/contract.js'
import { normalForm } from '../../lib/optimise/normal-form.js'

/** A contraction of axes of size 2 by their numbers. */
const contraction = (operands: readonly (readonly number[])[], output: readonly number[]): ContractOp => ({
  tag: 'contract',
  operands,
  output,
  sizes: Array.from({ length: 1 + Math.max(...operands.flat(), ...output) }, () => 2)
})

describe('the normal form of a contraction', () => {
  const cases: readonly (readonly [string, number[][], number[], ReturnType<typeof normalForm>])[] = [
    ['a transpose', [[0, 1]], [1, 0], { kind: 'permute', from: [1, 0] }],
    ['a sum', [[0, 1, 2]], [0, 2], { kind: 'sum', axes: [1] }],
    ['a sum in another order', [[0, 1, 2]], [2, 0], undefined],
    [
      'a product',
      [
        [0, 1],
        [1, 0]
      ],
      [0, 1],
      {
        kind: 'product',
        from: [
          [0, 1],
          [1, 0]
        ]
      }
    ],
    [
      'a matrix product for each entry of a batch',
      [
        [0, 1, 2],
        [0, 2, 3]
      ],
      [0, 1, 3],
      { kind: 'matmul', batch: [0], summed: [2], left: [1], right: [3] }
    ],
    ['one operand summed alone', [[0, 1], [2]], [2], undefined],
    ['the other one summed alone', [[0], [0, 1]], [0], undefined],
    ['an axis that no operand has', [[0], [0]], [0, 1], undefined],
    ['a diagonal', [[0, 0]], [0], undefined],
    ['three operands', [[0], [0], [0]], [0], undefined]
  ]

  it.each(cases)('of %s', (_, operands, output, expected) =>
    expect(normalForm(contraction(operands, output))).toEqual(expected)
  )
})
