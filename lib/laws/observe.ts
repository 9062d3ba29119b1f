import { derive, key, rademachers } from '../core/key.js'
import { isNdArray, type NdArray } from '../core/ndarray.js'
import { bindInputs, drawNode } from '../graph/evaluate.js'
import { type Graph, topological } from '../graph/graph.js'
import { evaluateNode } from '../graph/primitives/index.js'
import { functions } from '../graph/primitives/pointwise.js'
import type { HostValue } from '../graph/spec.js'
import { isOp, type Tensor } from '../graph/tensor.js'
import { marginsOf, type Margins } from './kinks.js'

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

/** Evaluates a graph under an arithmetic and records every decision. */
export const observe = (
  graph: Graph,
  values: readonly HostValue[],
  { operands, result }: Arithmetic = exact
): Observation => {
  const bound = bindInputs(graph, values)
  const known = new Map<Tensor, Float64Array>()
  const kinks: Margins[] = []
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
    const margins = marginsOf(node, inputs)
    if (margins !== undefined) kinks.push(margins)
    known.set(node, result(node, evaluateNode(node, operands(node, inputs, position)), position))
  })
  return {
    outputs: graph.outputs.map((node) => ({ _tag: 'NdArray', shape: node.shape, data: known.get(node)! })),
    kinks
  }
}
