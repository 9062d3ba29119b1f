import { fail } from '../../core/error.js'
import { type NdArray, of } from '../../core/ndarray.js'
import { sameShape, type Shape, showShape, sizeOf } from '../../core/shape.js'
import { applyGram, finite, type Gram, gramOf } from '../spectrum/gram.js'
import type { Dynamics } from './dynamics.js'

/** Inputs x whose outputs are predicted beside those of the training examples X. */
export interface TestInputs {
  /** Θ(x, X), in the layout of the training kernel: [m, n], [m, n, o] or [m, n, o, o]. */
  readonly kernel: NdArray
  /** f₀(x), [m, …]; zeros unless given. */
  readonly start?: NdArray
}

/** Outputs along training, an array for each time, in float64. */
export interface Prediction {
  readonly times: readonly number[]
  /** f_t(X), in the shape of the starting outputs. */
  readonly train: readonly NdArray[]
  /** f_t(x) where test inputs were given, else empty. */
  readonly test: readonly NdArray[]
}

/** Outputs on some inputs at the start, and the kernel that moves them. */
export interface Place {
  readonly gram: Gram
  readonly shape: Shape
  readonly start: Float64Array
}

/** Checked arguments of a prediction: what moves, by which kernels. */
export interface Setting {
  readonly train: Place
  readonly test: Place | undefined
  readonly examples: number
  readonly outputs: number
}

const startOf = (operation: string, shape: Shape, start: NdArray | undefined, where: string): Float64Array =>
  start === undefined
    ? new Float64Array(sizeOf(shape))
    : sameShape(start.shape, shape)
      ? finite(operation, start, where)
      : fail('ShapeError', operation, `outputs ${showShape(shape)}`, showShape(start.shape), where)

const checkOutputs = (operation: string, gram: Gram, shape: Shape, where: string): void => {
  const [examples] = gram.examples
  const outputs = sizeOf(shape.slice(1))
  const fits = shape.length >= 1 && shape.length <= 2 && shape[0] === examples
  if (!fits || (gram.outputs !== undefined && gram.outputs !== outputs)) {
    fail(
      'ShapeError',
      operation,
      `outputs [${examples}, ${gram.outputs ?? 'o'}] to go with the kernel`,
      showShape(shape),
      where
    )
  }
}

const testOf = (operation: string, { gram, shape }: Place, { kernel, start }: TestInputs): Place => {
  const cross = gramOf(operation, kernel, 'test.kernel')
  const [rows, columns] = cross.examples
  if (cross.layout !== gram.layout || columns !== gram.examples[1] || cross.outputs !== gram.outputs) {
    fail(
      'ShapeError',
      operation,
      `a ${gram.layout} kernel between test inputs and the ${gram.examples[1]} training examples`,
      showShape(kernel.shape),
      'test.kernel'
    )
  }
  const own = [rows, ...shape.slice(1)]
  return { gram: cross, shape: own, start: startOf(operation, own, start, 'test.start') }
}

/** Checks that kernels and outputs, whose shape `where` gave, go together; outputs are [examples, outputs], or [examples] where there is one. */
export const settingOf = (
  operation: string,
  gram: Gram,
  shape: Shape,
  where: string,
  { start, test }: { readonly start?: NdArray; readonly test?: TestInputs }
): Setting => {
  checkOutputs(operation, gram, shape, where)
  const train = { gram, shape, start: startOf(operation, shape, start, 'start') }
  return {
    train,
    test: test === undefined ? undefined : testOf(operation, train, test),
    examples: gram.examples[0],
    outputs: sizeOf(shape.slice(1))
  }
}

/** f₀ + Θ u for dual coefficients u [examples, outputs]. */
export const movedBy = ({ gram, shape, start }: Place, dual: Float64Array): NdArray => {
  const outputs = sizeOf(shape.slice(1))
  const moved = applyGram(gram, dual, outputs)
  return of(
    shape,
    moved.map((x, i) => x + start[i]!)
  )
}

/** Refuses times that are negative or not numbers, and what else `also` says of one. */
export const checkTimes = (
  operation: string,
  times: readonly number[],
  expected: string,
  also: (time: number, i: number) => boolean
): void => {
  times.forEach((time, i) => {
    if (!(time >= 0 && also(time, i))) fail('ArgumentError', operation, expected, `${time}`, `times[${i}]`)
  })
}

/** The settings of training with their defaults; a rate or momentum out of range is an ArgumentError. */
export const dynamicsOf = (
  operation: string,
  { dynamics = 'flow', rate = 1, momentum = 0 }: Partial<Dynamics>
): Dynamics => {
  if (!(Number.isFinite(rate) && rate > 0)) {
    fail('ArgumentError', operation, 'a finite rate above 0', `${rate}`, 'rate')
  }
  if (!(momentum >= 0 && momentum < 1)) {
    fail('ArgumentError', operation, 'a momentum in [0, 1)', `${momentum}`, 'momentum')
  }
  return { dynamics, rate, momentum }
}
