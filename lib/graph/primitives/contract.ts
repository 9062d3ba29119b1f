import { fail } from '../../core/error.js'
import { sameShape, showShape, sizeOf, stridesOf } from '../../core/shape.js'
import type { OpOf, Primitive } from '../op.js'

const letter = (index: number): string =>
  index < 26 ? String.fromCharCode(97 + index) : index < 52 ? String.fromCharCode(39 + index) : `(${index})`

const letters = (indices: readonly number[]): string => indices.map(letter).join('')

/** A contraction as an einsum equation, `ab,bc->ac`. */
export const showEquation = (operands: readonly (readonly number[])[], output: readonly number[]): string =>
  `${operands.map(letters).join(',')}->${letters(output)}`

/** Refuses operands that the equation does not fit. */
const shape: Primitive<'contract'>['shape'] = ({ operands, output, sizes }, inputs) => {
  const sizeOfIndex = (i: number): number =>
    sizes[i] ?? fail('IndexError', 'contract', 'an index with a size', `${i}`)
  if (operands.length !== inputs.length) {
    return fail('ArgumentError', 'contract', `${operands.length} operands`, `${inputs.length}`)
  }
  operands.forEach((indices, k) => {
    const expected = indices.map(sizeOfIndex)
    if (!sameShape(expected, inputs[k]!)) {
      return fail(
        'IndexError',
        'contract',
        `operand ${k} of shape ${showShape(expected)}`,
        showShape(inputs[k]!)
      )
    }
  })
  return output.map(sizeOfIndex)
}

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
const evaluate = (op: OpOf<'contract'>, operands: readonly Float64Array[]): Float64Array => {
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
  // without a sum nothing is added to 0, so that −0 remains what it is
  const sums = sizes.some((n, i) => n !== 1 && !output.includes(i))
  for (;;) {
    if (sums && arity === 2 && innerOut === 0) {
      let p = at[0]!
      let q = at[1]!
      let sum = 0
      for (let i = 0; i < inner; i++, p += innerIn[0]!, q += innerIn[1]!) sum += a![p]! * b![q]!
      out[to]! += sum
    } else {
      for (let i = 0; i < inner; i++) {
        let value = 1
        for (let k = 0; k < arity; k++) value *= operands[k]![at[k]! + i * innerIn[k]!]!
        const place = to + i * innerOut
        out[place] = sums ? out[place]! + value : value
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

/** The multilinear core, an n-ary einsum. */
export const contract: Primitive<'contract'> = {
  shape,
  evaluate,
  key: ({ operands, output, sizes }) =>
    `contract ${operands.map((indices) => indices.join('.')).join(',')}>${output.join('.')}|${sizes.join('.')}`,
  show: ({ operands, output }) => showEquation(operands, output)
}
