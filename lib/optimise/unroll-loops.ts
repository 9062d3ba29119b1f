import { of, takeRows } from '../core/ndarray.js'
import { type Graph, replaceNodes, rewrite, topological, withBody } from '../graph/graph.js'
import { bodyOutputs, loopOf, pack } from '../graph/loop.js'
import type { TensorOf } from '../graph/op.js'
import { at, stack } from '../graph/ops/reshape.js'
import { apply, constant, isOp, type Tensor } from '../graph/tensor.js'
import { trimLoops } from './loops.js'

/**
 * An entry of a stack: of a constant a constant, and of what was drawn for all steps what one step draws, so that steps are
 * written out as by hand.
 */
const entryOf = (stack: Tensor, step: number): Tensor => {
  const shape = stack.shape.slice(1)
  if (isOp(stack, 'constant')) return constant(of(shape, takeRows('scan', stack.op.value, [step]).data))
  const each = isOp(stack, 'random') ? stack.op.path.find(({ kind }) => kind === 'each') : undefined
  if (!isOp(stack, 'random') || each?.kind !== 'each') return at(0, step)(stack)
  const path = stack.op.path.map((part) => (part === each ? { kind: each.by, index: step } : part))
  return apply({ ...stack.op, shape, path }, stack.inputs)
}

/** The vector that a loop gives, from its body written out for every step. */
const unrolled = (node: TensorOf<'scan'>): Tensor => {
  const loop = loopOf(node)
  const { index, carries, sequences, captured, length } = loop
  const outputs = bodyOutputs(loop)
  const results = loop.results.map((): Tensor[] => [])
  let state = carries.map(({ start }) => start)
  for (let i = 0; i < length; i++) {
    const step = loop.reverse ? length - 1 - i : i
    const made = replaceNodes(
      outputs,
      new Map([
        [index, constant(step)],
        ...carries.map(({ symbol }, k) => [symbol, state[k]!] as const),
        ...sequences.map(({ symbol, stack }) => [symbol, entryOf(stack, step)] as const),
        ...captured.map(({ symbol, value }) => [symbol, value] as const)
      ])
    )
    state = made.slice(0, carries.length)
    made.slice(carries.length).forEach((value, k) => (results[k]![step] = value))
  }
  return pack([...state, ...results.map(stack(0))])
}

/**
 * A graph of the same value without loops: the body of each, those within it first, written out for every step, without what nothing
 * reads. With `isWritten` only those loops are.
 *
 * @defaultValue `isWritten` is true of all
 */
export const unrollLoops = (
  graph: Graph,
  isWritten: (loop: TensorOf<'scan'>) => boolean = () => true
): Graph =>
  topological(graph.outputs).some((node) => isOp(node, 'scan'))
    ? rewrite(trimLoops(graph), (node) => {
        const flat = withBody(node, (body) => unrollLoops(body, isWritten))
        return isOp(flat, 'scan') && isWritten(flat) ? unrolled(flat) : flat
      })
    : graph
