import type { Either } from 'fp-ts/lib/Either.js'
import { fail, type TangentError } from '../../core/error.js'
import { type NdArray, of } from '../../core/ndarray.js'
import { attempt } from '../../graph/trace.js'
import { applyFunction, modesOf, type ToleranceOptions } from '../spectrum/matrix-function.js'
import { finite } from '../spectrum/gram.js'
import { movedBy, settingOf, type TestInputs } from './prediction.js'

/** A regression in the kernel's space of functions. */
export interface RegressionOptions extends ToleranceOptions {
  /** The weight ρ ≥ 0 of ½‖θ − θ₀‖² beside (1/2N)Σ‖f − y‖²; 0, the solution of least norm, unless given. */
  readonly ridge?: number
  /** f₀(X); zeros unless given. */
  readonly start?: NdArray
  readonly test?: TestInputs
}

/** Fitted outputs. */
export interface Regression {
  /** f(X), in the shape of y. */
  readonly train: NdArray
  /** f(x), where test inputs were given. */
  readonly test: NdArray | undefined
  /** The dual coefficients α, in the shape of y: f(x) = f₀(x) + Θ(x, X) α. */
  readonly dual: NdArray
}

const OPERATION = 'ntk.kernelRegression'

/**
 * Kernel (ridge) regression, f(x) = f₀(x) + Θ(x, X) (Θ(X, X) + NρI)⁻¹ (y − f₀(X)): the minimum of (1/2N)Σ‖f − y‖² +
 * (ρ/2)‖θ − θ₀‖² over the parameters of the linearised model. Without a ridge the inverse is the pseudo-inverse: of all
 * minima the one nearest to θ₀, which is where gradient flow ends. Kernels, layouts and refusals as in {@link predictMse}.
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
export const kernelRegression = (
  kernel: NdArray,
  y: NdArray,
  options: RegressionOptions = {}
): Either<TangentError, Regression> =>
  attempt(() => {
    const { ridge = 0 } = options
    if (!(Number.isFinite(ridge) && ridge >= 0)) {
      fail('ArgumentError', OPERATION, 'a finite ridge of at least 0', `${ridge}`, 'ridge')
    }
    const modes = modesOf(OPERATION, kernel, options)
    const { train, test, examples, outputs } = settingOf(OPERATION, modes.gram, y.shape, 'y', options)
    const targets = finite(OPERATION, y, 'y')
    const missing = targets.map((target, i) => target - train.start[i]!)
    const added = examples * ridge
    const dual = applyFunction(modes, (value) => 1 / (value + added), 0, missing, outputs)
    const moved = applyFunction(modes, (value) => value / (value + added), 0, missing, outputs)
    return {
      train: of(
        train.shape,
        moved.map((x, i) => x + train.start[i]!)
      ),
      test: test === undefined ? undefined : movedBy(test, dual),
      dual: of(train.shape, dual)
    }
  })
