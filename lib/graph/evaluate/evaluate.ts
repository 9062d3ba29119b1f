import { fail } from '../../core/error.js'
import { isHostKey } from '../../core/key.js'
import { isNdArray, type NdArray } from '../../core/ndarray.js'
import { sameShape, showShape, sizeOf } from '../../core/shape.js'
import { type Graph, inputName, topological } from '../graph.js'
import type { OpOf, OpTag } from '../op.js'
import { sample } from '../random.js'
import type { HostValue } from '../spec.js'
import { isOp, type Tensor, type TensorOf } from '../tensor.js'
import { evaluateContract } from './contract.js'
import { pointwise } from './pointwise.js'
import * as structure from './structure.js'

type EvaluateRule<T extends OpTag> = (
  op: OpOf<T>,
  inputs: readonly Float64Array[],
  node: TensorOf<T>
) => Float64Array

const float64 = (data: Float32Array | Float64Array): Float64Array =>
  data instanceof Float64Array ? data : Float64Array.from(data)

const unbound = (op: { readonly tag: string }): never =>
  fail('EngineError', 'evaluate', 'a value for every argument', `an unbound ${op.tag}`)

/** The evaluation column of the table of primitives: what each means, in float64. */
const rules: { readonly [T in OpTag]: EvaluateRule<T> } = {
  input: unbound,
  keyInput: unbound,
  random: unbound,
  constant: (op) => float64(op.value.data),
  iota: (op) => structure.iota(op.axis, op.shape),
  alias: (_, [x]) => x!,
  stopGradient: (_, [x]) => x!,
  barrier: (_, [x]) => x!,
  custom: (_, [x]) => x!,
  customLinear: (op) =>
    fail('DiffError', 'evaluate', 'a rule with a jvp', `forward mode through customVjp ${op.rule.name}`),
  pointwise: ({ fn }, [a, b, c]) => {
    const f = pointwise[fn]
    const out = new Float64Array(a!.length)
    for (let i = 0; i < out.length; i++)
      out[i] = f(a![i]!, b === undefined ? 0 : b[i]!, c === undefined ? 0 : c[i]!)
    return out
  },
  contract: evaluateContract,
  reshape: (_, [x]) => x!,
  slice: (op, [x], node) => structure.slice(op, x!, node.inputs[0]!.shape, node.shape),
  pad: (op, [x], node) => structure.pad(op, x!, node.inputs[0]!.shape, node.shape),
  concat: (op, xs, node) =>
    structure.concat(
      op.axis,
      xs,
      node.inputs.map((input) => input.shape),
      node.shape
    ),
  reduceMax: (op, [x], node) => structure.reduceMax(op.axes, x!, node.inputs[0]!.shape, node.shape),
  unfold: (op, [x], node) => structure.unfold(op, x!, node.inputs[0]!.shape, node.shape),
  fold: (op, [x], node) => structure.fold(op, x!, node.inputs[0]!.shape, node.shape),
  topKMask: (op, [x], node) => structure.topKMask(op.k, x!, node.shape)
}

/** Evaluates one node of a known primitive. */
export const evaluateNode = (node: Tensor, inputs: readonly Float64Array[]): Float64Array => {
  const rule = rules[node.op.tag] as (
    op: Tensor['op'],
    inputs: readonly Float64Array[],
    node: Tensor
  ) => Float64Array
  return rule(node.op, inputs, node)
}

/** How the results of single operations are kept: as they are, or rounded to what an f32 device could hold. */
export type Rounding = 'float64' | 'float32'

/** The value of a `random` node from the key and ids that are bound to its inputs. */
export const drawNode = (node: TensorOf<'random'>, bound: ReadonlyMap<Tensor, HostValue>): Float32Array => {
  const [source, ids] = node.inputs
  const key = bound.get(source!)
  const rows = ids === undefined ? undefined : isOp(ids, 'constant') ? ids.op.value : bound.get(ids)
  return isHostKey(key) && (rows === undefined || isNdArray(rows))
    ? sample(node.op, key, rows?.data)
    : fail('EngineError', 'random', 'a key bound to its argument', 'none')
}

/** Pairs a graph's inputs with host values; a wrong kind, count or shape is refused. */
export const bindInputs = (graph: Graph, values: readonly HostValue[]): ReadonlyMap<Tensor, HostValue> => {
  if (values.length !== graph.inputs.length) {
    fail('ArgumentError', 'run', `${graph.inputs.length} argument leaves`, `${values.length}`)
  }
  return new Map(
    graph.inputs.map((input, i) => {
      const value = values[i]!
      const name = inputName(input)
      const fits = isOp(input, 'keyInput')
        ? isHostKey(value)
        : isNdArray(value) && sameShape(value.shape, input.shape)
      if (!fits) {
        const expected = isOp(input, 'keyInput') ? 'a key' : `an array of shape ${showShape(input.shape)}`
        fail(
          'ShapeError',
          'run',
          expected,
          isHostKey(value) ? 'a key' : `an array of shape ${showShape(value.shape)}`,
          name
        )
      }
      if (isNdArray(value) && value.data.length !== sizeOf(input.shape)) {
        fail(
          'ShapeError',
          'run',
          `${sizeOf(input.shape)} elements for ${showShape(input.shape)}`,
          `${value.data.length}`,
          name
        )
      }
      return [input, value]
    })
  )
}

/** Evaluates a whole graph in float64: the meaning of a graph, and the oracle of every engine. */
export const evaluateGraph = (
  graph: Graph,
  values: readonly HostValue[],
  rounding: Rounding = 'float64'
): readonly NdArray[] => {
  const bound = bindInputs(graph, values)
  const known = new Map<Tensor, Float64Array>()
  const keep = (data: Float64Array): Float64Array =>
    rounding === 'float32' ? Float64Array.from(Float32Array.from(data)) : data
  const valueOf = (node: Tensor): Float64Array => {
    const value = bound.get(node)
    if (value !== undefined) return isNdArray(value) ? float64(value.data) : new Float64Array(1)
    if (isOp(node, 'random')) return Float64Array.from(drawNode(node, bound))
    return evaluateNode(
      node,
      node.inputs.map((input) => known.get(input)!)
    )
  }
  const order = topological(graph.outputs)
  const uses = new Map<Tensor, number>()
  for (const node of order) for (const input of node.inputs) uses.set(input, (uses.get(input) ?? 0) + 1)
  for (const output of graph.outputs) uses.set(output, Infinity)
  for (const node of order) {
    known.set(node, keep(valueOf(node)))
    for (const input of node.inputs) {
      const left = uses.get(input)! - 1
      uses.set(input, left)
      if (left === 0) known.delete(input)
    }
  }
  return graph.outputs.map((output) => ({ _tag: 'NdArray', shape: output.shape, data: known.get(output)! }))
}
