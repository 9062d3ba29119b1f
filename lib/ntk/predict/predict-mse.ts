import type { Either } from 'fp-ts/lib/Either.js'
import { fail, type TangentError } from '../../core/error.js'
import { type NdArray, of } from '../../core/ndarray.js'
import { attempt } from '../../graph/trace.js'
import { applyFunction, type Modes, modesOf, type ToleranceOptions } from '../spectrum/matrix-function.js'
import { finite } from '../spectrum/gram.js'
import { type Dynamics, type Response, responseOf } from './dynamics.js'
import { checkTimes, dynamicsOf, movedBy, type Prediction, settingOf, type TestInputs } from './prediction.js'
import { stableRate } from './rates.js'

/** A prediction under squared error. `flow`, rate 1 and no momentum unless given. */
export interface MseOptions extends Partial<Dynamics>, ToleranceOptions {
  /** When; at least 0, ∞ allowed. Under `descent`, whole numbers of steps or ∞. */
  readonly times: readonly number[]
  /** f₀(X); zeros unless given. */
  readonly start?: NdArray
  readonly test?: TestInputs
}

const OPERATION = 'ntk.predictMse'

/** The closed form of one training: what it does to each mode, after checks of its times and its rate. */
export interface ClosedForm {
  readonly response: Response
  /** Passes finite results; a NaN or infinity means that steps too large have left the range of numbers. */
  readonly inRange: (time: number, array: NdArray) => NdArray
}

/** Under `descent` times are whole numbers, and ∞ is no time if the steps diverge. */
export const closedForm = (
  operation: string,
  options: Partial<Dynamics> & Pick<MseOptions, 'times'>,
  { largest, gram }: Pick<Modes, 'largest' | 'gram'>
): ClosedForm => {
  const dynamics = dynamicsOf(operation, options)
  const descent = dynamics.dynamics === 'descent'
  checkTimes(
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
    inRange: (time, array) =>
      array.data.every(Number.isFinite)
        ? array
        : fail('ArgumentError', operation, `a rate below ${most}`, `${dynamics.rate}`, `time ${time}`)
  }
}

/**
 * Outputs of the linearised model along training on (1/2N)Σ‖f − y‖², in closed form in the eigenbasis of Θ(X, X):
 * under gradient flow f_t(x) = f₀(x) − Θ(x, X) Θ⁻¹ (I − e^{−ηΘt/N}) (f₀(X) − y) (Lee et al., arXiv:1902.06720, eqs. 8–11).
 * Modes of eigenvalue zero do not move; so at t = ∞ the inverse is the pseudo-inverse, and outputs are those of
 * {@link kernelRegression}. The kernel is Θ(X, X), [n, n] (each output by itself), [n, n, o] or [n, n, o, o]; y and
 * outputs are [n, o], or [n] for one output.
 *
 * Refused: a kernel that is not square (ShapeError), not finite (DataError), not symmetric or not positive semi-definite
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
export const predictMse = (
  kernel: NdArray,
  y: NdArray,
  options: MseOptions
): Either<TangentError, Prediction> =>
  attempt(() => {
    const modes = modesOf(OPERATION, kernel, options)
    const { response, inRange } = closedForm(OPERATION, options, modes)
    const setting = settingOf(OPERATION, modes.gram, y.shape, 'y', options)
    const targets = finite(OPERATION, y, 'y')
    const residual = setting.train.start.map((f, i) => f - targets[i]!)

    const at = (g: (eigenvalue: number) => number): Float64Array =>
      applyFunction(modes, g, 0, residual, setting.outputs)
    const { times } = options
    const { train, test } = setting
    return {
      times,
      train: times.map((t) => {
        const moved = at((value) => value * response(value, t)).map((x, i) => x + train.start[i]!)
        return inRange(t, of(train.shape, moved))
      }),
      test:
        test === undefined
          ? []
          : times.map((t) =>
              inRange(
                t,
                movedBy(
                  test,
                  at((value) => response(value, t))
                )
              )
            )
    }
  })
