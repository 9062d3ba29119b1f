import { checkOptions, option, type OptionKinds } from '../../core/options.js'
import type { Either } from 'fp-ts/lib/Either.js'
import { requireFinite } from '../../core/check.js'
import { entry } from '../../core/entry.js'
import { fail, type TangentError } from '../../core/error.js'
import { type NdArray, of } from '../../core/ndarray.js'
import { attempt } from '../../graph/trace.js'
import { finite } from '../spectrum/gram.js'
import { matrixFunction, type Modes, modesOf, type ToleranceOptions } from '../spectrum/spectrum.js'
import {
  type Dynamics,
  dynamicsKinds,
  dynamicsOf,
  type Response,
  responseOf,
  stableRate
} from './dynamics.js'
import {
  movedBy,
  type Prediction,
  predictionInputs,
  requireTimes,
  type PredictionOptions
} from './prediction.js'

/**
 * A prediction under squared error.
 *
 * @defaultValue `flow`, rate 1 and no momentum
 */
export interface MseOptions extends Partial<Dynamics>, ToleranceOptions, PredictionOptions {
  /** The times of the outputs; at least 0, ∞ allowed. Under `descent`, whole numbers of steps or ∞. */
  readonly times: readonly number[]
}

/** The kinds of {@link MseOptions}. */
export const mseKinds: OptionKinds<MseOptions> = {
  ...dynamicsKinds,
  tolerance: option.number,
  start: option.record,
  test: option.record,
  times: option.record
}

/** The closed form of a training, after checks of its times and rate. */
export interface ClosedForm {
  readonly response: Response
  /** Passes finite results; a NaN or infinity means that too large steps have left the range of numbers. */
  readonly inRange: (time: number) => (array: NdArray) => NdArray
}

/** Checks a training and gives its closed form: under `descent` times are whole numbers, or ∞ if the steps converge. */
export const closedForm = (
  operation: string,
  options: Partial<Dynamics> & Pick<MseOptions, 'times'>,
  { largest, gram }: Pick<Modes, 'largest' | 'gram'>
): ClosedForm => {
  const dynamics = dynamicsOf(operation, options)
  const descent = dynamics.dynamics === 'descent'
  requireTimes(
    operation,
    options.times,
    descent ? 'a whole number of steps of at least 0, or ∞' : 'a time of at least 0',
    (t) => !descent || t === Infinity || Number.isInteger(t)
  )
  const [examples] = gram.examples
  const most = stableRate(largest, examples, dynamics.momentum)
  if (descent && options.times.includes(Infinity) && !(dynamics.rate < most)) {
    fail('ArgumentError', operation, `a rate below ${most} to converge`, `${dynamics.rate}`, 'rate')
  }
  return {
    response: responseOf(dynamics, examples),
    inRange: (time) => (array) =>
      array.data.every(Number.isFinite)
        ? array
        : fail('ArgumentError', operation, `a rate below ${most}`, `${dynamics.rate}`, `time ${time}`)
  }
}

type Filter = (eigenvalue: number) => number

/**
 * Functions g of the kernel applied to the residual f₀(X) − y: the dual coefficients g(Θ) (f₀(X) − y), in the shape of y, f₀(X)
 * plus such coefficients, and f₀(x) plus Θ(x, X) times them, undefined without test inputs.
 */
const solverOf = (operation: string, modes: Modes, y: NdArray, options: PredictionOptions) => {
  const { train, test, outputs } = predictionInputs(operation, modes.gram, y.shape, 'y', options)
  const targets = finite(operation, y, 'y')
  const residual = train.start.map((f, i) => f - targets[i]!)
  const apply = (g: Filter): Float64Array => matrixFunction(modes, g, residual, outputs)
  return {
    dualBy: (g: Filter) => of(train.shape, apply(g)),
    trainBy: (g: Filter) =>
      of(
        train.shape,
        apply(g).map((x, i) => x + train.start[i]!)
      ),
    testBy: (g: Filter) => (test === undefined ? undefined : movedBy(test, apply(g)))
  }
}

/**
 * Predicts the outputs of the linearised model along training on (1/2N)Σ‖f − y‖², in closed form in the eigenbasis of
 * Θ(X, X): under gradient flow f_t(x) = f₀(x) − Θ(x, X) Θ⁻¹ (I − e^{−ηΘt/N}) (f₀(X) − y) (Lee et al., arXiv:1902.06720, eqs. 8–11).
 * Modes of eigenvalue zero do not move; so at t = ∞ the inverse is the pseudo-inverse, and outputs are those of
 * {@link kernelRegression}. The kernel is Θ(X, X), [n, n] (each output by itself), [n, n, o] or [n, n, o, o]; y and
 * outputs are [n, o], or [n] for one output.
 *
 * Errors: a kernel that is not square (ShapeError), not finite (DataError), not symmetric or not positive semi-definite
 * (ArgumentError), labels of another shape (ShapeError), a negative time, and t = ∞ where descent diverges
 * (ArgumentError).
 *
 * @example
 * import assert from 'node:assert'
 * import * as E from 'fp-ts/lib/Either.js'
 * import { ndarray, ntk } from 'tangentflow'
 *
 * const kernel = ndarray.fromNested([[17 / 4, 1], [1, 1 / 2]])
 * const start = ndarray.fromNested([0.5, 0.5])
 * const found = ntk.predictMse(kernel, ndarray.fromNested([1, 0]), { start, times: [1, 10] })
 * assert.ok(E.isRight(found))
 * const [one, ten] = found.right.train.map(({ data }) => Array.from(data, (x) => x.toFixed(6)))
 * assert.deepEqual(one, ['0.833021', '0.509816'])
 * assert.deepEqual(ten, ['0.957867', '0.168532'])
 */
export const predictMse = entry(
  'ntk.predictMse',
  'Either',
  1,
  (kernel: NdArray, y: NdArray, options: MseOptions): Either<TangentError, Prediction> =>
    attempt(() => {
      const operation = 'ntk.predictMse'
      checkOptions(operation, mseKinds, options)
      const modes = modesOf(operation, kernel, options)
      const { response, inRange } = closedForm(operation, options, modes)
      const { trainBy, testBy } = solverOf(operation, modes, y, options)
      const { times, test } = options
      return {
        times,
        train: times.map((t) => inRange(t)(trainBy((value) => value * response(value, t)))),
        test: test === undefined ? [] : times.map((t) => inRange(t)(testBy((value) => response(value, t))!))
      }
    })
)

/** A regression in the kernel's space of functions. */
export interface RegressionOptions extends ToleranceOptions, PredictionOptions {
  /**
   * The weight ρ ≥ 0 of ½‖θ − θ₀‖² beside (1/2N)Σ‖f − y‖².
   *
   * @defaultValue 0, the solution of least norm
   */
  readonly ridge?: number
}

/** The outputs of a regression. */
export interface Regression {
  /** f(X), in the shape of y. */
  readonly train: NdArray
  /** f(x); undefined without test inputs. */
  readonly test: NdArray | undefined
  /** The dual coefficients α, in the shape of y: f(x) = f₀(x) + Θ(x, X) α. */
  readonly dual: NdArray
}

/**
 * Kernel (ridge) regression, f(x) = f₀(x) + Θ(x, X) (Θ(X, X) + NρI)⁻¹ (y − f₀(X)): the minimum of (1/2N)Σ‖f − y‖² +
 * (ρ/2)‖θ − θ₀‖² over the parameters of the linearised model. Without a ridge the inverse is the pseudo-inverse: of all
 * minima the one nearest to θ₀, which is where gradient flow ends; so it is with a ridge that is no larger than the rounding of the
 * kernel, on modes of eigenvalue zero. Kernels, layouts and errors as in {@link predictMse}.
 *
 * @example
 * import assert from 'node:assert'
 * import * as E from 'fp-ts/lib/Either.js'
 * import { ndarray, ntk } from 'tangentflow'
 *
 * // the line through (1, 2) without intercept: Θ(x, x′) = x x′
 * const test = { kernel: ndarray.fromNested([[3]]) }
 * const fit = ntk.kernelRegression(ndarray.fromNested([[1]]), ndarray.fromNested([2]), { test })
 * assert.ok(E.isRight(fit))
 * assert.equal(fit.right.test?.data[0], 6)
 */
export const kernelRegression = entry(
  'ntk.kernelRegression',
  'Either',
  1,
  (kernel: NdArray, y: NdArray, options: RegressionOptions = {}): Either<TangentError, Regression> =>
    attempt(() => {
      const operation = 'ntk.kernelRegression'
      const { start, test, tolerance } = mseKinds
      const kinds: OptionKinds<RegressionOptions> = { start, test, tolerance, ridge: option.number }
      checkOptions(operation, kinds, options)
      const ridge = requireFinite(operation, 'ridge', options.ridge ?? 0, 0)
      const modes = modesOf(operation, kernel, options)
      const added = modes.gram.examples[0] * ridge
      // a ridge above the rounding of the kernel has no mode without an inverse
      const floors = modes.floors.map((floor) => (added > floor ? -Infinity : floor))
      const { dualBy, trainBy, testBy } = solverOf(operation, { ...modes, floors }, y, options)
      const inverse = (value: number): number => -1 / (Math.max(0, value) + added)
      return {
        train: trainBy((value) => -value / (Math.max(0, value) + added)),
        test: testBy(inverse),
        dual: dualBy(inverse)
      }
    })
)
