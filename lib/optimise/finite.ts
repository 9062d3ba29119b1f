import { knownScalar } from '../graph/contract.js'
import type { PointwiseName } from '../graph/primitives/pointwise.js'
import { isOp, type Tensor } from '../graph/tensor.js'

/** Functions that give 0 or 1, of NaN too. */
export const comparisons: ReadonlySet<PointwiseName> = new Set(['less', 'lessEqual', 'equal'])

/** The pointwise functions that have a pole, or arguments without a value. */
const unsafe: ReadonlySet<PointwiseName> = new Set(['log', 'log1p', 'sqrt', 'div', 'pow'])

/**
 * The axes of a comparison along which it holds somewhere: x = max x holds at the largest. The maximum must be laid along x as x
 * is, its own axes apart, as one view.
 */
const attainedAlong = (node: Tensor): readonly number[] | undefined => {
  if (!isOp(node, 'pointwise') || node.op.fn !== 'equal') return undefined
  for (const [x, peak] of [node.inputs, [...node.inputs].reverse()] as const) {
    const largest = peak!.inputs[0]
    if (!isOp(peak!, 'contract') || peak.inputs.length !== 1 || !isOp(largest!, 'reduceMax')) continue
    const { operands, output } = peak.op
    const { axes } = largest.op
    const kept = x!.shape.flatMap((n, axis) => (axes.includes(axis) || n === 1 ? [] : [axis]))
    const own = operands[0]!.filter((_, axis) => largest.shape[axis] !== 1)
    if (largest.inputs[0] === x && kept.every((axis, k) => output[axis] === own[k])) return axes
  }
  return undefined
}

/** The axes along which a node is 1 somewhere, and never negative: x = max x, and the exponential of what is 0 there. */
const oneAlong = (node: Tensor): readonly number[] | undefined => {
  const [chosen] = node.inputs
  if (!isOp(node, 'pointwise') || node.op.fn !== 'exp') return attainedAlong(node)
  return isOp(chosen!, 'pointwise') && chosen.op.fn === 'select' && knownScalar(chosen.inputs[1]!) === 0
    ? attainedAlong(chosen.inputs[0]!)
    : undefined
}

/**
 * Whether a node is at least some positive number: a maximum with one, as a divisor is made that must not vanish, and a sum over
 * axes along which the node is 1 somewhere, as those of a softmax and of a pooling are.
 */
const isAwayFromZero = (node: Tensor): boolean => {
  const [input] = node.inputs
  if (isOp(node, 'pointwise') && node.op.fn === 'max')
    return node.inputs.some((operand) => (knownScalar(operand) ?? 0) > 0)
  if (isOp(node, 'reshape')) return isAwayFromZero(input!)
  // a repeated index would put zeros beside a diagonal
  if (!isOp(node, 'contract') || node.inputs.length !== 1 || new Set(node.op.output).size < node.shape.length)
    return false
  const { operands, output, sizes } = node.op
  const isSummed = (axis: number): boolean => !output.includes(operands[0]![axis]!)
  if (!operands[0]!.some((_, axis) => isSummed(axis))) return isAwayFromZero(input!)
  return oneAlong(input!)?.every((axis) => isSummed(axis) || sizes[operands[0]![axis]!] === 1) ?? false
}

/**
 * What a node says of itself: undefined where it is finite if its inputs are. What overflows, as a sum, a product or an
 * exponential may, is let be.
 */
type Decide = (node: Tensor) => boolean | undefined

const ofNode: Decide = ({ op, inputs }) => {
  if (op.tag === 'constant') return op.value.data.every((x) => Number.isFinite(x))
  if (op.tag === 'topKMask') return true
  if (op.tag === 'scan' || (op.tag === 'input' && op.mayDiverge === true)) return false
  if (op.tag !== 'pointwise') return undefined
  if (comparisons.has(op.fn)) return true
  return unsafe.has(op.fn) && !(op.fn === 'div' && isAwayFromZero(inputs[1]!)) ? false : undefined
}

/**
 * Decides a property that a node has by itself or from all its inputs, each node once however often it is asked; graphs are deeper
 * than calls may nest.
 */
export const search = (decide: Decide): ((root: Tensor) => boolean) => {
  const known = new WeakMap<Tensor, boolean>()
  return (root) => {
    const stack = [root]
    for (let node = stack.at(-1); node !== undefined; node = stack.at(-1)) {
      const own = known.get(node) ?? decide(node)
      const open = own === undefined ? node.inputs.filter((input) => !known.has(input)) : []
      if (open.length > 0) {
        for (const input of open) stack.push(input)
        continue
      }
      stack.pop()
      known.set(node, own ?? node.inputs.every((input) => known.get(input) === true))
    }
    return known.get(root) === true
  }
}

/** Whether every element is finite for all finite arguments: nothing on the way has a pole. */
export const isFiniteForFinite = search(ofNode)

/** Whether every element is finite whatever the arguments are. */
export const isAlwaysFinite = search((node) => (node.op.tag === 'input' ? false : ofNode(node)))
