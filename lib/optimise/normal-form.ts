import { fail } from '../core/error.js'
import { remembered } from '../core/remembered.js'
import type { ContractOp } from '../graph/contract.js'
import { showEquation } from '../graph/primitives/contract.js'

/**
 * The contractions an engine meets. `optimise` splits every contraction into these, so an engine supports no other:
 * no index is repeated within an operand or the output, and at most two operands remain.
 */
export type NormalForm =
  /** One operand, nothing summed: axes permuted, and output-only indices repeated. */
  | {
      readonly kind: 'permute'
      /** For each output axis the operand's axis it shows, or null where the operand is repeated. */
      readonly from: readonly (number | null)[]
    }
  /** One operand; the remaining axes keep their order. */
  | { readonly kind: 'sum'; readonly axes: readonly number[] }
  /** Two operands, nothing summed: an elementwise product with broadcasting. `from` as above, for each operand. */
  | {
      readonly kind: 'product'
      readonly from: readonly [readonly (number | null)[], readonly (number | null)[]]
    }
  /**
   * Two operands with summed indices. Every index is of one kind: `batch` (both operands and output), `summed` (both
   * operands), `left` (first operand and output), `right` (second and output). Lists are in output order, `summed` in
   * the order of the first operand.
   */
  | {
      readonly kind: 'matmul'
      readonly batch: readonly number[]
      readonly summed: readonly number[]
      readonly left: readonly number[]
      readonly right: readonly number[]
    }

const places = (output: readonly number[], indices: readonly number[]): (number | null)[] =>
  output.map((index) => {
    const at = indices.indexOf(index)
    return at < 0 ? null : at
  })

const distinct = (indices: readonly number[]): boolean => new Set(indices).size === indices.length

const decideForm = (op: ContractOp): NormalForm | undefined => {
  const [a, b] = op.operands
  const { output } = op
  if (a === undefined || op.operands.length > 2 || ![...op.operands, output].every(distinct)) return undefined
  if (b === undefined) {
    if (a.every((index) => output.includes(index))) return { kind: 'permute', from: places(output, a) }
    const axes = a.flatMap((index, axis) => (output.includes(index) ? [] : [axis]))
    const kept = a.filter((index) => output.includes(index))
    return kept.length === output.length && kept.every((index, i) => index === output[i])
      ? { kind: 'sum', axes }
      : undefined
  }
  const summed = a.filter((index) => !output.includes(index))
  const loneLeft = summed.some((index) => !b.includes(index))
  const loneRight = b.some((index) => !a.includes(index) && !output.includes(index))
  const foreign = output.some((index) => !a.includes(index) && !b.includes(index))
  if (loneLeft || loneRight || foreign) return undefined
  if (summed.length === 0) return { kind: 'product', from: [places(output, a), places(output, b)] }
  return {
    kind: 'matmul',
    batch: output.filter((index) => a.includes(index) && b.includes(index)),
    summed,
    left: output.filter((index) => a.includes(index) && !b.includes(index)),
    right: output.filter((index) => !a.includes(index) && b.includes(index))
  }
}

const formOf = remembered((op: ContractOp): NormalForm | null => decideForm(op) ?? null)

/** The normal form of a contraction, or undefined if it has to be split first; decided once for each. */
export const normalForm = (op: ContractOp): NormalForm | undefined => formOf(op) ?? undefined

/** The normal form of a contraction of an optimised graph, where there always is one. */
export const expectNormal = (op: ContractOp): NormalForm =>
  normalForm(op) ??
  fail('EngineError', 'contract', 'a contraction in normal form', showEquation(op.operands, op.output))
