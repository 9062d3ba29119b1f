import type { ContractOp } from '../../graph/contract.js'
import { type Graph, topological } from '../../graph/graph.js'
import { isOp, type Tensor, type TensorOf } from '../../graph/tensor.js'
import { normalForm } from '../../optimise/normal-form.js'
import { sizeOfIndices } from './contract.js'

type Indices = readonly number[]

/** An index for each of some axes, or undefined where the size is 1. */
export type AxisIndices = readonly (number | undefined)[]

/** The indices of a product of windows by what they mean; those of size 1 are left out. */
interface Roles {
  /** Examples: of the images and the results. */
  readonly batch: Indices
  /** Of images, weights and results: each with weights of its own. */
  readonly groups: Indices
  /** Of images and weights. */
  readonly channels: Indices
  /** Of weights and results. */
  readonly out: Indices
  /** Row and column within a window. */
  readonly cell: Indices
  /** Row and column of a window: a place in the result. */
  readonly place: Indices
}

interface ProductOfWindows {
  readonly product: TensorOf<'contract'>
  /** The index of each axis of the images but the last two. */
  readonly lead: AxisIndices
  readonly roles: Roles
}

/** The results or the weights' gradient of a convolution, whose windows are an operand. */
export interface OverWindows extends ProductOfWindows {
  readonly kind: 'results' | 'weights'
  readonly unfold: TensorOf<'unfold'>
  /** Which operand the windows are; the other is the weights, or the gradient of the results. */
  readonly windows: 0 | 1
}

/** The images' gradient of a convolution, whose windows are the product. */
export interface UnderFold extends ProductOfWindows {
  readonly kind: 'images'
  readonly fold: TensorOf<'fold'>
  /** Which operand is the gradient of the results; the other is the weights. */
  readonly results: 0 | 1
}

/**
 * A contraction that is a convolution. With x the images, w the weights and y the results: `results` is y from x and w,
 * `weights` the gradient of w from x and that of y, `images` the windows of the gradient of x from w and that of y, on
 * their way to `fold`.
 */
export type Convolution = OverWindows | UnderFold

/** A tensor seen through views: for each of its axes the axis of the source, or undefined for an added one of size 1. */
interface View {
  readonly source: Tensor
  readonly axes: AxisIndices
}

/** For each axis of a reshape the axis it shows, if it only adds or removes axes of size 1. */
const unitAxes = (node: TensorOf<'reshape'>): AxisIndices | undefined => {
  const from = node.inputs[0]!.shape.flatMap((n, axis) => (n === 1 ? [] : [{ n, axis }]))
  const to = node.shape.filter((n) => n !== 1)
  if (from.length !== to.length || !from.every(({ n }, i) => n === to[i])) return undefined
  let next = 0
  return node.shape.map((n) => (n === 1 ? undefined : from[next++]!.axis))
}

/** For each axis of a permutation the axis it shows; nothing may be repeated. */
const permutedAxes = (node: TensorOf<'contract'>): AxisIndices | undefined => {
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

/** Indices of a contraction, undefined where the size is 1. */
export const movingOf = ({ sizes }: ContractOp, indices: AxisIndices): AxisIndices =>
  indices.map((index) => (index === undefined || sizes[index] === 1 ? undefined : index))

const defined = (indices: AxisIndices): number[] => indices.filter((index) => index !== undefined)

/** The indices of windows [...lead, kh, kw, oh, ow]; undefined for a plain matrix product, which engines do better. */
const windowIndices = (op: ContractOp, indices: AxisIndices) => {
  const moving = movingOf(op, indices)
  const [lead, cell, place] = [moving.slice(0, -4), defined(moving.slice(-4, -2)), defined(moving.slice(-2))]
  // windows of one cell, or a single window, are all there is
  return cell.length === 0 || place.length === 0 ? undefined : { lead, cell, place }
}

/** The indices of an operand that are accounted for nowhere else. */
const others = (op: ContractOp, operand: Indices, known: Indices): number[] =>
  operand.filter((index) => op.sizes[index] !== 1 && !known.includes(index))

/** Asks of an index whether it is in each of two lists. */
const membership =
  (a: Indices, b: Indices) =>
  (inA: boolean, inB: boolean) =>
  (index: number): boolean =>
    a.includes(index) === inA && b.includes(index) === inB

/** A product of windows of images and something else. */
const overWindows = (product: TensorOf<'contract'>, windows: 0 | 1): OverWindows | undefined => {
  const { op } = product
  const { source, axes } = viewOf(product.inputs[windows]!)
  if (!isOp(source, 'unfold')) return undefined
  const [own, other] = [op.operands[windows]!, op.operands[1 - windows]!]
  const found = windowIndices(
    op,
    source.shape.map((_, axis) => own[axes.indexOf(axis)])
  )
  if (found === undefined) return undefined
  const { lead, cell, place } = found
  const isIn = membership(other, op.output)
  const leads = (inOther: boolean, inOutput: boolean): number[] =>
    defined(lead).filter(isIn(inOther, inOutput))
  const both = { product, unfold: source, windows, lead }
  const rest = { out: others(op, other, own), cell, place }
  const [summed, given, shared] = [leads(true, false), leads(false, true), leads(true, true)]
  if (cell.every(isIn(true, false)) && place.every(isIn(false, true)))
    return { kind: 'results', ...both, roles: { batch: given, groups: shared, channels: summed, ...rest } }
  if (cell.every(isIn(false, true)) && place.every(isIn(true, false)) && shared.length === 0)
    return { kind: 'weights', ...both, roles: { batch: summed, groups: [], channels: given, ...rest } }
  return undefined
}

/** A product of the gradient of results and of weights whose windows are folded. */
const underFold = (fold: TensorOf<'fold'>): UnderFold | undefined => {
  const { source: product, axes } = viewOf(fold.inputs[0]!)
  if (!isOp(product, 'contract') || normalForm(product.op)?.kind !== 'matmul') return undefined
  const { op } = product
  const found = windowIndices(
    op,
    axes.map((axis) => (axis === undefined ? undefined : op.output[axis]))
  )
  if (found === undefined) return undefined
  const { lead, cell, place } = found
  for (const results of [0, 1] as const) {
    const [gradient, weights] = [op.operands[results]!, op.operands[1 - results]!]
    const isIn = membership(gradient, weights)
    if (!place.every(isIn(true, false)) || !cell.every(isIn(false, true))) continue
    const leads = (inGradient: boolean, inWeights: boolean): number[] =>
      defined(lead).filter(isIn(inGradient, inWeights))
    const roles = {
      batch: leads(true, false),
      groups: leads(true, true),
      channels: leads(false, true),
      out: others(op, gradient, op.output),
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
const isWorthwhile = ({ kind, product: { op }, roles }: Convolution): boolean =>
  kind !== 'weights' ||
  (sizeOfIndices(roles.channels, op.sizes) >= FEW_CHANNELS &&
    sizeOfIndices(roles.cell, op.sizes) <= MANY_CELLS)

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
  readonly output: Indices | undefined
  readonly operand: 0 | 1
  readonly orders: readonly Indices[]
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
