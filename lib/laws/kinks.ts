import { sizeOf, stridesOf } from '../core/shape.js'
import type { PointwiseName } from '../graph/primitives/pointwise.js'
import { isOp, type Tensor } from '../graph/tensor.js'

/**
 * The decisions of one operation: a signed margin for each, whose sign decides, and the size of the numbers that were
 * compared. A margin of exactly 0 is a tie.
 */
export interface Margins {
  readonly margin: Float64Array
  readonly scale: Float64Array
}

type Decide = (a: number, b: number) => readonly [margin: number, scale: number]

const difference: Decide = (a, b) => [a - b, Math.abs(a) + Math.abs(b)]
const distanceFromZero: Decide = (a) => [a, 1]
const distanceFromWhole: Decide = (a) => [a - Math.round(a), 1 + Math.abs(a)]

const decisions: { readonly [F in PointwiseName]?: Decide } = {
  sign: distanceFromZero,
  abs: distanceFromZero,
  select: distanceFromZero,
  floor: distanceFromWhole,
  max: difference,
  min: difference,
  less: difference,
  lessEqual: difference,
  equal: difference
}

const collect = (size: number, decide: (i: number) => readonly [number, number]): Margins => {
  const margin = new Float64Array(size)
  const scale = new Float64Array(size)
  for (let i = 0; i < size; i++) [margin[i], scale[i]] = decide(i) as [number, number]
  return { margin, scale }
}

/** Each element against the largest of its group. */
const reduceMax = (node: Tensor, axes: readonly number[], x: Float64Array): Margins => {
  const { shape } = node.inputs[0]!
  const strides = stridesOf(shape)
  const remaining = shape.flatMap((_, axis) => (axes.includes(axis) ? [] : [axis]))
  const outStrides = stridesOf(remaining.map((axis) => shape[axis]!))
  const groupOf = (at: number): number =>
    remaining.reduce(
      (group, axis, k) => group + (Math.floor(at / strides[axis]!) % shape[axis]!) * outStrides[k]!,
      0
    )
  const peaks = new Float64Array(sizeOf(node.shape)).fill(-Infinity)
  x.forEach((value, at) => (peaks[groupOf(at)] = Math.max(peaks[groupOf(at)]!, value)))
  return collect(x.length, (at) => difference(x[at]!, peaks[groupOf(at)]!))
}

/** Each element of the top k against the largest of the others, and each other element against the least of the top k. */
const topK = (node: Tensor, k: number, x: Float64Array): Margins => {
  const n = node.shape[node.shape.length - 1]!
  if (k === n) return collect(0, () => [0, 0])
  const sorted = new Map<number, Float64Array>()
  for (let row = 0; row < x.length; row += n)
    sorted.set(
      row,
      x
        .slice(row, row + n)
        .sort()
        .reverse()
    )
  return collect(x.length, (at) => {
    const row = sorted.get(at - (at % n))!
    const [last, next] = [row[k - 1]!, row[k]!]
    return difference(x[at]!, x[at]! >= last ? next : last)
  })
}

/** The decisions that an operation makes on its inputs; undefined if it makes none. */
export const marginsOf = (node: Tensor, inputs: readonly Float64Array[]): Margins | undefined => {
  const [a, b] = inputs
  if (isOp(node, 'reduceMax')) return reduceMax(node, node.op.axes, a!)
  if (isOp(node, 'topKMask')) return topK(node, node.op.k, a!)
  if (!isOp(node, 'pointwise')) return undefined
  const decide = decisions[node.op.fn]
  return decide === undefined ? undefined : collect(a!.length, (i) => decide(a![i]!, b?.[i] ?? 0))
}

const sameSign = (a: number, b: number): boolean =>
  Math.sign(a) === Math.sign(b) || (Number.isNaN(a) && Number.isNaN(b))

/** Whether a decision differs between two evaluations of one graph. */
export const decidesOtherwise = (a: readonly Margins[], b: readonly Margins[]): boolean =>
  a.some(({ margin }, k) => margin.some((m, i) => !sameSign(m, b[k]!.margin[i]!)))

/** Whether a decision that is not an exact tie has a margin within `tolerance`, relative to the numbers compared. */
export const isNearKink = (kinks: readonly Margins[], tolerance: number): boolean =>
  kinks.some(({ margin, scale }) =>
    margin.some((m, i) => m !== 0 && Number.isFinite(m) && Math.abs(m) <= tolerance * scale[i]!)
  )
