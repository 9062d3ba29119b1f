import { sizeOf } from '../../core/shape.js'

/** The indices of a matrix product by kind, each list in the order in which it is laid out. */
export interface Layout {
  readonly batch: readonly number[]
  readonly left: readonly number[]
  readonly right: readonly number[]
  readonly summed: readonly number[]
}

/** A matrix product as index lists: the first operand, the second, the output; no index is repeated in a list. */
export interface Product {
  readonly first: readonly number[]
  readonly second: readonly number[]
  readonly output: readonly number[]
  readonly sizes: readonly number[]
}

const isSame = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((index, i) => index === b[i])

/** The members of a group in the orders in which the given lists name them, without repetition. */
const orders = (
  group: readonly number[],
  ...lists: readonly (readonly number[])[]
): readonly (readonly number[])[] => {
  const found = lists.map((list) => list.filter((index) => group.includes(index)))
  return found.filter((order, i) => found.findIndex((other) => isSame(order, other)) === i)
}

/** A copy that ONNX Runtime folds into the product costs less than one it makes. */
const FOLDED = 0.25

/** How many elements have to be copied to lay `have` out as [batch, rows, columns], in either order of the last two. */
const copies = (
  have: readonly number[],
  batch: readonly number[],
  rows: readonly number[],
  columns: readonly number[],
  sizes: readonly number[]
): number => {
  if (isSame(have, [...batch, ...rows, ...columns]) || isSame(have, [...batch, ...columns, ...rows])) return 0
  const total = sizeOf(have.map((index) => sizes[index]!))
  const isFolded =
    isSame(have, [...rows, ...batch, ...columns]) || isSame(have, [...columns, ...batch, ...rows])
  return isFolded ? FOLDED * total : total
}

/** A layout and the number of elements copied for it. */
export interface Choice {
  readonly layout: Layout
  readonly cost: number
}

/**
 * The layout with the fewest copies. Within a group the order is free, as long as both sides agree on it; the candidates
 * are the orders in which operands and output already have it.
 */
export const chooseLayout = (groups: Layout, { first, second, output, sizes }: Product): Choice => {
  let best: Choice = { layout: groups, cost: Infinity }
  for (const batch of orders(groups.batch, output, first, second))
    for (const left of orders(groups.left, output, first))
      for (const right of orders(groups.right, output, second))
        for (const summed of orders(groups.summed, first, second)) {
          const isStraight =
            isSame(output, [...batch, ...left, ...right]) || isSame(output, [...batch, ...right, ...left])
          const cost =
            copies(first, batch, left, summed, sizes) +
            copies(second, batch, summed, right, sizes) +
            (isStraight ? 0 : sizeOf(output.map((index) => sizes[index]!)))
          if (cost < best.cost) best = { layout: { batch, left, right, summed }, cost }
          if (cost === 0) return best
        }
  return best
}

/** Whether the products are single dot products, which are multiplied and summed instead. */
export const isDot = ({ left, right, summed }: Layout): boolean =>
  (left.length === 0 && right.length === 0) || summed.length === 0
