import type { Either } from 'fp-ts/lib/Either.js'
import type { TangentError } from '../../core/error.js'
import type { NdArray } from '../../core/ndarray.js'
import { attempt } from '../../graph/trace.js'
import type { Loss } from '../../nn/loss.js'
import { applyGram, finite, symmetricGramOf } from '../spectrum/gram.js'
import { integrate, type OdeOptions, toleranceOf } from './integrate.js'
import { checkGradient, type Gradient, gradientOf } from './predict-gradient.js'
import type { Dynamics } from './dynamics.js'
import {
  checkTimes,
  dynamicsOf,
  movedBy,
  type Prediction,
  type Setting,
  settingOf,
  type TestInputs
} from './prediction.js'

/** A prediction under any loss. */
export interface FlowOptions extends OdeOptions, Pick<Partial<Dynamics>, 'rate' | 'momentum'> {
  /** When, in ascending order; finite and at least 0. */
  readonly times: readonly number[]
  /** f₀(X). */
  readonly start: NdArray
  readonly test?: TestInputs
}

/**
 * Dual coefficients u at the given times of u̇ = −η ∇L(f₀ + Θu), or, with momentum, ü = −(1 − β)u̇ − η∇L, from u = 0 at
 * rest. Errors are measured in the outputs.
 */
export const dualFlow = (
  operation: string,
  { train, outputs }: Pick<Setting, 'train' | 'outputs'>,
  gradient: Gradient,
  { rate, momentum }: Pick<Dynamics, 'rate' | 'momentum'>,
  { relative, absolute, maxSteps }: Required<OdeOptions>,
  times: readonly number[]
): readonly Float64Array[] => {
  const size = train.start.length
  const outputsOf = (state: Float64Array): Float64Array => {
    const moved = applyGram(train.gram, state.subarray(0, size), outputs)
    for (let i = 0; i < size; i++) moved[i]! += train.start[i]!
    return moved
  }
  const push = (state: Float64Array): Float64Array => gradient(outputsOf(state)).map((g) => -rate * g)
  const accelerate = (state: Float64Array): Float64Array => {
    const force = push(state)
    const out = new Float64Array(2 * size)
    for (let i = 0; i < size; i++) {
      const velocity = state[size + i]!
      out[i] = velocity
      out[size + i] = force[i]! - (1 - momentum) * velocity
    }
    return out
  }
  const errorSize = (error: Float64Array, state: Float64Array): number => {
    const off = applyGram(train.gram, error.subarray(0, size), outputs)
    const at = outputsOf(state)
    let sum = 0
    for (let i = 0; i < size; i++) sum += (off[i]! / (absolute + relative * Math.abs(at[i]!))) ** 2
    return Math.sqrt(sum / size)
  }
  checkGradient(operation, gradient(train.start), 'start')
  const system = { derivative: momentum === 0 ? push : accelerate, size: errorSize }
  const start = new Float64Array(momentum === 0 ? size : 2 * size)
  return integrate(operation, system, start, times, maxSteps).map((state) => state.slice(0, size))
}

const OPERATION = 'ntk.predictOde'

/**
 * Outputs of the linearised model along gradient flow on any traced loss of the outputs: ∂f(x)/∂t = −η Θ(x, X) ∇L(f(X)),
 * with L as `nn.crossEntropy(y)`, a mean over the examples. For `nn.mse` it is {@link predictMse}. The equation is
 * solved for the dual coefficients, f_t(x) = f₀(x) + Θ(x, X) u(t) with u̇ = −η ∇L(f_t(X)), so that test inputs cost
 * nothing until their outputs are wanted; by the method of Dormand and Prince, each step's error in the outputs
 * held to the tolerances. Time counts steps of size `rate`; momentum is the heavy ball's, see {@link Dynamics}.
 *
 * The kernel is Θ(X, X), [n, n], [n, n, o] or [n, n, o, o]; `start` is f₀(X), [n, o] (or [n]); y is what the loss takes. With
 * attacked inputs X̃ that stay as they are, the kernel is Θ(X̃, X̃), and X are test inputs with kernel Θ(X, X̃).
 *
 * @example
 * import assert from 'node:assert'
 * import * as E from 'fp-ts/lib/Either.js'
 * import { ndarray, nn, ntk } from 'tangentflow'
 *
 * // one example of label 0: the logits part, symmetrically
 * const [kernel, start] = [ndarray.fromNested([[1]]), ndarray.fromNested([[0, 0]])]
 * const found = ntk.predictOde(kernel, nn.crossEntropy, ndarray.fromNested([0]), { start, times: [5] })
 * assert.ok(E.isRight(found))
 * const [own, other] = found.right.train[0]!.data
 * assert.ok(own! > 1 && Math.abs(own! + other!) < 1e-9)
 */
export const predictOde = (
  kernel: NdArray,
  loss: Loss,
  y: NdArray,
  options: FlowOptions
): Either<TangentError, Prediction> =>
  attempt(() => {
    const { times, start } = options
    checkTimes(
      OPERATION,
      times,
      'finite times of at least 0, ascending',
      (t, i) => t < Infinity && (i === 0 || t >= times[i - 1]!)
    )
    const setting = settingOf(OPERATION, symmetricGramOf(OPERATION, kernel), start.shape, 'start', options)
    finite(OPERATION, y, 'y')
    const gradient = gradientOf(loss, y, start.shape)
    const tolerances = toleranceOf(OPERATION, options)
    const duals = dualFlow(OPERATION, setting, gradient, dynamicsOf(OPERATION, options), tolerances, times)
    const { train, test } = setting
    return {
      times,
      train: duals.map((dual) => movedBy(train, dual)),
      test: test === undefined ? [] : duals.map((dual) => movedBy(test, dual))
    }
  })
