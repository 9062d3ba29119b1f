import { sizeOf } from '../core/shape.js'
import type { Op, OpTag } from '../graph/op.js'
import { evaluateNode } from '../graph/primitives/index.js'
import type { PointwiseName } from '../graph/primitives/pointwise.js'
import { isOp, ownConstant, type Tensor } from '../graph/tensor.js'

/**
 * A rewrite: the node that it matches, and what replaces it, or undefined where the pattern is not met. Every rule keeps the
 * value on finite inputs, to rounding.
 */
export interface Rewrite {
  readonly name: string
  /** The primitives, or pointwise functions, that a node has to be one of. */
  readonly of: readonly (OpTag | PointwiseName)[]
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

/** Whether a rule is for a primitive. */
export const isFor = ({ of }: Rewrite, op: Op): boolean =>
  of.includes(op.tag) || (op.tag === 'pointwise' && of.includes(op.fn))

/** The rules for a primitive, in order; each list is made once. */
const byPrimitive = (rules: readonly Rewrite[]): ((op: Op) => readonly Rewrite[]) => {
  const lists = new Map<OpTag | PointwiseName, readonly Rewrite[]>()
  return (op) => {
    const name = op.tag === 'pointwise' ? op.fn : op.tag
    const known = lists.get(name)
    if (known !== undefined) return known
    const list = rules.filter((rule) => isFor(rule, op))
    lists.set(name, list)
    return list
  }
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

/** Rewrites a node until no rule applies, constants folded first. What it has settled once it knows when it sees it again. */
export const settle = (rules: readonly Rewrite[]): ((node: Tensor) => Tensor) => {
  const rulesOf = byPrimitive(rules)
  const settled = new WeakSet<Tensor>()
  return (node) => {
    let current = node
    for (let round = 0; round < MAX_REWRITES && !settled.has(current); round++) {
      const next = foldConstant(current) ?? firstOf(rulesOf(current.op), current)
      if (next === undefined) settled.add(current)
      else current = next
    }
    return current
  }
}
