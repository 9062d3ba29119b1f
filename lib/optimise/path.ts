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

/** The indices of each operand that anything else still needs; the others are summed before it is used. */
const reducedOperands = ({ operands, output }: IndexProduct): readonly number[] => {
  let [once, twice] = [0, 0]
  for (const mask of operands) {
    twice |= once & mask
    once |= mask
  }
  return operands.map((mask) => mask & (output | twice))
}

/** What it costs to sum each operand over the indices that are its own. */
const leafCosts = (product: IndexProduct, sizeOf: (mask: number) => number): readonly number[] =>
  reducedOperands(product).map((left, k) => {
    const mask = product.operands[k]!
    return left === mask ? 0 : FLOPS_PER_MOVE * (sizeOf(mask) + sizeOf(left))
  })

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
  leafCosts(product, sizeOf).forEach((leaf, k) => {
    cost[1 << k] = leaf
  })
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

/** A part of a product that is being contracted: earlier ones have smaller numbers. */
interface Part {
  readonly number: number
  readonly path: Path
}

/** The indices that at least one, two and three of the parts have. */
const indexCounts = (parts: ReadonlyMap<number, readonly Part[]>): readonly [number, number, number] => {
  let [one, two, three] = [0, 0, 0]
  for (const [mask, { length }] of parts)
    for (let k = 0; k < Math.min(length, 3); k++) {
      three |= two & mask
      two |= one & mask
      one |= mask
    }
  return [one, two, three]
}

/** The next step of a greedy path: two index sets, and of each the part that is taken. */
interface GreedyStep {
  readonly masks: readonly [number, number]
  readonly numbers: readonly [number, number]
  readonly out: number
  readonly growth: number
  readonly cost: number
}

const precedes = (a: GreedyStep, b: GreedyStep): boolean => {
  const order = [
    a.growth - b.growth,
    a.cost - b.cost,
    a.numbers[0] - b.numbers[0],
    a.numbers[1] - b.numbers[1]
  ]
  return (order.find((difference) => difference !== 0) ?? 0) < 0
}

/** The pair whose product shrinks memory most, the cheaper step at a tie, then the earlier parts. */
const greedyStep = (
  parts: ReadonlyMap<number, readonly Part[]>,
  output: number,
  sizeOf: (mask: number) => number
): GreedyStep => {
  const [, two, three] = indexCounts(parts)
  const sets = [...parts]
  let best: GreedyStep = { masks: [0, 0], numbers: [0, 0], out: 0, growth: Infinity, cost: Infinity }
  sets.forEach(([a, own], i) => {
    for (const [b, others] of sets.slice(i)) {
      const second = a === b ? own[1] : others[0]
      if (second === undefined) continue
      // what a third part or the output has is needed; of what two have, only what is not in both of these
      const out = (a | b) & (output | three | (two & ~(a & b)))
      const growth = sizeOf(out) - sizeOf(a) - sizeOf(b)
      if (growth > best.growth) continue
      const [first] = own
      const isOrdered = first!.number < second.number
      const step: GreedyStep = {
        masks: isOrdered ? [a, b] : [b, a],
        numbers: isOrdered ? [first!.number, second.number] : [second.number, first!.number],
        out,
        growth,
        cost: stepCost(sizeOf, a, b, out)
      }
      if (precedes(step, best)) best = step
    }
  })
  return best
}

/**
 * Always the pair whose product shrinks memory most (as opt_einsum's `greedy`), the cheaper step at a tie. Parts of equal indices
 * are equal in cost, so that pairs of index sets are compared and not pairs of parts.
 */
const greedyPath = (product: IndexProduct): CheapestPath => {
  const sizeOf = sizer(product.sizes)
  let total = leafCosts(product, sizeOf).reduce((sum, leaf) => sum + leaf, 0)
  const parts = new Map<number, Part[]>()
  const put = (mask: number, part: Part): void => {
    const there = parts.get(mask)
    if (there === undefined) parts.set(mask, [part])
    else there.push(part)
  }
  const take = (mask: number): Path => {
    const there = parts.get(mask)!
    const { path } = there.shift()!
    if (there.length === 0) parts.delete(mask)
    return path
  }
  const count = product.operands.length
  reducedOperands(product).forEach((mask, k) => put(mask, { number: k, path: k }))
  for (let number = count; number < 2 * count - 1; number++) {
    const { masks, out, cost } = greedyStep(parts, product.output, sizeOf)
    total += cost
    put(out, { number, path: [take(masks[0]), take(masks[1])] })
  }
  return { path: take(parts.keys().next().value!), cost: total }
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
  if (operands.length === 1) return { path: 0, cost: scaling + leafCosts(product, sizeOf)[0]! }
  const { path, cost } = operands.length <= EXACT ? exactPath(product) : greedyPath(product)
  return { path, cost: scaling + cost }
}
