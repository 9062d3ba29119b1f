import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { entry } from '../core/entry.js'
import { fail, getOrThrow, refuseWith, type TangentError } from '../core/error.js'
import { isHostKey } from '../core/key.js'
import { isNdArray, type NdArray, unshared } from '../core/ndarray.js'
import { sameShape, showShape, sizeOf } from '../core/shape.js'
import { type Graph, inputName, topological } from './graph.js'
import type { EvaluateNode } from './op.js'
import { evaluateNode } from './primitives/index.js'
import { float64 } from './primitives/leaf.js'
import { sample } from './key.js'
import { type Concrete, hostLeaves, type HostValue, specsOf } from './spec.js'
import { isOp, type Tensor, type TensorOf } from './tensor.js'
import { attempt, trace, unflattenOut } from './trace.js'

/** How the results of single operations are stored: as they are, or rounded to what an f32 device could hold. */
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
  if (values.length !== graph.inputs.length)
    fail('ArgumentError', 'run', `${graph.inputs.length} argument leaves`, `${values.length}`)
  const refuse = refuseWith('ShapeError', 'run')
  const bound = (input: Tensor, value: HostValue): HostValue => {
    const name = inputName(input)
    const received = isHostKey(value) ? 'a key' : `an array of shape ${showShape(value.shape)}`
    if (isOp(input, 'keyInput')) return isHostKey(value) ? value : refuse('a key', received, name)
    const shape = showShape(input.shape)
    if (isHostKey(value) || !sameShape(value.shape, input.shape))
      return refuse(`an array of shape ${shape}`, received, name)
    const size = sizeOf(input.shape)
    return value.data.length === size
      ? value
      : refuse(`${size} elements for ${shape}`, `${value.data.length}`, name)
  }
  return new Map(graph.inputs.map((input, i) => [input, bound(input, values[i]!)]))
}

/**
 * Evaluates a whole graph in float64: the meaning of a graph, and the oracle of every engine. Results share no memory with
 * arguments, constants or each other.
 */
export const evaluateGraph = (
  graph: Graph,
  values: readonly HostValue[],
  rounding: Rounding = 'float64'
): readonly NdArray[] => {
  const bound = bindInputs(graph, values)
  const known = new Map<Tensor, Float64Array>()
  const keep = (data: Float64Array): Float64Array =>
    rounding === 'float32' ? Float64Array.from(Float32Array.from(data)) : data
  const evaluateRounded: EvaluateNode = (node, inputs) => keep(evaluateNode(node, inputs, evaluateRounded))
  const valueOf = (node: Tensor): Float64Array => {
    const value = bound.get(node)
    if (value !== undefined) return isNdArray(value) ? float64(value) : new Float64Array(1)
    if (isOp(node, 'random')) return Float64Array.from(drawNode(node, bound))
    return evaluateRounded(
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
  const results = graph.outputs.map((output): NdArray => ({
    _tag: 'NdArray',
    shape: output.shape,
    data: known.get(output)!
  }))
  const constants = order.flatMap((node) => (isOp(node, 'constant') ? [node.op.value] : []))
  return unshared(results, [...values.filter(isNdArray), ...constants])
}

/**
 * Traces a function on the shapes of concrete arguments and evaluates it at once in float64, on the host, without an
 * engine: for lessons, laws and small numbers.
 */
export const evaluate = entry(
  'evaluate',
  'Either',
  2,
  <Args extends readonly unknown[], Out>(f: (...args: Args) => Out) =>
    (...args: Concrete<Args>): E.Either<TangentError, Concrete<Out>> =>
      pipe(
        attempt(() => specsOf<Args>('evaluate', args)),
        E.flatMap((specs) => trace(f, specs)),
        E.flatMap(({ graph, out }) =>
          attempt(() => unflattenOut<Concrete<Out>>(out, evaluateGraph(graph, hostLeaves('evaluate', args))))
        )
      )
)

/** As {@link evaluate}, for the console and for tests: a refusal is thrown as a TangentFailure. */
export const evaluateOn =
  <Args extends readonly unknown[], Out>(f: (...args: Args) => Out) =>
  (...args: Concrete<Args>): Concrete<Out> =>
    getOrThrow(evaluate(f)(...args))
