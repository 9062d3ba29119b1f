import { constant, isOp, type Tensor } from '../graph/tensor.js'
import type { ContractOp } from '../graph/contract.js'
import { type Graph, rewrite } from '../graph/graph.js'
import { distinct, onDiagonal } from './distinct.js'
import { type IndexedTensor, join, reshaped, sizesAt } from './indexed-tensor.js'
import { contractionPath, type Path, tensorOperands } from './path.js'

/** Indices in the order of the first list, then the second …, those of a wanted set only. */
const ordered = (wanted: ReadonlySet<number>, ...lists: readonly (readonly number[])[]): number[] => [
  ...new Set(lists.flat().filter((index) => wanted.has(index)))
]

/** Sums the indices that nothing else needs, keeping the order of the rest. */
const summedTo = (
  part: IndexedTensor,
  needed: ReadonlySet<number>,
  sizes: readonly number[]
): IndexedTensor => {
  const kept = part.indices.filter((index) => needed.has(index))
  return kept.length === part.indices.length ? part : join([part], kept, sizes)
}

/** Where a step's result goes: to a further step, or out, where the order of the axes is given. */
type Destination = 'inside' | readonly number[]

/**
 * One binary step. Without a sum it is a pointwise product; otherwise the result's axes are [batch, left, right].
 * Inside a path the form depends on the operands alone; the last step swaps its operands when that brings the result
 * nearer to the output's order.
 */
const combine = (
  one: IndexedTensor,
  other: IndexedTensor,
  needed: ReadonlySet<number>,
  destination: Destination,
  sizes: readonly number[]
): IndexedTensor => {
  const [first, second] = other.rank < one.rank ? [other, one] : [one, other]
  const own = new Set([...first.indices, ...second.indices])
  const kept = new Set([...own].filter((index) => needed.has(index)))
  const inBoth = (index: number): boolean => first.indices.includes(index) && second.indices.includes(index)
  const wanted = destination === 'inside' ? [] : destination
  const target = ordered(kept, wanted, first.indices, second.indices)
  const batch = target.filter(inBoth)
  const left = target.filter((index) => first.indices.includes(index) && !inBoth(index))
  const right = target.filter((index) => second.indices.includes(index) && !inBoth(index))
  if (kept.size === own.size) {
    // what both share is what the next step is likely to sum: it goes last
    return join([first, second], destination === 'inside' ? [...left, ...right, ...batch] : target, sizes)
  }
  if (batch.length > 0 && left.length === 0 && right.length === 0) {
    // a dot product for each entry of the batch: a matrix product of single rows would only add overhead
    return summedTo(join([first, second], ordered(own, target, first.indices), sizes), kept, sizes)
  }
  const rightFirst =
    destination !== 'inside' &&
    right.length > 0 &&
    left.length > 0 &&
    target.indexOf(right[0]!) < target.indexOf(left[0]!)
  return rightFirst
    ? join([second, first], [...batch, ...right, ...left], sizes)
    : join([first, second], [...batch, ...left, ...right], sizes)
}

/** All branches of a path, each before those below it: a path may be deeper than calls nest. */
const branchesOf = (path: Path): readonly Path[] => {
  const branches: Path[] = []
  const open: Path[] = [path]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    branches.push(next)
    if (typeof next !== 'number') open.push(...next)
  }
  return branches
}

/** Walks a path, the indices that the rest of the product needs in hand. */
const contractAlong = (
  path: Path,
  parts: readonly IndexedTensor[],
  needed: ReadonlySet<number>,
  destination: Destination,
  sizes: readonly number[]
): IndexedTensor => {
  const downward = branchesOf(path)
  const upward = [...downward].reverse()
  const under = new Map<Path, ReadonlySet<number>>()
  for (const branch of upward) {
    const below =
      typeof branch === 'number' ? parts[branch]!.indices : branch.flatMap((side) => [...under.get(side)!])
    under.set(branch, new Set(below))
  }
  const needs = new Map<Path, ReadonlySet<number>>([[path, needed]])
  for (const branch of downward)
    if (typeof branch !== 'number') {
      const [a, b] = branch
      needs.set(a, new Set([...needs.get(branch)!, ...under.get(b)!]))
      needs.set(b, new Set([...needs.get(branch)!, ...under.get(a)!]))
    }
  const done = new Map<Path, IndexedTensor>()
  for (const branch of upward) {
    const own = needs.get(branch)!
    if (typeof branch === 'number') done.set(branch, summedTo(parts[branch]!, own, sizes))
    else {
      const [a, b] = [done.get(branch[0])!, done.get(branch[1])!]
      done.set(branch, combine(a, b, own, branch === path ? destination : 'inside', sizes))
    }
  }
  return done.get(path)!
}

const elements = ({ indices }: IndexedTensor, sizes: readonly number[]): number =>
  sizesAt(indices, sizes).reduce((size, n) => size * n, 1)

/** Multiplies the smallest part by all scalars. */
const absorbScalars = (
  parts: readonly IndexedTensor[],
  sizes: readonly number[]
): readonly IndexedTensor[] => {
  const scalars = parts.filter((part) => part.indices.length === 0)
  const tensors = parts.filter((part) => part.indices.length > 0)
  const [first, ...more] = scalars
  if (first === undefined) return tensors
  const factor = more.reduce((product, scalar) => join([product, scalar], [], sizes), first)
  if (tensors.length === 0) return [factor]
  const smallest = tensors.reduce((best, part) =>
    elements(part, sizes) < elements(best, sizes) ? part : best
  )
  return tensors.map((part) => (part === smallest ? join([factor, part], part.indices, sizes) : part))
}

/** Repeats, permutes and re-inserts axes of size 1, so that the part becomes the output of the contraction. */
const present = (
  part: IndexedTensor,
  op: ContractOp,
  output: readonly number[],
  sizes: readonly number[]
): Tensor => {
  const isOrdered =
    part.indices.length === output.length && part.indices.every((index, i) => index === output[i])
  const { tensor } = isOrdered ? part : join([part], output, sizes)
  const shape = sizesAt(op.output, op.sizes)
  return shape.length === tensor.shape.length ? tensor : reshaped(tensor, shape)
}

/** One contraction of any form as a graph of contractions in normal form. */
const splitContract = (
  op: ContractOp,
  inputs: readonly Tensor[],
  rankOf: (tensor: Tensor) => number
): Tensor => {
  const { parts, output, sizes, ties } = distinct(op, inputs, rankOf)
  // indices that no operand has are broadcast at the very end, where a consumer can read through them
  const carried = new Set(parts.flatMap((part) => part.indices))
  const wanted = output.filter((index) => carried.has(index))
  const needed = new Set(wanted)
  const ready = absorbScalars(parts, sizes)
  const core =
    ready.length === 0
      ? { tensor: constant(1), indices: [], rank: Infinity }
      : contractAll(ready, needed, wanted, sizes)
  const embedded = ties.reduce((part, tie) => onDiagonal(part, tie, sizes), core)
  return present(embedded, op, output, sizes)
}

const contractAll = (
  parts: readonly IndexedTensor[],
  needed: ReadonlySet<number>,
  wanted: readonly number[],
  sizes: readonly number[]
): IndexedTensor => {
  const [first] = parts
  if (parts.length === 1 && first !== undefined) return summedTo(first, needed, sizes)
  const op: ContractOp = {
    tag: 'contract',
    operands: parts.map((part) => part.indices),
    output: wanted,
    sizes
  }
  // absorbing scalars left only parts with indices, or one scalar: positions in the path are positions here
  return tensorOperands(op).length === parts.length
    ? contractAlong(contractionPath(op).path, parts, needed, wanted, sizes)
    : parts.reduce((a, b) => join([a, b], ordered(needed, wanted), sizes))
}

/** Splits every contraction of a graph into the normal forms engines know; equal pieces are left for `deduplicate` to merge. */
export const splitContractions = (graph: Graph): Graph => {
  const ranks = new Map<Tensor, number>()
  const rankOf = (tensor: Tensor): number => {
    const known = ranks.get(tensor)
    if (known !== undefined) return known
    ranks.set(tensor, ranks.size)
    return ranks.size - 1
  }
  return rewrite(graph, (node) =>
    isOp(node, 'contract') ? splitContract(node.op, node.inputs, rankOf) : node
  )
}
