import { knownScalar } from '../graph/contract.js'
import type { PointwiseName } from '../graph/primitives/pointwise.js'
import { isOp, type Tensor } from '../graph/tensor.js'

/** Functions that give 0 or 1, of NaN too. */
export const comparisons: ReadonlySet<PointwiseName> = new Set(['less', 'lessEqual', 'equal'])

/** The pointwise functions that have a pole, or arguments without a value. */
const unsafe: ReadonlySet<PointwiseName> = new Set(['log', 'log1p', 'sqrt', 'div', 'pow'])

/** Whether a node is at least some positive number, as a divisor is made that must not vanish. */
const isAwayFromZero = (node: Tensor): boolean =>
  isOp(node, 'pointwise') &&
  node.op.fn === 'max' &&
  node.inputs.some((input) => (knownScalar(input) ?? 0) > 0)

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
