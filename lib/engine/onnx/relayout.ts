import { sameShape } from '../../core/shape.js'
import { type ContractOp, withContraction } from '../../graph/contract.js'
import { type Graph, topological, withOutputs } from '../../graph/graph.js'
import { isOp, type Tensor } from '../../graph/tensor.js'
import { normalForm } from '../../optimise/normal-form.js'
import { chooseLayout, isDot, movingIndices, productOf, sizeOfIndices } from './contract.js'
import { type Convolution, convolutions, type Wanted, wantedBy } from './convolution.js'

type Order = readonly number[]

/** Where a tensor is used. */
interface Use {
  readonly node: Tensor
  readonly operand: number
}

/** What it costs to lay an operand along the axes of a result: nothing if they stand in the same order. */
const misaligned = (operand: Order, result: Order, sizes: readonly number[]): number => {
  const places = operand.map((index) => result.indexOf(index))
  return places.every((place, i) => i === 0 || place > places[i - 1]!) ? 0 : sizeOfIndices(operand, sizes)
}

/** A copy of whole rows, next to one of single elements. */
const ROWS = 0.25

/** The number of elements that a convolution copies. */
const convolutionCost = (op: ContractOp, wanted: readonly Wanted[]): number => {
  const output = movingIndices(op.output, op.sizes)
  return wanted.reduce((total, { output: result, operand, orders }) => {
    const own = movingIndices(op.operands[operand]!, op.sizes)
    const place = orders.findIndex((order) => sameShape(order, own))
    const moved = place === 0 ? 0 : sizeOfIndices(own, op.sizes) * (place > 0 ? ROWS : 1)
    const isPlain = result === undefined || sameShape(result, output)
    return total + moved + (isPlain ? 0 : sizeOfIndices(output, op.sizes))
  }, 0)
}

/** The number of elements that are copied to put the axes of a contraction in order. */
const costOf = (op: ContractOp, convolution: Convolution | undefined): number => {
  if (convolution !== undefined) return convolutionCost(op, wantedBy(convolution))
  const form = normalForm(op)
  if (form === undefined) return Infinity
  const { sizes } = op
  const misplaced = (result: Order): number =>
    op.operands.reduce(
      (total, operand) => total + misaligned(movingIndices(operand, sizes), result, sizes),
      0
    )
  switch (form.kind) {
    case 'sum':
      return 0
    case 'permute':
    case 'product':
      return misplaced(movingIndices(op.output, sizes))
    case 'matmul': {
      const product = productOf(op, form)
      return isDot(product)
        ? misplaced([...product.output, ...product.groups.summed])
        : chooseLayout(product).cost
    }
  }
}

const withOperand = (op: ContractOp, operand: number, order: Order): ContractOp => ({
  ...op,
  operands: op.operands.map((indices, k) => (k === operand ? order.map((axis) => indices[axis]!) : indices))
})

const withOutput = (op: ContractOp, order: Order): ContractOp => ({
  ...op,
  output: order.map((axis) => op.output[axis]!)
})

/** Where the wanted indices stand, those of size 1 after them. */
const placesOf = (have: Order, wanted: Order): Order => [
  ...wanted.map((index) => have.indexOf(index)),
  ...have.flatMap((index, axis) => (wanted.includes(index) ? [] : [axis]))
]

/** The orders of an operand's axes that its consumer reads without moving them. */
const wishes = (op: ContractOp, operand: number, convolution: Convolution | undefined): Order[] => {
  const own = op.operands[operand]!
  if (convolution !== undefined) {
    const wanted = wantedBy(convolution).filter((each) => each.operand === operand)
    return wanted.flatMap(({ orders }) => orders.map((order) => placesOf(own, order)))
  }
  const other = op.operands[1 - operand] ?? []
  const kept = op.output.filter((index) => own.includes(index))
  const batch = kept.filter((index) => other.includes(index))
  const free = kept.filter((index) => !other.includes(index))
  const summed = other.filter((index) => own.includes(index) && !op.output.includes(index))
  const wanted = summed.length === 0 ? [kept] : [batch.concat(free, summed), batch.concat(summed, free)]
  return wanted
    .filter((indices) => indices.length === own.length)
    .map((indices) => indices.map((index) => own.indexOf(index)))
}

/** The orders of its result that a matrix product gives as they come. */
const offers = (op: ContractOp, convolution: Convolution | undefined): Order[] => {
  if (convolution !== undefined) {
    return wantedBy(convolution).flatMap(({ output }) =>
      output === undefined ? [] : [placesOf(op.output, output)]
    )
  }
  const form = normalForm(op)
  if (form?.kind !== 'matmul') return []
  const [first, second] = op.operands
  const batch = first!.filter((index) => form.batch.includes(index))
  const left = first!.filter((index) => form.left.includes(index))
  const right = second!.filter((index) => form.right.includes(index))
  return [batch.concat(left, right), batch.concat(right, left)].map((indices) =>
    indices.map((index) => op.output.indexOf(index))
  )
}

/**
 * Chooses the order of axes of every intermediate contraction that only contractions read, so that as few elements as
 * possible are moved: the axes of such a tensor are nobody's but ours. From the outputs backwards, every tensor takes
 * the order that is cheapest for those who read it and for itself.
 */
export const relayout = (graph: Graph): Graph => {
  const nodes = topological(graph.outputs)
  const found = convolutions(graph)
  const outputs = new Set(graph.outputs)
  const uses = new Map<Tensor, Use[]>(nodes.map((node) => [node, []]))
  const ops = new Map<Tensor, ContractOp>()
  for (const node of nodes) {
    if (isOp(node, 'contract')) ops.set(node, node.op)
    node.inputs.forEach((input, operand) => uses.get(input)!.push({ node, operand }))
  }
  for (const node of nodes.toReversed()) {
    const op = ops.get(node)
    const readers = uses.get(node)!
    if (op === undefined || op.output.length < 2 || outputs.has(node)) continue
    if (!readers.every((use) => ops.has(use.node))) continue
    const total = (order: Order): number =>
      readers.reduce(
        (cost, use) =>
          cost + costOf(withOperand(ops.get(use.node)!, use.operand, order), found.get(use.node)),
        costOf(withOutput(op, order), found.get(node))
      )
    const asItIs = op.output.map((_, axis) => axis)
    let best: Order = asItIs
    let least = total(asItIs)
    if (least === 0) continue
    for (const order of [
      ...offers(op, found.get(node)),
      ...readers.flatMap((use) => wishes(ops.get(use.node)!, use.operand, found.get(use.node)))
    ]) {
      const cost = total(order)
      if (cost < least) {
        least = cost
        best = order
      }
    }
    if (best === asItIs) continue
    ops.set(node, withOutput(op, best))
    for (const use of readers) ops.set(use.node, withOperand(ops.get(use.node)!, use.operand, best))
  }
  const done = new Map<Tensor, Tensor>()
  const of = (node: Tensor): Tensor => done.get(node)!
  for (const node of nodes) {
    done.set(node, withContraction(node, ops.get(node) ?? node.op, node.inputs.map(of)))
  }
  return withOutputs(graph, graph.outputs.map(of))
}
