import { contract as contraction } from '../../graph/contract.js'
import { type DiffRule, plus, type Tangent } from '../diff-rule.js'

/**
 * The multilinear core: its derivative is a sum of contractions with one operand replaced by its tangent, its transpose
 * in operand k the contraction of all others with the cotangent onto the indices of k, its batch one more index.
 */
export const contract: DiffRule<'contract'> = {
  formula: {
    value: 'y = Σ a b …, an einsum',
    tangent: 'Σ ȧ b … + Σ a ḃ … + …',
    transpose: 'ā = Σ b … ȳ onto the indices of a'
  },
  jvp: ({ op, inputs }, tangents) =>
    tangents.reduce<Tangent>(
      (total, tangent, k) =>
        tangent === undefined
          ? total
          : plus(
              total,
              contraction(
                inputs.map((input, j) => (j === k ? tangent : input)),
                op.operands,
                op.output,
                op.sizes
              )
            ),
      undefined
    ),
  transpose: ({ op, inputs }, cotangent, linear) =>
    inputs.map((_, k) =>
      linear[k] === true
        ? contraction(
            [...inputs.filter((_, j) => j !== k), cotangent],
            [...op.operands.filter((_, j) => j !== k), op.output],
            op.operands[k]!,
            op.sizes
          )
        : undefined
    ),
  batch: ({ op }, inputs, batched, size) => {
    const batch = op.sizes.length
    return contraction(
      inputs,
      op.operands.map((indices, k) => (batched[k] === true ? [batch, ...indices] : indices)),
      [batch, ...op.output],
      [...op.sizes, size]
    )
  }
}
