import { replaceNodes } from '../graph/graph.js'
import { bodyOutputs, loopOf } from '../graph/loop.js'
import type { TensorOf } from '../graph/op.js'
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
