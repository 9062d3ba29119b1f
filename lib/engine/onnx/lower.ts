import { fail } from '../../core/error.js'
import { type Graph, topological } from '../../graph/graph.js'
import type { Tensor } from '../../graph/tensor.js'
import { type DeviceOp, type DeviceTag, type Plan, requireCountable } from '../plan.js'
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
import { loopsOf } from './loops.js'
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
      data: Float32Array.from({ length: requireCountable(shape[axis]!) }, (_, i) => i)
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

/** The values that a graph computes, given those of its inputs, as the results of nodes of their own. */
const lowerGraph = (build: Builder, source: Graph, inputs: readonly OnnxValue[]): readonly OnnxValue[] => {
  const values = new Map<Tensor, OnnxValue>(source.inputs.map((input, k) => [input, inputs[k]!]))
  const valueOf = (node: Tensor): OnnxValue => values.get(node)!
  const graph = relayout(source)
  const found = convolutions(graph)
  const loops = loopsOf(build, valueOf, lowerGraph)
  for (const node of topological(graph.outputs))
    if (!values.has(node))
      values.set(
        node,
        loops(node) ??
          convolve(build, node, found, valueOf) ??
          slicedFold(build, node, valueOf) ??
          reducedWindows(build, node, valueOf) ??
          lowerNode(build, node, node.inputs.map(valueOf))
      )
  const taken = new Set<OnnxValue>()
  return graph.outputs.map((node) => {
    let value = wholeFloat(build, valueOf(node), node.shape)
    // an output of a model is the result of a node, never an input or a constant itself, and no other output
    while (build.producer(value) === undefined || taken.has(value))
      value = build.emit('Identity', [value], value.dims)
    taken.add(value)
    return value
  })
}

/**
 * Lowers a plan to an ONNX model: inputs and outputs in the plan's order, broadcasting left to the operators, nothing that
 * no output needs, an output of its own for every result. Convolutions and pooling are recognised across several nodes; all
 * others go by the table.
 *
 * @defaultValue `target` is `portable`
 */
export const lower = ({ graph }: Pick<Plan, 'graph'>, target: OnnxTarget = 'portable'): OnnxModel => {
  const build = makeBuilder(target)
  const inputs = graph.inputs.map(({ shape }) => build.input(shape))
  const outputs = lowerGraph(build, graph, inputs)
  return fuse({ inputs, outputs, nodes: build.nodes, initializers: build.initializers })
}
