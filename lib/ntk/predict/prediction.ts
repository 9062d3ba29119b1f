import { fail } from '../../core/error.js'
import { type NdArray, of } from '../../core/ndarray.js'
import { requireShape, type Shape, showShape, sizeOf } from '../../core/shape.js'
import { applyGram, finite, type Gram, gramOf, outputCount } from '../spectrum/gram.js'

/** Inputs x whose outputs are predicted beside those of the training examples X. */
export interface TestInputs {
  /** Θ(x, X), in the layout of the training kernel: [m, n], [m, n, o] or [m, n, o, o]. */
  readonly kernel: NdArray
  /**
   * f₀(x), [m, …].
   *
   * @defaultValue zeros
   */
  readonly start?: NdArray
}

/** Outputs at the start of training, and inputs beside the training examples. */
export interface PredictionOptions {
  /**
   * f₀(X).
   *
   * @defaultValue zeros
   */
  readonly start?: NdArray
  /** Inputs outside the training set. @defaultValue none */
  readonly test?: TestInputs
}

/** Outputs along training, an array for each time, in float64. */
export interface Prediction {
  /** The times of the outputs. */
  readonly times: readonly number[]
  /** f_t(X), in the shape of the outputs at the start. */
  readonly train: readonly NdArray[]
  /** f_t(x); empty without test inputs. */
  readonly test: readonly NdArray[]
}

/** Outputs on some inputs at the start of training, and the kernel by which training moves them. */
export interface MovingOutputs {
  readonly gram: Gram
  readonly shape: Shape
  readonly start: Float64Array
}

/** The checked kernels and outputs of a prediction. */
export interface PredictionInputs {
  readonly train: MovingOutputs
  /** The test inputs; undefined where there are none. */
  readonly test: MovingOutputs | undefined
  /** The number of outputs of an example. */
  readonly outputs: number
}

const startOf = (
  operation: string,
  shape: Shape,
  start: NdArray | undefined,
  where: string
): Float64Array => {
  if (start === undefined) return new Float64Array(sizeOf(shape))
  requireShape(operation, where, start.shape, shape, 'outputs')
  return finite(operation, start, where)
}

const testOf = (
  operation: string,
  { gram, shape }: MovingOutputs,
  { kernel, start }: TestInputs
): MovingOutputs => {
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

/**
 * Checks that kernels and outputs match. Outputs have the shape of the argument `where`: [examples, outputs], or
 * [examples] for one output.
 */
export const predictionInputs = (
  operation: string,
  gram: Gram,
  shape: Shape,
  where: string,
  { start, test }: PredictionOptions
): PredictionInputs => {
  const outputs = outputCount(operation, gram, shape, where)
  const train = { gram, shape, start: startOf(operation, shape, start, 'start') }
  return { train, test: test === undefined ? undefined : testOf(operation, train, test), outputs }
}

/** The elements of f₀ + Θ u for dual coefficients u [examples, outputs]. */
export const movedElements = ({ gram, shape, start }: MovingOutputs, dual: Float64Array): Float64Array =>
  applyGram(gram, dual, sizeOf(shape.slice(1))).map((x, i) => x + start[i]!)

/** f₀ + Θ u for dual coefficients u [examples, outputs]. */
export const movedBy = (outputs: MovingOutputs, dual: Float64Array): NdArray =>
  of(outputs.shape, movedElements(outputs, dual))

/** Refuses times that are negative, not numbers, or not accepted. */
export const requireTimes = (
  operation: string,
  times: readonly number[],
  expected: string,
  accepts: (time: number, i: number) => boolean
): void => {
  times.forEach((time, i) => {
    if (!(time >= 0 && accepts(time, i))) fail('ArgumentError', operation, expected, `${time}`, `times[${i}]`)
  })
}

/** Requires times in ascending order, finite or whole. */
export const requireAscending = (
  operation: string,
  times: readonly number[],
  are: 'finite' | 'whole'
): void => {
  requireTimes(
    operation,
    times,
    are === 'whole'
      ? 'whole numbers of steps of at least 0, ascending'
      : 'finite times of at least 0, ascending',
    (t, i) => (are === 'whole' ? Number.isInteger(t) : t < Infinity) && (i === 0 || t >= times[i - 1]!)
  )
}
