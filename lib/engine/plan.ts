import { fail } from '../core/error.js'
import { isNdArray, type NdArray } from '../core/ndarray.js'
import { bindInputs, drawNode } from '../graph/evaluate.js'
import { type Graph, rewrite, topological } from '../graph/graph.js'
import type { Op, OpTag } from '../graph/op.js'
import type { HostValue } from '../graph/spec.js'
import { apply, isOp, type Tensor, type TensorOf } from '../graph/tensor.js'

/**
 * The primitives without an entry in an engine's table: they mean something to derivatives or to the host only. A loop is lowered apart
 * (`onnx/loops.ts`), or an engine is given its steps written out.
 */
type HostTag = 'keyInput' | 'random' | 'alias' | 'stopGradient' | 'custom' | 'customLinear' | 'scan'

/** The primitives an engine lowers; its table has one entry for each. */
export type DeviceTag = Exclude<OpTag, HostTag>

export type DeviceOp = Extract<Op, { tag: DeviceTag }>

/**
 * What an engine gets: an optimised graph whose inputs are all arrays, in which contractions are in normal form. Random
 * numbers are drawn on the host and come in as further inputs.
 */
export interface Plan {
  /** The device graph; its inputs are `input` nodes, in the order in which `feed` gives their values. */
  readonly graph: Graph
  /** Every node in an order of execution, inputs included. */
  readonly nodes: readonly Tensor[]
  /** The values of the device graph's inputs from the program's arguments. Refuses what does not fit. */
  readonly feed: (args: readonly HostValue[]) => readonly NdArray[]
}

/** Whole numbers up to here are float32; of the next one it makes this one. */
const COUNTABLE = 2 ** 24

/** Refuses an axis along which a device would count further than its float32 does. */
export const requireCountable = (places: number): number =>
  places <= COUNTABLE
    ? places
    : fail('EngineError', 'compile', `at most ${COUNTABLE} places to count in float32`, `${places}`)

/** Splits an optimised graph into what the host draws and what the device computes. */
export const planOf = (graph: Graph): Plan => {
  const draws = topological(graph.outputs).filter((node): node is TensorOf<'random'> => isOp(node, 'random'))
  const arrays = graph.inputs.filter((input) => isOp(input, 'input'))
  const drawn = new Map<Tensor, Tensor>(
    draws.map((node, k) => [node, apply({ tag: 'input', name: `random ${k}`, shape: node.shape }, [])])
  )
  const device = rewrite(graph, (node) => drawn.get(node) ?? node)
  const inputs = [...arrays, ...drawn.values()]
  const own = new Set(inputs)
  return {
    graph: { inputs, outputs: device.outputs },
    nodes: [...inputs, ...topological(device.outputs).filter((node) => !own.has(node))],
    feed: (args) => {
      const bound = bindInputs(graph, args)
      return [
        ...graph.inputs
          .map((input) => bound.get(input))
          .filter((value) => value !== undefined && isNdArray(value)),
        ...draws.map((node): NdArray => ({ _tag: 'NdArray', shape: node.shape, data: drawNode(node, bound) }))
      ]
    }
  }
}
