import { sizeOf } from '../../core/shape.js'
import { type Graph, topological } from '../../graph/graph.js'
import { resultShapes } from '../../graph/primitives/scan.js'
import { isOp, type Tensor, type TensorOf } from '../../graph/tensor.js'
import type { Builder, OnnxValue, ValueOf } from './builder.js'
import { fuse } from './fuse.js'
import { cut } from './structure.js'
import { asFloat, reshaped, wholeFloat } from './views.js'

/** The values that a graph computes from those of its inputs, each as the result of a node of its own. */
export type LowerGraph = (build: Builder, graph: Graph, inputs: readonly OnnxValue[]) => readonly OnnxValue[]

/** The numbers 0 … length − 1. */
const places = (build: Builder, length: number): OnnxValue =>
  build.floats({ _tag: 'NdArray', shape: [length], data: Float32Array.from({ length }, (_, i) => i) })

/** A loop as an operator Scan: its last carries, then what its steps give, stacked. The body reads captured values where they are. */
const loopOf = (
  build: Builder,
  { op, inputs }: TensorOf<'scan'>,
  valueOf: ValueOf,
  lowerGraph: LowerGraph
): readonly OnnxValue[] => {
  const { body, carries, sequences, length, reverse } = op
  const inner = build.inner()
  const varying = 1 + carries + sequences
  const symbols = body.inputs.slice(0, varying).map(({ shape }) => inner.input(shape))
  const given = inputs.slice(0, varying - 1).map((input) => wholeFloat(build, valueOf(input), input.shape))
  const captured = inputs.slice(varying - 1).map((input) => asFloat(build, valueOf(input)))
  const outputs = lowerGraph(inner, body, [...symbols, ...captured])
  // the number of the step is a sequence like others; there has to be one
  const hasIndex = sequences === 0 || topological(body.outputs).includes(body.inputs[0]!)
  const scanned = hasIndex ? [symbols[0]!, ...symbols.slice(1 + carries)] : symbols.slice(1 + carries)
  const stacks = hasIndex ? [places(build, length), ...given.slice(carries)] : given.slice(carries)
  const direction = reverse ? 1 : 0
  return build.emitAll(
    'Scan',
    [...given.slice(0, carries), ...stacks],
    resultShapes(op).map((dims) => ({ dims, type: 'float' })),
    {
      num_scan_inputs: stacks.length,
      scan_input_directions: stacks.map(() => direction),
      scan_output_directions: outputs.slice(carries).map(() => direction)
    },
    fuse({
      inputs: [...symbols.slice(1, 1 + carries), ...scanned],
      outputs,
      nodes: inner.nodes,
      initializers: inner.initializers
    })
  )
}

/**
 * Lowers the loops of a graph, and the slices of their vectors that are parts of one result, which are taken from that result
 * itself; undefined for other nodes.
 */
export const loopsOf = (
  build: Builder,
  valueOf: ValueOf,
  lowerGraph: LowerGraph
): ((node: Tensor) => OnnxValue | undefined) => {
  const results = new Map<Tensor, readonly OnnxValue[]>()
  const flat = (value: OnnxValue): OnnxValue => reshaped(build, value, [sizeOf(value.dims)])
  return (node) => {
    if (isOp(node, 'scan')) {
      const values = loopOf(build, node, valueOf, lowerGraph)
      results.set(node, values)
      const [first, ...others] = values.map(flat)
      return others.length === 0 ? first : build.emit('Concat', [first!, ...others], node.shape, { axis: 0 })
    }
    const values = results.get(node.inputs[0]!)
    if (values === undefined || !isOp(node, 'slice')) return undefined
    const [start, limit, stride] = [node.op.start[0]!, node.op.limit[0]!, node.op.stride[0]!]
    let before = 0
    for (const value of values) {
      const after = before + sizeOf(value.dims)
      if (start >= before && limit <= after)
        return cut(build, flat(value), [{ axis: 0, start: start - before, limit: limit - before, stride }])
      before = after
    }
    return undefined
  }
}
