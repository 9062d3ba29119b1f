import { type Graph, replaceNodes, rewrite, topological, withBody } from '../graph/graph.js'
import { bodyOutputs, loopOf, pack } from '../graph/loop.js'
import type { TensorOf } from '../graph/op.js'
import { at, stack } from '../graph/ops/reshape.js'
import { constant, isOp, type Tensor } from '../graph/tensor.js'

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
        ...sequences.map(({ symbol, stack }) => [symbol, at(0, step)(stack)] as const),
        ...captured.map(({ symbol, value }) => [symbol, value] as const)
      ])
    )
    state = made.slice(0, carries.length)
    made.slice(carries.length).forEach((value, k) => (results[k]![step] = value))
  }
  return pack([...state, ...results.map(stack(0))])
}

/**
 * A graph of the same value without loops: the body of each, those within it first, written out for every step. With `isWritten` only
 * those loops are.
 *
 * @defaultValue `isWritten` is true of all
 */
export const unrollLoops = (
  graph: Graph,
  isWritten: (loop: TensorOf<'scan'>) => boolean = () => true
): Graph =>
  topological(graph.outputs).some((node) => isOp(node, 'scan'))
    ? rewrite(graph, (node) => {
        const flat = withBody(node, (body) => unrollLoops(body, isWritten))
        return isOp(flat, 'scan') && isWritten(flat) ? unrolled(flat) : flat
      })
    : graph
