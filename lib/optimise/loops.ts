import { sizeOf } from '../core/shape.js'
import { type Graph, replaceNodes, topological, withInputs, withOutputs } from '../graph/graph.js'
import { bodyOutputs, loopOf, scanOf } from '../graph/loop.js'
import type { TensorOf } from '../graph/op.js'
import { resultShapes } from '../graph/primitives/scan.js'
import { apply, isOp, type Tensor } from '../graph/tensor.js'
import { isFiniteForFinite } from './finite.js'

/** A symbol of the same shape for what may be infinite or NaN. */
const diverging = (symbol: Tensor): Tensor =>
  isOp(symbol, 'input') ? apply({ ...symbol.op, mayDiverge: true }, []) : symbol

/**
 * A loop whose body knows which of its inputs may be infinite or NaN for finite arguments: those that are given such a value,
 * and the carries that a step makes from one.
 */
export const markDiverging = (node: TensorOf<'scan'>): TensorOf<'scan'> => {
  const { body, carries } = node.op
  const outputs = bodyOutputs(loopOf(node))
  const marked = (isMarked: readonly boolean[]): TensorOf<'scan'> => {
    const inputs = body.inputs.map((symbol, k) => (isMarked[k] === true ? diverging(symbol) : symbol))
    const changed = replaceNodes(outputs, new Map(body.inputs.map((symbol, k) => [symbol, inputs[k]!])))
    const next = isMarked.map(
      (is, k) => is || (k >= 1 && k <= carries && !isFiniteForFinite(changed[k - 1]!))
    )
    return next.every((is, k) => is === isMarked[k])
      ? { ...node, op: { ...node.op, body: { inputs, outputs: changed } } }
      : marked(next)
  }
  return marked([false, ...node.inputs.map((input) => !isFiniteForFinite(input))])
}

/** Where each result of a loop is in its vector. */
const rangesOf = ({
  op
}: TensorOf<'scan'>): readonly { readonly start: number; readonly limit: number }[] => {
  let limit = 0
  return resultShapes(op).map((shape) => {
    const start = limit
    limit += sizeOf(shape)
    return { start, limit }
  })
}

/** For each loop the results that are read; all of one that is read otherwise than by slices of one result. */
const readResults = (graph: Graph, order: readonly Tensor[]): ReadonlyMap<Tensor, ReadonlySet<number>> => {
  const read = new Map<Tensor, Set<number>>()
  for (const node of order) if (isOp(node, 'scan')) read.set(node, new Set())
  const all = (loop: Tensor): void => {
    if (isOp(loop, 'scan')) rangesOf(loop).forEach((_, k) => read.get(loop)!.add(k))
  }
  graph.outputs.forEach(all)
  for (const node of order) {
    const [source] = node.inputs
    const k =
      isOp(node, 'slice') && isOp(source!, 'scan')
        ? rangesOf(source).findIndex(
            ({ start, limit }) => node.op.start[0]! >= start && node.op.limit[0]! <= limit
          )
        : -1
    if (k >= 0) read.get(source!)!.add(k)
    else node.inputs.forEach(all)
  }
  return read
}

/**
 * A loop that gives some of its results, and carries what these need. What no step changes is computed outside; a carry that
 * keeps its value is none.
 */
const trimmed = (
  node: TensorOf<'scan'>,
  read: ReadonlySet<number>
): { readonly node: TensorOf<'scan'>; readonly kept: readonly number[] } => {
  const loop = loopOf(node)
  const constant = loop.carries.filter(({ symbol, next }) => symbol === next)
  const outputs = replaceNodes(
    bodyOutputs(loop),
    new Map([
      ...loop.captured.map(({ symbol, value }) => [symbol, value] as const),
      ...constant.map(({ symbol, start }) => [symbol, start] as const)
    ])
  )
  const needed = (kept: readonly number[]): readonly number[] => {
    const reached = new Set(topological(kept.map((k) => outputs[k]!)))
    const all = outputs.flatMap((_, k) => {
      const symbol = loop.carries[k]?.symbol
      return kept.includes(k) || (symbol !== undefined && reached.has(symbol)) ? [k] : []
    })
    return all.length === kept.length ? all : needed(all)
  }
  const kept = needed([...read].sort((a, b) => a - b))
  const count = loop.carries.length
  return {
    node: scanOf({
      ...loop,
      carries: loop.carries.flatMap((carry, k) =>
        kept.includes(k) ? [{ ...carry, next: outputs[k]! }] : []
      ),
      captured: [],
      results: kept.filter((k) => k >= count).map((k) => outputs[k]!)
    }),
    kept
  }
}

/** Loops without what nothing reads: results, and the carries and inputs that only those need. */
export const trimLoops = (graph: Graph): Graph => {
  const order = topological(graph.outputs)
  if (!order.some((node) => isOp(node, 'scan'))) return graph
  const read = readResults(graph, order)
  const done = new Map<Tensor, Tensor>()
  const shifts = new Map<Tensor, (start: number) => number>()
  const of = (node: Tensor): Tensor => done.get(node)!
  for (const node of order) {
    const rebuilt = withInputs(node, node.inputs.map(of))
    const shift = shifts.get(node.inputs[0]!)
    if (isOp(rebuilt, 'scan')) {
      const { node: lean, kept } = trimmed(rebuilt, read.get(node)!)
      const [before, after] = [rangesOf(rebuilt), rangesOf(lean)]
      shifts.set(node, (start) => {
        const k = before.findIndex((range) => start < range.limit)
        return start - before[k]!.start + after[kept.indexOf(k)]!.start
      })
      done.set(node, lean)
    } else if (isOp(rebuilt, 'slice') && shift !== undefined) {
      const [start, limit] = [rebuilt.op.start[0]!, rebuilt.op.limit[0]!]
      const from = shift(start)
      done.set(node, apply({ ...rebuilt.op, start: [from], limit: [from + limit - start] }, rebuilt.inputs))
    } else done.set(node, rebuilt)
  }
  return withOutputs(graph, graph.outputs.map(of))
}
