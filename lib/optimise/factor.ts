import { sizeOf } from '../core/shape.js'
import { contract, fill } from '../graph/contract.js'
import { type Graph, topological, withInputs } from '../graph/graph.js'
import { apply, isOp, type Tensor } from '../graph/tensor.js'
import { normalForm } from './normal-form.js'

/** For each axis of a result the axis of an operand that it shows, or null where the operand is repeated. */
type From = readonly (number | null)[]

/** An operand and how its axes map to those of the result. */
interface PlacedOperand {
  readonly tensor: Tensor
  readonly from: From
}

/** A product of two operands without a sum, or one operand alone. */
type Term = readonly [PlacedOperand] | readonly [PlacedOperand, PlacedOperand]

/** Terms that share an operand, `common`, and how its axes map: the others, and how often it is a term alone. */
interface Factored {
  readonly common: PlacedOperand
  readonly others: readonly PlacedOperand[]
  readonly ones: number
}

const isAdd = (node: Tensor): boolean => isOp(node, 'pointwise') && node.op.fn === 'add'

/** A term, its larger operand first. */
const termOf = (node: Tensor): Term => {
  const form = isOp(node, 'contract') ? normalForm(node.op) : undefined
  const [a, b] = node.inputs
  if (form?.kind === 'permute') return [{ tensor: a!, from: form.from }]
  if (form?.kind !== 'product') return [{ tensor: node, from: node.shape.map((_, axis) => axis) }]
  const [first, second] = [
    { tensor: a!, from: form.from[0] },
    { tensor: b!, from: form.from[1] }
  ]
  return sizeOf(a!.shape) > sizeOf(b!.shape) ? [first, second] : [second, first]
}

const lieAlike = (a: From, b: From): boolean => a.every((axis, i) => axis === b[i])

const isSame = (a: PlacedOperand, b: PlacedOperand): boolean =>
  a.tensor === b.tensor && lieAlike(a.from, b.from)

/** The operand that a group shares with a term, as the other one, or as undefined where the term is it alone. */
const joining = (
  { common, others }: Factored,
  term: Term
): { readonly other: PlacedOperand | undefined } | undefined => {
  const at = term.findIndex((part) => isSame(part, common))
  if (at < 0) return undefined
  const other = term[1 - at]
  return other === undefined || others.every(({ from }) => lieAlike(from, other.from)) ? { other } : undefined
}

const joined = ({ common, others, ones }: Factored, other: PlacedOperand | undefined): Factored =>
  other === undefined ? { common, others, ones: ones + 1 } : { common, others: [...others, other], ones }

/** Collects terms by what they share; those of one operand come first, since they can join in one way only. */
const collect = (terms: readonly Term[]): readonly Factored[] =>
  [...terms]
    .sort((a, b) => a.length - b.length)
    .reduce<readonly Factored[]>((groups, term) => {
      for (const [at, group] of groups.entries()) {
        const match = joining(group, term)
        if (match !== undefined) return groups.with(at, joined(group, match.other))
      }
      return [...groups, joined({ common: term[0], others: [], ones: 0 }, term[1])]
    }, [])

const add = (a: Tensor, b: Tensor): Tensor => apply({ tag: 'pointwise', fn: 'add' }, [a, b])

const total = (terms: readonly Tensor[]): Tensor => terms.reduce(add)

/** The axes of an operand, named by the axes of the result. */
const indicesOf = ({ tensor, from }: PlacedOperand): number[] =>
  tensor.shape.map((_, axis) => from.indexOf(axis))

/** What a group adds up to: its common operand times the sum of the others, its axes in the given order. */
const productOf = (
  { common, others, ones }: Factored,
  output: readonly number[],
  shape: readonly number[]
): Tensor => {
  const [first] = others
  const alone = indicesOf(common)
  if (first === undefined) {
    const view = contract([common.tensor], [alone], output, shape)
    return total(Array.from({ length: ones }, () => view))
  }
  const constant = ones === 0 ? [] : [fill(ones, first.tensor.shape)]
  const factor = total([...others.map(({ tensor }) => tensor), ...constant])
  return contract([factor, common.tensor], [indicesOf(first), alone], output, shape)
}

/** A permutation other than the identity, without repetition. */
const isPermuted = (from: From): boolean =>
  from.every((axis) => axis !== null) && from.some((axis, i) => axis !== i)

/** Sums what is permuted alike before it is permuted. */
const sumOf = (groups: readonly Factored[], shape: readonly number[]): Tensor => {
  const natural = shape.map((_, axis) => axis)
  const sets = groups.reduce<readonly (readonly [Factored, ...Factored[]])[]>((known, group) => {
    const { from } = group.common
    const at = isPermuted(from) ? known.findIndex(([{ common }]) => lieAlike(common.from, from)) : -1
    return at < 0 ? [...known, [group]] : known.with(at, [...known[at]!, group])
  }, [])
  return total(
    sets.map(([first, ...more]) => {
      if (more.length === 0) return productOf(first, natural, shape)
      const order = indicesOf(first.common)
      const inner = total([first, ...more].map((group) => productOf(group, order, shape)))
      return contract([inner], [order], natural, shape)
    })
  )
}

/**
 * Sums of products take their common factors out: a h + b h + h becomes (a + b + 1) h; and what is permuted alike is
 * summed before it is permuted. Works on contractions in normal form, and leaves them so. In a tangent kernel, where the
 * weights and the biases of a layer share the products of its cotangents, it saves half of the passes over the kernel.
 */
export const factor = (graph: Graph): Graph => {
  const order = topological(graph.outputs)
  const uses = new Map<Tensor, number>()
  for (const node of [...order.flatMap(({ inputs }) => inputs), ...graph.outputs])
    uses.set(node, (uses.get(node) ?? 0) + 1)
  const inner = new Set(
    order
      .filter(isAdd)
      .flatMap(({ inputs }) => inputs.filter((input) => isAdd(input) && uses.get(input) === 1))
  )
  const termsOf = (node: Tensor): readonly Tensor[] =>
    node.inputs.flatMap((input) => (inner.has(input) ? termsOf(input) : [input]))
  const done = new Map<Tensor, Tensor>()
  const of = (node: Tensor): Tensor => done.get(node)!
  for (const node of order) {
    const plain = withInputs(node, node.inputs.map(of))
    if (!isAdd(node) || inner.has(node)) {
      done.set(node, plain)
      continue
    }
    const terms = termsOf(node)
    const groups = collect(terms.map((term) => termOf(of(term))))
    const permuted = groups.filter(({ common }) => isPermuted(common.from)).length
    done.set(node, groups.length < terms.length || permuted > 1 ? sumOf(groups, node.shape) : plain)
  }
  return { inputs: graph.inputs, outputs: graph.outputs.map(of) }
}
