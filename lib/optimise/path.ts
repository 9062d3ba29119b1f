import type { ContractOp } from '../graph/contract.js'

/** A binary contraction tree: an operand's position, or the pair that is contracted. */
export type Path = number | readonly [Path, Path]

/** An n-ary product of index sets, each a bit mask over the indices. */
interface IndexProduct {
  readonly operands: readonly number[]
  readonly output: number
  readonly sizes: readonly number[]
}

/** The cheapest way found to contract all operands, and its predicted cost. */
export interface CheapestPath {
  readonly path: Path
  readonly cost: number
}

/** Most operands for which every binary tree is considered; above, pairs are chosen greedily. */
const EXACT = 9

/** Most indices one contraction may have: they are bits of one integer. */
export const MAX_INDICES = 30

/**
 * The cost of moving one element through memory, in floating-point operations. Products without a sum are bound by
 * memory, so counting multiplications alone would make intermediates look free.
 */
const FLOPS_PER_MOVE = 8

/** The bits of the indices that matter: one of size 1 costs nothing and orders nothing. */
const maskOf = (indices: readonly number[], sizes: readonly number[]): number =>
  indices.reduce((mask, index) => (sizes[index] === 1 ? mask : mask | (1 << index)), 0)

const sizer = (sizes: readonly number[]): ((mask: number) => number) => {
  const known = new Map<number, number>()
  return (mask) => {
    const cached = known.get(mask)
    if (cached !== undefined) return cached
    let size = 1
    for (let index = 0; index < sizes.length; index++) if ((mask >>> index) & 1) size *= sizes[index]!
    known.set(mask, size)
    return size
  }
}

/** The predicted cost of one binary step: its multiply-adds, and what it reads and writes. */
const stepCost = (sizeOf: (mask: number) => number, a: number, b: number, out: number): number => {
  const all = a | b
  const work = all === out ? 0 : 2 * sizeOf(all)
  return work + FLOPS_PER_MOVE * (sizeOf(a) + sizeOf(b) + sizeOf(out))
}

/** The indices of operand k that anything else still needs; the others are summed before it is used. */
const reduced = ({ operands, output }: IndexProduct, k: number): number =>
  operands.reduce((kept, mask, j) => (j === k ? kept : kept | (operands[k]! & mask)), operands[k]! & output)

const leafCost = (product: IndexProduct, sizeOf: (mask: number) => number, k: number): number => {
  const left = reduced(product, k)
  return left === product.operands[k]! ? 0 : FLOPS_PER_MOVE * (sizeOf(product.operands[k]!) + sizeOf(left))
}

/** All binary trees, by dynamic programming over subsets (as opt_einsum's `optimal`, with memory counted in). */
const exactPath = (product: IndexProduct): CheapestPath => {
  const { operands, output, sizes } = product
  const sizeOf = sizer(sizes)
  const n = operands.length
  const full = (1 << n) - 1
  const union = new Int32Array(full + 1)
  for (let set = 1; set <= full; set++) {
    const low = set & -set
    union[set] = union[set ^ low]! | operands[31 - Math.clz32(low)]!
  }
  const kept = (set: number): number => union[set]! & (output | union[full ^ set]!)
  const cost = new Float64Array(full + 1).fill(Infinity)
  const choice = new Int32Array(full + 1)
  for (let k = 0; k < n; k++) cost[1 << k] = leafCost(product, sizeOf, k)
  for (let set = 1; set <= full; set++) {
    if ((set & (set - 1)) === 0) continue
    const out = kept(set)
    const lowest = set & -set
    for (let part = (set - 1) & set; part > 0; part = (part - 1) & set) {
      if ((part & lowest) === 0) continue
      const rest = set ^ part
      const below = cost[part]! + cost[rest]!
      if (below >= cost[set]!) continue
      const total = below + stepCost(sizeOf, kept(part), kept(rest), out)
      if (total < cost[set]!) {
        cost[set] = total
        choice[set] = part
      }
    }
  }
  const build = (set: number): Path =>
    (set & (set - 1)) === 0 ? 31 - Math.clz32(set) : [build(choice[set]!), build(set ^ choice[set]!)]
  return { path: build(full), cost: cost[full]! }
}

/** Always the pair whose product shrinks memory most (as opt_einsum's `greedy`), the cheaper step at a tie. */
const greedyPath = (product: IndexProduct): CheapestPath => {
  const sizeOf = sizer(product.sizes)
  let total = product.operands.reduce((sum, _, k) => sum + leafCost(product, sizeOf, k), 0)
  let parts: { readonly path: Path; readonly mask: number }[] = product.operands.map((_, k) => ({
    path: k,
    mask: reduced(product, k)
  }))
  while (parts.length > 1) {
    let best = { i: 0, j: 1, out: 0, growth: Infinity, cost: Infinity }
    for (let i = 0; i < parts.length; i++) {
      for (let j = i + 1; j < parts.length; j++) {
        const [a, b] = [parts[i]!.mask, parts[j]!.mask]
        let others = product.output
        parts.forEach((part, k) => {
          if (k !== i && k !== j) others |= part.mask
        })
        const out = (a | b) & others
        const growth = sizeOf(out) - sizeOf(a) - sizeOf(b)
        const cost = stepCost(sizeOf, a, b, out)
        if (growth < best.growth || (growth === best.growth && cost < best.cost))
          best = { i, j, out, growth, cost }
      }
    }
    const { i, j, out, cost } = best
    total += cost
    const joined = { path: [parts[i]!.path, parts[j]!.path] as const, mask: out }
    parts = [...parts.filter((_, k) => k !== i && k !== j), joined]
  }
  return { path: parts[0]!.path, cost: total }
}

/** The operands of more than one element; scalars only scale and take no part in the search. */
export const tensorOperands = ({ operands, sizes }: ContractOp): number[] =>
  operands.flatMap((indices, k) => (indices.some((index) => sizes[index] !== 1) ? [k] : []))

/**
 * The cheapest order found in which to contract a product pair by pair: exact for up to 9 operands. Positions in the
 * path count only operands of more than one element.
 */
export const contractionPath = (op: ContractOp): CheapestPath => {
  const operands = tensorOperands(op).map((k) => maskOf(op.operands[k]!, op.sizes))
  const product = { operands, output: maskOf(op.output, op.sizes), sizes: op.sizes }
  const sizeOf = sizer(op.sizes)
  if (operands.length === 0) return { path: 0, cost: 0 }
  // scalars are multiplied into the smallest tensor there is
  const scaling =
    operands.length < op.operands.length ? 2 * FLOPS_PER_MOVE * Math.min(...operands.map(sizeOf)) : 0
  // an axis order costs nothing here: every consumer reads through it; a sum has to be computed
  if (operands.length === 1) return { path: 0, cost: scaling + leafCost(product, sizeOf, 0) }
  const { path, cost } = operands.length <= EXACT ? exactPath(product) : greedyPath(product)
  return { path, cost: scaling + cost }
}
