import { derive, key, rademachers } from '../core/key.js'
import { isNdArray, type NdArray } from '../core/ndarray.js'
import { sizeOf, stridesOf } from '../core/shape.js'
import { bindInputs, drawNode } from '../graph/evaluate.js'
import { type Graph, topological } from '../graph/graph.js'
import { evaluateNode } from '../graph/primitives/index.js'
import { functions, type PointwiseName } from '../graph/primitives/pointwise.js'
import type { HostValue } from '../graph/spec.js'
import { isOp, type Tensor } from '../graph/tensor.js'
import { unrollLoops } from '../optimise/unroll-loops.js'

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
  relu: distanceFromZero,
  gate: distanceFromZero,
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
  const sorted = Array.from({ length: x.length / n }, (_, row) =>
    x
      .slice(row * n, (row + 1) * n)
      .sort()
      .reverse()
  )
  return collect(x.length, (at) => {
    const row = sorted[Math.floor(at / n)]!
    const [last, next] = [row[k - 1]!, row[k]!]
    return difference(x[at]!, x[at]! >= last ? next : last)
  })
}

/** The decisions that an operation makes on its inputs; undefined if it makes none. */
const marginsOf = (node: Tensor, inputs: readonly Float64Array[]): Margins | undefined => {
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

/** An evaluation: the results, and the margins of every decision. */
export interface Observation {
  readonly outputs: readonly NdArray[]
  readonly kinks: readonly Margins[]
}

/** How numbers are changed between operations. */
export interface Arithmetic {
  readonly operands: (
    node: Tensor,
    inputs: readonly Float64Array[],
    position: number
  ) => readonly Float64Array[]
  readonly result: (node: Tensor, data: Float64Array, position: number) => Float64Array
}

/** Float64 throughout: what a graph means. */
const exact: Arithmetic = { operands: (_, inputs) => inputs, result: (_, data) => data }

/** Every result rounded to float32, as on a device. */
export const float32: Arithmetic = {
  operands: (_, inputs) => inputs,
  result: (_, data) => Float64Array.from(Float32Array.from(data))
}

/** Whether a contraction computes anything: a mere view of its operand does not round. */
const computes = (node: Tensor): boolean =>
  isOp(node, 'contract') &&
  (node.inputs.length > 1 ||
    node.op.operands.flat().some((index) => node.op.sizes[index] !== 1 && !node.op.output.includes(index)))

/**
 * Every operation that rounds is off by one `unit`, up or down at random, relative to its result, and in a contraction
 * relative to every term: the change of the results estimates the error of any correct arithmetic of that precision.
 */
export const noisy = (unit: number, seed: number): Arithmetic => {
  const jitter = (data: Float64Array, position: number): Float64Array => {
    const signs = rademachers(derive(key(seed), { kind: 'fold', index: position }), data.length)
    return data.map((x, i) => x * (1 + unit * signs[i]!))
  }
  return {
    operands: (node, inputs, position) =>
      computes(node) ? inputs.map((input, k) => jitter(input, position * 16 + k)) : inputs,
    result: (node, data, position) =>
      isOp(node, 'pointwise') && !functions[node.op.fn].exact ? jitter(data, position * 16 + 15) : data
  }
}

/** The nodes on whose decisions the results depend: all but those behind a barrier of digits. */
const decisive = (graph: Graph): ReadonlySet<Tensor> => {
  const found = new Set<Tensor>()
  const open = [...graph.outputs]
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (found.has(node)) continue
    found.add(node)
    if (!isOp(node, 'barrier') || node.op.precise !== true) open.push(...node.inputs)
  }
  return found
}

/** Evaluates a graph under an arithmetic and records every decision, those of loops in each step. */
export const observe = (
  traced: Graph,
  values: readonly HostValue[],
  { operands, result }: Arithmetic = exact
): Observation => {
  const graph = unrollLoops(traced)
  const bound = bindInputs(graph, values)
  const known = new Map<Tensor, Float64Array>()
  const kinks: Margins[] = []
  const deciding = decisive(graph)
  topological(graph.outputs).forEach((node, position) => {
    const value = bound.get(node)
    if (value !== undefined) {
      known.set(
        node,
        result(node, isNdArray(value) ? Float64Array.from(value.data) : new Float64Array(1), position)
      )
      return
    }
    if (isOp(node, 'random')) {
      known.set(node, Float64Array.from(drawNode(node, bound)))
      return
    }
    const inputs = node.inputs.map((input) => known.get(input)!)
    const margins = deciding.has(node) ? marginsOf(node, inputs) : undefined
    if (margins !== undefined) kinks.push(margins)
    known.set(node, result(node, evaluateNode(node, operands(node, inputs, position)), position))
  })
  return {
    outputs: graph.outputs.map((node) => ({ _tag: 'NdArray', shape: node.shape, data: known.get(node)! })),
    kinks
  }
}
