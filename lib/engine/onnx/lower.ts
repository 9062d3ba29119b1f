import { fail } from '../../core/error.js'
import { topological } from '../../graph/graph.js'
import type { Tensor } from '../../graph/tensor.js'
import type { DeviceOp, DeviceTag, Plan } from '../plan.js'
import {
  type Builder,
  type LowerOnnx,
  makeBuilder,
  type OnnxModel,
  type OnnxValue,
  type OnnxTarget
} from './builder.js'
import { contract } from './contract.js'
import { convolutions } from './convolution.js'
import { convolve } from './convolve.js'
import { fuse } from './fuse.js'
import { pointwise } from './pointwise.js'
import { reducedWindows, reduceMax } from './reduction.js'
import { relayout } from './relayout.js'
import { structure } from './structure.js'
import { wholeFloat } from './views.js'
import { slicedFold, windows } from './windows.js'

/** The ONNX column of the table of primitives. */
const table: { readonly [T in DeviceTag]: LowerOnnx<T> } = {
  input: (build, { shape }) => build.input(shape),
  constant: (build, { value }) => build.floats(value),
  iota: (build, { axis, shape }) =>
    build.floats({
      _tag: 'NdArray',
      shape: shape.map((n, each) => (each === axis ? n : 1)),
      data: Float32Array.from({ length: shape[axis]! }, (_, i) => i)
    }),
  barrier: (_build, _op, [x]) => x!,
  pointwise,
  contract,
  reduceMax,
  ...structure,
  ...windows
}

const isDevice = (op: Tensor['op']): op is DeviceOp => op.tag in table

const lowerNode = (build: Builder, node: Tensor, args: readonly OnnxValue[]): OnnxValue => {
  const { op } = node
  if (!isDevice(op)) return fail('EngineError', 'onnx.load', 'a primitive of the device', op.tag)
  const row = table[op.tag] as (
    build: Builder,
    op: DeviceOp,
    args: readonly OnnxValue[],
    node: Tensor
  ) => OnnxValue
  return row(build, op, args, node)
}

/**
 * Lowers a plan to an ONNX model: inputs and outputs in the plan's order, broadcasting left to the operators, nothing that
 * no output needs, an output of its own for every result. Convolutions and pooling are recognised across several nodes; all
 * others go by the table.
 *
 * @defaultValue `target` is `portable`
 */
export const lower = (plan: Plan, target: OnnxTarget = 'portable'): OnnxModel => {
  const build = makeBuilder(target)
  const values = new Map<Tensor, OnnxValue>()
  const valueOf = (node: Tensor): OnnxValue => values.get(node)!
  const graph = relayout(plan.graph)
  const found = convolutions(graph)
  for (const node of new Set([...graph.inputs, ...topological(graph.outputs)]))
    values.set(
      node,
      convolve(build, node, found, valueOf) ??
        slicedFold(build, node, valueOf) ??
        reducedWindows(build, node, valueOf) ??
        lowerNode(build, node, node.inputs.map(valueOf))
    )
  const taken = new Set<OnnxValue>()
  const outputs = graph.outputs.map((node) => {
    let value = wholeFloat(build, valueOf(node), node.shape)
    // an output of a model is the result of a node, never an input or a constant itself, and no other output
    while (build.producer(value) === undefined || taken.has(value))
      value = build.emit('Identity', [value], value.dims)
    taken.add(value)
    return value
  })
  return fuse({
    inputs: graph.inputs.map(valueOf),
    outputs,
    nodes: build.nodes,
    initializers: build.initializers
  })
}
