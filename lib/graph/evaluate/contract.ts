import { sizeOf, stridesOf } from '../../core/shape.js'
import type { ContractOp } from '../contract.js'

/** The step of each index through a row-major array whose axes carry `indices`; a repeated index adds up. */
const stepsOf = (indices: readonly number[], sizes: readonly number[]): number[] => {
  const steps = new Array<number>(sizes.length).fill(0)
  const strides = stridesOf(indices.map((i) => sizes[i]!))
  indices.forEach((index, axis) => (steps[index]! += strides[axis]!))
  return steps
}

/**
 * Evaluates a contraction by its definition: for every value of the output's indices, the sum over all others of the
 * product of the operands.
 */
export const evaluateContract = (op: ContractOp, operands: readonly Float64Array[]): Float64Array => {
  const { sizes, output } = op
  const out = new Float64Array(sizeOf(output.map((i) => sizes[i]!)))
  const order = [...new Set(output), ...sizes.map((_, i) => i).filter((i) => !output.includes(i))]
  const extents = order.map((i) => sizes[i]!)
  const arity = operands.length
  const stepsIn = op.operands.map((indices) => {
    const steps = stepsOf(indices, sizes)
    return order.map((i) => steps[i]!)
  })
  const outSteps = stepsOf(output, sizes)
  const stepsOut = order.map((i) => outSteps[i]!)
  const depth = order.length
  // the innermost loop runs over the last index of the order, the others count like an odometer
  const inner = depth === 0 ? 1 : extents[depth - 1]!
  const innerOut = depth === 0 ? 0 : stepsOut[depth - 1]!
  const innerIn = stepsIn.map((steps) => (depth === 0 ? 0 : steps[depth - 1]!))
  const counter = new Array<number>(depth).fill(0)
  const at = new Array<number>(arity).fill(0)
  let to = 0
  const a = operands[0]
  const b = operands[1]
  for (;;) {
    if (arity === 2 && innerOut === 0) {
      let p = at[0]!
      let q = at[1]!
      let sum = 0
      for (let i = 0; i < inner; i++, p += innerIn[0]!, q += innerIn[1]!) sum += a![p]! * b![q]!
      out[to]! += sum
    } else {
      for (let i = 0; i < inner; i++) {
        let value = 1
        for (let k = 0; k < arity; k++) value *= operands[k]![at[k]! + i * innerIn[k]!]!
        out[to + i * innerOut]! += value
      }
    }
    let axis = depth - 2
    for (; axis >= 0; axis--) {
      counter[axis]!++
      to += stepsOut[axis]!
      for (let k = 0; k < arity; k++) at[k]! += stepsIn[k]![axis]!
      if (counter[axis]! < extents[axis]!) break
      to -= stepsOut[axis]! * extents[axis]!
      for (let k = 0; k < arity; k++) at[k]! -= stepsIn[k]![axis]! * extents[axis]!
      counter[axis] = 0
    }
    if (axis < 0) return out
  }
}
