import { sizeOf } from '../core/shape.js'
import { isOp, ownConstant, type Tensor } from '../graph/tensor.js'
import { evaluateNode } from '../graph/primitives/index.js'

/**
 * A rewrite: the node that it matches, and what replaces it, or undefined where the pattern is not met. Every rule keeps the
 * value on finite inputs, to rounding.
 */
export interface Rewrite {
  readonly name: string
  readonly apply: (node: Tensor) => Tensor | undefined
}

/** Largest result that is computed ahead of time; a broadcast stays a broadcast, which engines read through. */
const FOLD_LIMIT = 65_536

/** The value of a node whose inputs are all constants, as a constant, unless that would make it larger. */
const foldConstant = (node: Tensor): Tensor | undefined => {
  if (
    node.inputs.length === 0 ||
    isOp(node, 'scan') ||
    !node.inputs.every((input) => isOp(input, 'constant'))
  )
    return undefined
  const size = sizeOf(node.shape)
  const held = node.inputs.reduce((total, input) => total + sizeOf(input.shape), 0)
  if (size > FOLD_LIMIT || size > held) return undefined
  const values = node.inputs.map((input) => evaluateNode(input, []))
  return ownConstant({ _tag: 'NdArray', shape: node.shape, data: evaluateNode(node, values) })
}

const firstOf = (rules: readonly Rewrite[], node: Tensor): Tensor | undefined => {
  for (const rule of rules) {
    const next = rule.apply(node)
    if (next !== undefined) return next
  }
  return undefined
}

/** Most rewrites of one node in one pass: more would mean rules that undo each other. */
const MAX_REWRITES = 16

/** Rewrites a node until no rule applies, constants folded first. */
export const settle =
  (rules: readonly Rewrite[]) =>
  (node: Tensor): Tensor => {
    let current = node
    for (let round = 0; round < MAX_REWRITES; round++) {
      const next = foldConstant(current) ?? firstOf(rules, current)
      if (next === undefined) return current
      current = next
    }
    return current
  }
