import { type Shape, sizeOf } from '../core/shape.js'
import { replaceNodes } from './graph.js'
import type { TensorOf } from './op.js'
import { concat, reshape, slice } from './ops/reshape.js'
import { resultShapes } from './primitives/scan.js'
import { apply, isOp, type Tensor } from './tensor.js'
import { dependents, topological } from './topological.js'

/** A loop in parts, before it is a `scan` node or taken from one. Symbols are inputs of the body, values what they are given. */
export interface Loop {
  readonly length: number
  /** Whether the last step is the first to run. */
  readonly reverse: boolean
  /** The symbol of the number of the step. */
  readonly index: Tensor
  readonly carries: readonly { readonly symbol: Tensor; readonly start: Tensor; readonly next: Tensor }[]
  /** One entry of the stack is given to each step. */
  readonly sequences: readonly { readonly symbol: Tensor; readonly stack: Tensor }[]
  /** Values of outside, the same in every step. */
  readonly captured: readonly { readonly symbol: Tensor; readonly value: Tensor }[]
  /** What each step gives beside the carries. */
  readonly results: readonly Tensor[]
}

/** What a loop gives: the last carries, and the results of all steps, stacked. */
export interface LoopResults<A = Tensor> {
  readonly carries: readonly A[]
  readonly stacks: readonly A[]
}

/** A symbol of a body. */
export const symbolOf = (name: string, like: Pick<Tensor, 'shape'>): Tensor =>
  apply({ tag: 'input', name, shape: like.shape }, [])

/** All that a body computes: the next carries, then the results. */
export const bodyOutputs = ({ carries, results }: Pick<Loop, 'carries' | 'results'>): readonly Tensor[] => [
  ...carries.map(({ next }) => next),
  ...results
]

/** Tensors as one vector. */
export const pack = (tensors: readonly Tensor[]): Tensor =>
  concat(0)(tensors.map((tensor) => reshape([sizeOf(tensor.shape)])(tensor)))

/** A tensor of the same elements before it was reshaped. */
const unshaped = (tensor: Tensor): Tensor => (isOp(tensor, 'reshape') ? unshaped(tensor.inputs[0]!) : tensor)

/** Elements of a vector that was put together of parts; undefined where they are known to be zeros. */
const cut = (vector: Tensor, start: number, limit: number): Tensor | undefined => {
  const source = unshaped(vector)
  const moved = (by: number, part: Tensor): Tensor | undefined => cut(part, start - by, limit - by)
  if (source.shape.length === 1) {
    if (isOp(source, 'concat')) {
      let before = 0
      for (const part of source.inputs) {
        const after = before + part.shape[0]!
        if (start >= before && limit <= after) return moved(before, part)
        before = after
      }
    }
    if (isOp(source, 'slice') && source.op.stride[0] === 1)
      return moved(-source.op.start[0]!, source.inputs[0]!)
    if (isOp(source, 'pad') && source.op.interior[0] === 0) {
      const [inner] = source.inputs
      const from = source.op.low[0]!
      const to = from + inner!.shape[0]!
      if (start >= from && limit <= to) return moved(from, inner!)
      if (limit <= from || start >= to) return undefined
    }
    if (isOp(source, 'pointwise') && source.op.fn === 'add') {
      const [a, b] = source.inputs.map((part) => moved(0, part))
      return a === undefined
        ? b
        : b === undefined
          ? a
          : apply(source.op, [a, b].map(reshape([limit - start])))
    }
  }
  return start === 0 && limit === sizeOf(vector.shape) ? source : slice([start], [limit])(vector)
}

/** Each result of a loop, by its place in the vector that the loop gives. */
const takeParts = <A>(
  { op }: TensorOf<'scan'>,
  take: (start: number, limit: number, shape: Shape) => A
): LoopResults<A> => {
  let offset = 0
  const parts = resultShapes(op).map((shape) => {
    const start = offset
    offset += sizeOf(shape)
    return take(start, offset, shape)
  })
  return { carries: parts.slice(0, op.carries), stacks: parts.slice(op.carries) }
}

/** The results of a loop. */
export const resultsOf = (node: TensorOf<'scan'>): LoopResults =>
  takeParts(node, (start, limit, shape) => reshape(shape)(slice([start], [limit])(node)))

/** The parts of a vector that pair up with the results of a loop; undefined are those that are known to be zeros. */
export const partsOf = (node: TensorOf<'scan'>, vector: Tensor): LoopResults<Tensor | undefined> =>
  takeParts(node, (start, limit, shape) => {
    const part = cut(vector, start, limit)
    return part === undefined ? undefined : reshape(shape)(part)
  })

/** The parts of a `scan` node; with other inputs, those of the node that has them. */
export const loopOf = ({ op, inputs }: TensorOf<'scan'>): Loop => {
  const { body, length, reverse, carries, sequences } = op
  const [index, ...symbols] = body.inputs
  const paired = symbols.map((symbol, k) => ({ symbol, value: inputs[k]! }))
  return {
    length,
    reverse,
    index: index!,
    carries: paired
      .slice(0, carries)
      .map(({ symbol, value }, k) => ({ symbol, start: value, next: body.outputs[k]! })),
    sequences: paired
      .slice(carries, carries + sequences)
      .map(({ symbol, value }) => ({ symbol, stack: value })),
    captured: paired.slice(carries + sequences),
    results: body.outputs.slice(carries)
  }
}

/** What a body takes from outside without having been given it: the last nodes that no symbol reaches, if they are no constants. */
const capturedBy = (
  order: readonly Tensor[],
  outputs: readonly Tensor[],
  symbols: ReadonlySet<Tensor>
): readonly Tensor[] => {
  const inner = dependents(order, symbols)
  const strangers = order.filter(
    (node) => (isOp(node, 'input') || isOp(node, 'keyInput')) && !symbols.has(node)
  )
  const outer = dependents(order, strangers)
  const needed = [...outputs, ...order.filter((node) => inner.has(node)).flatMap(({ inputs }) => inputs)]
  return [...new Set(needed.filter((node) => outer.has(node) && !inner.has(node)))]
}

/**
 * The `scan` node of a loop. Whatever the body takes from outside becomes an input of the node, so that the body is closed;
 * sequences and captured values that it does not use are dropped.
 */
export const scanOf = (loop: Loop): TensorOf<'scan'> => {
  const outputs = bodyOutputs(loop)
  const order = topological(outputs)
  const used = new Set(order)
  const carried = loop.carries.map(({ symbol }) => symbol)
  const sequences = loop.sequences.filter(({ symbol }) => used.has(symbol))
  const captured = loop.captured.filter(({ symbol }) => used.has(symbol))
  const symbols = [
    loop.index,
    ...carried,
    ...sequences.map(({ symbol }) => symbol),
    ...captured.map(({ symbol }) => symbol)
  ]
  const found = capturedBy(order, outputs, new Set(symbols)).map((value) => ({
    symbol: symbolOf('captured', value),
    value
  }))
  const body = {
    inputs: [...symbols, ...found.map(({ symbol }) => symbol)],
    outputs: replaceNodes(outputs, new Map(found.map(({ symbol, value }) => [value, symbol])))
  }
  const { length, reverse } = loop
  return apply({ tag: 'scan', body, length, carries: carried.length, sequences: sequences.length, reverse }, [
    ...loop.carries.map(({ start }) => start),
    ...sequences.map(({ stack }) => stack),
    ...[...captured, ...found].map(({ value }) => value)
  ]) as TensorOf<'scan'>
}

/** The results of a loop; one that would give none is none. */
export const runLoop = (loop: Loop): LoopResults => {
  if (loop.carries.length + loop.results.length === 0) return { carries: [], stacks: [] }
  return resultsOf(scanOf(loop))
}
