import { fail } from '../core/error.js'
import { topological } from '../graph/graph.js'
import { opName } from '../graph/primitives/index.js'
import { zerosLike } from '../graph/constant.js'
import type { Tensor } from '../graph/tensor.js'
import { plus, type Tangent } from './rule.js'
import { ruleOf } from './rules/index.js'

/**
 * Linearisation: the tangents of the outputs when each node in `seeds` moves by its tangent and everything else stands
 * still.
 */
export const pushForward = (
  outputs: readonly Tensor[],
  seeds: ReadonlyMap<Tensor, Tensor>
): readonly Tangent[] => {
  const tangents = new Map<Tensor, Tensor>(seeds)
  for (const node of topological(outputs, new Set(seeds.keys()))) {
    if (tangents.has(node)) continue
    const given = node.inputs.map((input) => tangents.get(input))
    if (given.every((t) => t === undefined)) continue
    const tangent = ruleOf(node.op.tag).jvp(node, given)
    if (tangent !== undefined) tangents.set(node, tangent)
  }
  return outputs.map((output) => tangents.get(output))
}

/** The nodes that depend on one of the arguments. */
const dependents = (order: readonly Tensor[], args: ReadonlySet<Tensor>): ReadonlySet<Tensor> => {
  const found = new Set<Tensor>()
  for (const node of order) {
    if (args.has(node) || node.inputs.some((input) => found.has(input))) found.add(node)
  }
  return found
}

/**
 * Transposition: for outputs that are linear in `args`, the cotangents of `args` that belong to the cotangents of the
 * outputs. Symbolic zeros stay symbolic.
 */
export const pullBack = (
  outputs: readonly Tangent[],
  args: readonly Tensor[],
  cotangents: readonly Tangent[]
): readonly Tangent[] => {
  const present = outputs.filter((output) => output !== undefined)
  const wanted = new Set(args)
  const order = topological(present, wanted)
  const linear = dependents(order, wanted)
  const sums = new Map<Tensor, Tensor>()
  const give = (node: Tensor, cotangent: Tangent): void => {
    const total = plus(sums.get(node), cotangent)
    if (total !== undefined) sums.set(node, total)
  }
  outputs.forEach((output, i) => {
    if (output !== undefined && linear.has(output)) give(output, cotangents[i])
  })
  for (const node of order.reverse()) {
    const cotangent = sums.get(node)
    if (cotangent === undefined || wanted.has(node)) continue
    const { transpose } = ruleOf(node.op.tag)
    const flags = node.inputs.map((input) => linear.has(input))
    const given = transpose === 'not linear' ? [] : transpose(node, cotangent, flags)
    if (given.length !== node.inputs.length) {
      fail('DiffError', 'transpose', 'a linear operation', opName(node.op))
    }
    given.forEach((part, k) => {
      if (flags[k] === true) give(node.inputs[k]!, part)
    })
  }
  return args.map((arg) => sums.get(arg))
}

/** Real zeros for symbolic ones, as every public function returns them. */
export const materialise = (tangents: readonly Tangent[], like: readonly Tensor[]): readonly Tensor[] =>
  tangents.map((tangent, i) => tangent ?? zerosLike(like[i]!))
