import { constant, isOp, type Tensor, type TensorOf } from '../graph/tensor.js'
import { type ContractOp, renumber, withContraction } from '../graph/contract.js'
import { opKey } from '../graph/primitives/index.js'
import { type Graph, topological, topologicalBy, withOutputs } from '../graph/graph.js'
import { contractionPath, MAX_INDICES } from './path.js'

/** A contraction with its operands, not yet a node. */
export interface UnbuiltContraction {
  readonly op: ContractOp
  readonly inputs: readonly Tensor[]
}

const MAX_OPERANDS = 12

/**
 * Substitutes a contraction for every operand slot that holds it: (Σ ab) c = Σ abc. Indices of the inner output are
 * unified with those of the slot; a diagonal in the inner output makes outer indices one; an index that is left in
 * no operand is a factor, its size.
 */
export const substitute = (
  outer: UnbuiltContraction,
  inner: Tensor & { readonly op: ContractOp }
): UnbuiltContraction => {
  const sizes = [...outer.op.sizes]
  const alias = new Map<number, number>()
  const find = (index: number): number => {
    const next = alias.get(index)
    return next === undefined ? index : find(next)
  }
  const operands: (readonly number[])[] = []
  const inputs: Tensor[] = []
  outer.op.operands.forEach((indices, k) => {
    if (outer.inputs[k] !== inner) {
      operands.push(indices)
      inputs.push(outer.inputs[k]!)
      return
    }
    const names = new Map<number, number>()
    inner.op.output.forEach((index, axis) => {
      const mine = find(indices[axis]!)
      const known = names.get(index)
      if (known === undefined) names.set(index, mine)
      else if (find(known) !== mine) alias.set(mine, find(known))
    })
    const rename = (index: number): number => {
      const known = names.get(index)
      if (known !== undefined) return known
      const fresh = sizes.push(inner.op.sizes[index]!) - 1
      names.set(index, fresh)
      return fresh
    }
    inner.op.operands.forEach((innerIndices, j) => {
      operands.push(innerIndices.map(rename))
      inputs.push(inner.inputs[j]!)
    })
  })
  const unified = operands.map((indices) => indices.map(find))
  const output = outer.op.output.map(find)
  const present = new Set([...unified.flat(), ...output])
  const before = new Set(outer.op.operands.flat().map(find))
  let factor = 1
  for (const index of before) if (!present.has(index)) factor *= sizes[index]!
  if (factor !== 1) {
    unified.push([])
    inputs.push(constant(factor))
  }
  return { op: renumber(unified, output, sizes), inputs }
}

const fits = ({ op }: UnbuiltContraction): boolean =>
  op.sizes.length <= MAX_INDICES && op.operands.filter((indices) => indices.length > 0).length <= MAX_OPERANDS

/** Path costs by structure: equal products of one graph are searched once. */
const costs = (): ((op: ContractOp) => number) => {
  const known = new Map<string, number>()
  return (op) => {
    const name = opKey(op)
    const cached = known.get(name)
    if (cached !== undefined) return cached
    const { cost } = contractionPath(op)
    known.set(name, cost)
    return cost
  }
}

const isContract = (node: Tensor): node is TensorOf<'contract'> => isOp(node, 'contract')

/** The rest of the graph while contractions are being merged: what each holds now, and who reads it. */
interface Merging {
  readonly products: Map<Tensor, UnbuiltContraction>
  readonly readers: Map<Tensor, Set<Tensor>>
}

const mergingOf = (order: readonly Tensor[]): Merging => {
  const products = new Map<Tensor, UnbuiltContraction>()
  const readers = new Map<Tensor, Set<Tensor>>(order.map((node) => [node, new Set()]))
  for (const node of order) {
    if (isContract(node)) products.set(node, { op: node.op, inputs: node.inputs })
    for (const input of node.inputs) readers.get(input)!.add(node)
  }
  return { products, readers }
}

/** A contraction with what an operand of it holds now in place of that operand. */
const joinedWith = (
  outer: UnbuiltContraction,
  node: Tensor,
  { op, inputs }: UnbuiltContraction
): UnbuiltContraction => {
  const current = { ...node, op, inputs }
  return substitute(
    { op: outer.op, inputs: outer.inputs.map((input) => (input === node ? current : input)) },
    current
  )
}

/** What a contraction costs less if it takes in all those of its operands that fit, which then disappear. */
const gainOfAll = (
  outer: UnbuiltContraction,
  operands: readonly Tensor[],
  products: Merging['products'],
  costOf: (op: ContractOp) => number
): number => {
  let [all, gain] = [outer, costOf(outer.op)]
  for (const operand of operands) {
    const inner = products.get(operand)!
    const next = joinedWith(all, operand, inner)
    if (!fits(next)) continue
    all = next
    gain += costOf(inner.op)
  }
  return gain - costOf(all.op)
}

/**
 * Merges nested contractions wherever that lowers the predicted cost of the whole graph. A contraction that is read
 * several times may be merged into all its readers (then it disappears) or into those that gain from it; sharing is
 * counted, never a veto. One that costs more when it is merged alone is merged where all that its reader alone reads gain together, as
 * the two Jacobians of a kernel of many examples do.
 */
export const mergeContractions = (graph: Graph): Graph => {
  const costOf = costs()
  const order = topological(graph.outputs)
  const { products, readers } = mergingOf(order)
  const outputs = new Set(graph.outputs)
  const isReadOnce = (node: Tensor): boolean =>
    products.has(node) && readers.get(node)!.size === 1 && !outputs.has(node)
  for (const node of [...order].reverse()) {
    const product = products.get(node)
    if (product === undefined) continue
    const using = [...readers.get(node)!]
    const merged = using.flatMap((reader) => {
      const outer = products.get(reader)
      if (outer === undefined) return []
      const joined = joinedWith(outer, node, product)
      return fits(joined) ? [{ reader, joined, gain: costOf(outer.op) - costOf(joined.op) }] : []
    })
    const disappears = merged.length === using.length && !outputs.has(node)
    const gainOf = (list: typeof merged): number => list.reduce((sum, { gain }) => sum + gain, 0)
    const ifAll = disappears ? gainOf(merged) + costOf(product.op) : -Infinity
    // a permutation or broadcast costs nothing by itself, and is best seen by its readers
    const isFree = costOf(product.op) === 0
    const gaining = merged.filter(({ gain }) => (isFree ? gain >= 0 : gain > 0))
    const outer = ifAll <= 0 && isReadOnce(node) ? products.get(using[0]!) : undefined
    const gainsWithOthers =
      outer !== undefined &&
      gainOfAll(outer, [...new Set([node, ...outer.inputs])].filter(isReadOnce), products, costOf) > 0
    const chosen = gainsWithOthers || (ifAll > 0 && ifAll >= gainOf(gaining)) ? merged : gaining
    for (const { reader, joined } of chosen) {
      products.set(reader, joined)
      readers.get(node)!.delete(reader)
      for (const input of joined.inputs) {
        const known = readers.get(input)
        if (known === undefined) readers.set(input, new Set([reader]))
        else known.add(reader)
      }
    }
    // nobody reads it any more: its own reading does not count either
    if (readers.get(node)!.size === 0 && !outputs.has(node)) {
      for (const input of product.inputs) readers.get(input)?.delete(node)
    }
  }
  return rebuild(graph, products)
}

const rebuild = (graph: Graph, products: ReadonlyMap<Tensor, UnbuiltContraction>): Graph => {
  const inputsOf = (node: Tensor): readonly Tensor[] => products.get(node)?.inputs ?? node.inputs
  const done = new Map<Tensor, Tensor>()
  const of = (node: Tensor): Tensor => done.get(node)!
  for (const node of topologicalBy(graph.outputs, inputsOf)) {
    const { op } = products.get(node) ?? node
    done.set(node, withContraction(node, op, inputsOf(node).map(of)))
  }
  return withOutputs(graph, graph.outputs.map(of))
}
