import { sizeOf } from '../../core/shape.js'
import type { ContractOp } from '../../graph/contract.js'
import { type Graph, topological } from '../../graph/graph.js'
import { isOp, type Tensor, type TensorOf } from '../../graph/tensor.js'
import { normalForm } from '../../optimise/normal.js'

/** The indices of a product of windows by what they mean; those of size 1 are left out. */
export interface Roles {
  /** Examples: of the images and the results. */
  readonly batch: readonly number[]
  /** Of images, weights and results: each with weights of its own. */
  readonly groups: readonly number[]
  /** Of images and weights. */
  readonly channels: readonly number[]
  /** Of weights and results. */
  readonly out: readonly number[]
  /** Row and column within a window. */
  readonly cell: readonly number[]
  /** Row and column of a window: a place in the result. */
  readonly place: readonly number[]
}

/**
 * A contraction that is a convolution. With x the images, w the weights and y the results: `results` is y from x and w,
 * `weights` the gradient of w from x and that of y, `images` the windows of the gradient of x from w and that of y, on
 * their way to `fold`.
 */
export type Convolution =
  | {
      readonly kind: 'results' | 'weights'
      readonly product: TensorOf<'contract'>
      readonly unfold: TensorOf<'unfold'>
      /** Which operand the windows are; the other is the weights, or the gradient of the results. */
      readonly windows: 0 | 1
      /** The index of each axis of the images but the last two, or undefined where the size is 1. */
      readonly lead: readonly (number | undefined)[]
      readonly roles: Roles
    }
  | {
      readonly kind: 'images'
      readonly product: TensorOf<'contract'>
      readonly fold: TensorOf<'fold'>
      /** Which operand is the gradient of the results; the other is the weights. */
      readonly results: 0 | 1
      readonly lead: readonly (number | undefined)[]
      readonly roles: Roles
    }

/** A tensor seen through views: for each of its axes the axis of the source, or undefined for an added one of size 1. */
interface View {
  readonly source: Tensor
  readonly axes: readonly (number | undefined)[]
}

/** For each axis of a reshape the axis it shows, if it only adds or removes axes of size 1. */
const unitAxes = (node: TensorOf<'reshape'>): View['axes'] | undefined => {
  const from = node.inputs[0]!.shape.flatMap((n, axis) => (n === 1 ? [] : [{ n, axis }]))
  const to = node.shape.filter((n) => n !== 1)
  if (from.length !== to.length || !from.every(({ n }, i) => n === to[i])) return undefined
  let next = 0
  return node.shape.map((n) => (n === 1 ? undefined : from[next++]!.axis))
}

/** For each axis of a permutation the axis it shows; nothing may be repeated. */
const permutedAxes = (node: TensorOf<'contract'>): View['axes'] | undefined => {
  const form = node.inputs.length === 1 ? normalForm(node.op) : undefined
  return form?.kind === 'permute' && form.from.every((axis, at) => axis !== null || node.shape[at] === 1)
    ? form.from.map((axis) => axis ?? undefined)
    : undefined
}

const viewOf = (tensor: Tensor): View => {
  const own = isOp(tensor, 'reshape')
    ? unitAxes(tensor)
    : isOp(tensor, 'contract')
      ? permutedAxes(tensor)
      : undefined
  if (own === undefined) return { source: tensor, axes: tensor.shape.map((_, axis) => axis) }
  const inner = viewOf(tensor.inputs[0]!)
  return {
    source: inner.source,
    axes: own.map((axis) => (axis === undefined ? undefined : inner.axes[axis]))
  }
}

/** An index, or undefined if its size is 1. */
const moving = (op: ContractOp, index: number | undefined): number | undefined =>
  index === undefined || op.sizes[index] === 1 ? undefined : index

const defined = (indices: readonly (number | undefined)[]): number[] =>
  indices.filter((index) => index !== undefined)

/** Whether windows of one cell, or a single window, are all there is: a plain matrix product, which engines do better. */
const isTrivial = ({ cell, place }: Pick<Roles, 'cell' | 'place'>): boolean =>
  cell.length === 0 || place.length === 0

/** The indices of an operand that are accounted for nowhere else. */
const others = (op: ContractOp, operand: readonly number[], known: readonly number[]): number[] =>
  operand.filter((index) => op.sizes[index] !== 1 && !known.includes(index))

/** A product of windows of images and something else. */
const overWindows = (product: TensorOf<'contract'>, windows: 0 | 1): Convolution | undefined => {
  const { op } = product
  const { source, axes } = viewOf(product.inputs[windows]!)
  if (!isOp(source, 'unfold')) return undefined
  const [own, other] = [op.operands[windows]!, op.operands[1 - windows]!]
  const indexOf = (axis: number): number | undefined => moving(op, own[axes.indexOf(axis)])
  const rank = source.shape.length
  const at = source.shape.map((_, axis) => indexOf(axis))
  const lead = at.slice(0, rank - 4)
  const cell = defined(at.slice(rank - 4, rank - 2))
  const place = defined(at.slice(rank - 2))
  if (isTrivial({ cell, place })) return undefined
  const [given, kept] = [new Set(other), new Set(op.output)]
  const all = (indices: readonly number[], inOther: boolean, inOutput: boolean): boolean =>
    indices.every((index) => given.has(index) === inOther && kept.has(index) === inOutput)
  const leads = (inOther: boolean, inOutput: boolean): number[] =>
    defined(lead).filter((index) => given.has(index) === inOther && kept.has(index) === inOutput)
  const out = others(op, other, own)
  const found = { product, unfold: source, windows, lead }
  if (all(cell, true, false) && all(place, false, true)) {
    const roles = {
      batch: leads(false, true),
      groups: leads(true, true),
      channels: leads(true, false),
      out,
      cell,
      place
    }
    return { kind: 'results', ...found, roles }
  }
  if (all(cell, false, true) && all(place, true, false) && leads(true, true).length === 0) {
    const roles = {
      batch: leads(true, false),
      groups: [],
      channels: leads(false, true),
      out,
      cell,
      place
    }
    return { kind: 'weights', ...found, roles }
  }
  return undefined
}

/** A product of the gradient of results and of weights whose windows are folded. */
const underFold = (fold: TensorOf<'fold'>): Convolution | undefined => {
  const { source: product, axes } = viewOf(fold.inputs[0]!)
  if (!isOp(product, 'contract') || normalForm(product.op)?.kind !== 'matmul') return undefined
  const { op } = product
  const at = axes.map((axis) => (axis === undefined ? undefined : moving(op, op.output[axis])))
  const rank = at.length
  const lead = at.slice(0, rank - 4)
  const cell = defined(at.slice(rank - 4, rank - 2))
  const place = defined(at.slice(rank - 2))
  if (isTrivial({ cell, place })) return undefined
  for (const results of [0, 1] as const) {
    const [gradient, weights] = [op.operands[results]!, op.operands[1 - results]!]
    const only = (indices: readonly number[], here: readonly number[], there: readonly number[]): boolean =>
      indices.every((index) => here.includes(index) && !there.includes(index))
    if (!only(place, gradient, weights) || !only(cell, weights, gradient)) continue
    const leads = (inGradient: boolean, inWeights: boolean): number[] =>
      defined(lead).filter(
        (index) => gradient.includes(index) === inGradient && weights.includes(index) === inWeights
      )
    const out = others(op, gradient, op.output)
    const roles = {
      batch: leads(true, false),
      groups: leads(true, true),
      channels: leads(false, true),
      out,
      cell,
      place
    }
    return { kind: 'images', product, fold, results, lead, roles }
  }
  return undefined
}

/** The fewest channels for which one product for each cell of the window beats one product of all windows, and the most cells. */
const FEW_CHANNELS = 8
const MANY_CELLS = 64

/** Whether ONNX Runtime does better with a convolution than with windows written out and multiplied. */
const isWorthwhile = ({ kind, product, roles }: Convolution): boolean => {
  const size = (indices: readonly number[]): number => sizeOf(indices.map((i) => product.op.sizes[i]!))
  return kind !== 'weights' || (size(roles.channels) >= FEW_CHANNELS && size(roles.cell) <= MANY_CELLS)
}

/**
 * The convolutions of an optimised graph, by the node that stands for them: a contraction, or a fold, and then by the
 * contraction that it folds, too.
 */
export const convolutions = (graph: Graph): ReadonlyMap<Tensor, Convolution> => {
  const found = new Map<Tensor, Convolution>()
  for (const node of topological(graph.outputs)) {
    if (isOp(node, 'fold')) {
      const images = underFold(node)
      if (images === undefined || found.has(images.product)) continue
      found.set(node, images).set(images.product, images)
    } else if (isOp(node, 'contract') && normalForm(node.op)?.kind === 'matmul') {
      const one = overWindows(node, 0) ?? overWindows(node, 1)
      if (one !== undefined && isWorthwhile(one)) found.set(node, one)
    }
  }
  return found
}

/** The orders in which a convolution needs no copy: of its result, and of the operand that is not the windows, best first. */
export interface Wanted {
  /** Undefined where the result is never written. */
  readonly output: readonly number[] | undefined
  readonly operand: 0 | 1
  readonly orders: readonly (readonly number[])[]
}

/** For each operand that is laid out, and for the result, how it is wanted. */
export const wantedBy = (convolution: Convolution): readonly Wanted[] => {
  const { batch, groups, channels, out, cell, place } = convolution.roles
  const results = [...batch, ...groups, ...out, ...place]
  const weights = [...groups, ...out, ...channels, ...cell]
  const other = (operand: 0 | 1): 0 | 1 => (operand === 0 ? 1 : 0)
  switch (convolution.kind) {
    case 'results':
      return [{ output: results, operand: other(convolution.windows), orders: [weights] }]
    case 'weights':
      // rows of the gradient are moved whole
      return [
        {
          output: [...out, ...cell, ...channels],
          operand: other(convolution.windows),
          orders: [[...out, ...batch, ...place], results]
        }
      ]
    case 'images':
      return [
        { output: undefined, operand: convolution.results, orders: [results] },
        { output: undefined, operand: other(convolution.results), orders: [weights] }
      ]
  }
}
