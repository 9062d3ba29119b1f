import { fail } from '../../core/error.js'
import { topological } from '../../graph/graph.js'
import type { OpOf } from '../../graph/op.js'
import type { Tensor } from '../../graph/tensor.js'
import type { DeviceOp, DeviceTag, Plan } from '../plan.js'
import { type Builder, makeBuilder, type Model, type Value } from './builder.js'
import { contract } from './contract.js'
import { convolutions } from './convolution.js'
import { fold } from './fold.js'
import { fuse } from './fuse.js'
import { pointwise } from './pointwise.js'
import { relayout } from './relayout.js'
import { concat, iota, type LowerUnary, pad, reduceMax, reshape, slice, unfold } from './structure.js'
import { topKMask } from './topk.js'
import { asFloat, expanded, one } from './views.js'
import { lowerWindows } from './windows.js'

/** Writes one primitive as ONNX operators, its arguments already written. */
export type LowerOnnx<T extends DeviceTag> = (
  build: Builder,
  op: OpOf<T>,
  args: readonly Value[],
  node: Tensor
) => Value

const unary =
  <T extends DeviceTag>(lower: LowerUnary<T>): LowerOnnx<T> =>
  (build, op, args, node) =>
    lower(build, op, args[0]!, node.inputs[0]!.shape, node.shape)

/** The ONNX column of the table of primitives. */
const table: { readonly [T in DeviceTag]: LowerOnnx<T> } = {
  input: (build, { shape }) => build.input(shape),
  constant: (build, { value }) => build.floats(value),
  iota: (build, { axis, shape }) => iota(build, axis, shape),
  pointwise: (build, { fn }, args) => pointwise[fn](build, args),
  contract: (build, op, args, { shape }) => contract(build, op, args, shape),
  barrier: (_build, _op, [x]) => x!,
  reshape: unary(reshape),
  slice: unary(slice),
  pad: unary(pad),
  concat: (build, { axis }, args, { inputs, shape }) =>
    concat(
      build,
      axis,
      args,
      inputs.map((input) => input.shape),
      shape
    ),
  reduceMax: unary(reduceMax),
  unfold: unary(unfold),
  fold: unary((build, op, value, from) => fold(build, op, value, from)),
  topKMask: unary(topKMask)
}

const isDevice = (op: Tensor['op']): op is DeviceOp => op.tag in table

const lowerNode = (build: Builder, node: Tensor, args: readonly Value[]): Value => {
  const { op } = node
  if (!isDevice(op)) return fail('EngineError', 'onnx.load', 'a primitive of the device', op.tag)
  const lower = table[op.tag] as (build: Builder, op: DeviceOp, args: readonly Value[], node: Tensor) => Value
  return lower(build, op, args, node)
}

/**
 * A plan as an ONNX model: inputs and outputs in the plan's order, broadcasting left to the operators, nothing that no
 * output needs.
 */
export const lower = (plan: Plan): Model => {
  const build = makeBuilder()
  const values = new Map<Tensor, Value>()
  const of = (node: Tensor): Value => values.get(node)!
  const graph = relayout(plan.graph)
  const found = convolutions(graph)
  const nodes = new Set([...graph.inputs, ...topological(graph.outputs)])
  for (const node of nodes)
    values.set(node, lowerWindows(build, node, found, of) ?? lowerNode(build, node, node.inputs.map(of)))
  const outputs = graph.outputs.map((node) => {
    const value = expanded(build, asFloat(build, of(node)), node.shape)
    // an output of a model is what a node gives, never an input or a constant itself
    return build.producer(value) === undefined ? one(build, 'Identity', [value], value.dims) : value
  })
  return fuse({
    inputs: graph.inputs.map(of),
    outputs,
    nodes: build.nodes(),
    initializers: build.initializers()
  })
}
