import { sizeOf } from '../core/shape.js'
import { constant } from '../graph/constant.js'
import { evaluateNode } from '../graph/primitives/index.js'
import { type Graph, rewrite } from '../graph/graph.js'
import { isOp, type Tensor } from '../graph/tensor.js'
import { reshapes, type Rewrite, rewrites } from './rules.js'

/** Largest result that is computed ahead of time; a broadcast stays a broadcast, which engines read through. */
const FOLD_LIMIT = 65_536

/** The value of a node whose inputs are all constants, as a constant, unless that would make it larger. */
const foldConstant = (node: Tensor): Tensor | undefined => {
  if (node.inputs.length === 0 || !node.inputs.every((input) => isOp(input, 'constant'))) return undefined
  const size = sizeOf(node.shape)
  const held = node.inputs.reduce((total, input) => total + sizeOf(input.shape), 0)
  if (size > FOLD_LIMIT || size > held) return undefined
  const values = node.inputs.map((input) =>
    isOp(input, 'constant') ? Float64Array.from(input.op.value.data) : new Float64Array(0)
  )
  return constant({ _tag: 'NdArray', shape: node.shape, data: evaluateNode(node, values) })
}

/** Most rewrites of one node in one pass: more would mean rules that undo each other. */
const PATIENCE = 16

const settle =
  (rules: readonly Rewrite[]) =>
  (node: Tensor): Tensor => {
    let current = node
    for (let round = 0; round < PATIENCE; round++) {
      const next = foldConstant(current) ?? firstOf(rules, current)
      if (next === undefined) return current
      current = next
    }
    return current
  }

const firstOf = (rules: readonly Rewrite[], node: Tensor): Tensor | undefined => {
  for (const rule of rules) {
    const next = rule.apply(node)
    if (next !== undefined) return next
  }
  return undefined
}

/** One bottom-up pass of constant folding and the algebraic rules. */
export const simplify = (graph: Graph): Graph => rewrite(graph, settle(rewrites))

/** Constant folding and the merging of reshapes, for graphs whose contractions must stay in the form they have. */
export const tidy = (graph: Graph): Graph => rewrite(graph, settle(reshapes))
