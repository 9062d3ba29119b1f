import { checkOptions, option, type OptionKind, type OptionKinds } from '../../core/options.js'
import type { Either } from 'fp-ts/lib/Either.js'
import { entry } from '../../core/entry.js'
import { fail, type TangentError } from '../../core/error.js'
import { type NdArray, of } from '../../core/ndarray.js'
import type { Shape } from '../../core/shape.js'
import { grad } from '../../diff/index.js'
import { evaluateGraph } from '../../graph/evaluate.js'
import { spec } from '../../graph/spec.js'
import type { Tensor } from '../../graph/tensor.js'
import { attempt, traceOrThrow } from '../../graph/trace.js'
import { requireLabels } from '../../nn/batch.js'
import { crossEntropy, type Loss } from '../../nn/loss.js'
import { applyGram, finite, symmetricGramOf } from '../spectrum/gram.js'
import { type Dynamics, dynamicsOf } from './dynamics.js'
import { integrate, odeKinds, type OdeOptions, toleranceOf } from './integrate.js'
import {
  movedBy,
  movedElements,
  type Prediction,
  type PredictionInputs,
  predictionInputs,
  requireAscending,
  type PredictionOptions
} from './prediction.js'

/** A prediction of gradient flow under any loss. */
export interface FlowOptions
  extends OdeOptions, Pick<Partial<Dynamics>, 'rate' | 'momentum'>, Pick<PredictionOptions, 'test'> {
  /** The times of the outputs, in ascending order; finite and at least 0. */
  readonly times: readonly number[]
  /** f₀(X). */
  readonly start: NdArray
}

/** A prediction of gradient descent under any loss; times are numbers of steps, in ascending order. */
export type DescentOptions = Omit<FlowOptions, keyof OdeOptions>

const descentKinds: OptionKinds<DescentOptions> = {
  rate: option.number,
  momentum: option.number,
  test: option.record,
  times: option.record,
  start: option.record
}

const flowKinds: OptionKinds<FlowOptions> = { ...odeKinds, ...descentKinds }

/** ∇L of a loss with respect to outputs of a shape, as a function of concrete outputs. */
export type Gradient = (outputs: Float64Array) => Float64Array

/**
 * Traces ∇L(f) once, for targets y and outputs of the given shape, and evaluates it in float64. The cross-entropy takes no label that is
 * no class.
 */
export const gradientOf = (operation: string, loss: Loss, y: NdArray, shape: Shape): Gradient => {
  if (loss === crossEntropy) requireLabels(operation, y, shape.at(-1) ?? 0)
  const { graph } = traceOrThrow(
    (f: Tensor, target: Tensor) => grad(loss(target))(f),
    [spec(shape), spec(y.shape)]
  )
  return (outputs) => Float64Array.from(evaluateGraph(graph, [of(shape, outputs), y])[0]!.data)
}

/** A gradient as it is; one that is not finite is a DataError. */
const requireFiniteGradient = (operation: string, gradient: Float64Array, where: string): Float64Array =>
  gradient.every(Number.isFinite)
    ? gradient
    : fail(
        'DataError',
        operation,
        'a loss with a finite gradient at the outputs',
        'NaN or an infinity',
        where
      )

/**
 * Dual coefficients u at the given times of u̇ = −η ∇L(f₀ + Θu), or, with momentum, ü = −(1 − β)u̇ − η∇L, from u = 0 at
 * rest. Errors are measured in the outputs.
 */
export const dualFlow = (
  operation: string,
  { train, outputs }: Pick<PredictionInputs, 'train' | 'outputs'>,
  gradient: Gradient,
  { rate, momentum }: Pick<Dynamics, 'rate' | 'momentum'>,
  { relative, absolute, maxSteps }: Required<OdeOptions>,
  times: readonly number[]
): readonly Float64Array[] => {
  const size = train.start.length
  const outputsOf = (state: Float64Array): Float64Array => movedElements(train, state.subarray(0, size))
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
  requireFiniteGradient(operation, gradient(train.start), 'start')
  const system = { derivative: momentum === 0 ? push : accelerate, size: errorSize }
  const start = new Float64Array(momentum === 0 ? size : 2 * size)
  return integrate(operation, system, start, times, maxSteps).map((state) => state.slice(0, size))
}

/** As {@link dualFlow} for steps: uₖ₊₁ = uₖ + β(uₖ − uₖ₋₁) − η ∇L(f₀ + Θuₖ) at the given numbers of steps. */
const dualDescent = (
  operation: string,
  { train }: Pick<PredictionInputs, 'train'>,
  gradient: Gradient,
  { rate, momentum }: Pick<Dynamics, 'rate' | 'momentum'>,
  times: readonly number[]
): readonly Float64Array[] => {
  let [taken, dual, last] = [0, new Float64Array(train.start.length), new Float64Array(train.start.length)]
  return times.map((time) => {
    for (; taken < time; taken++) {
      const slope = requireFiniteGradient(operation, gradient(movedElements(train, dual)), `step ${taken}`)
      const [now, before] = [dual, last]
      dual = now.map((x, i) => x + momentum * (x - before[i]!) - rate * slope[i]!)
      last = now
    }
    return dual
  })
}

/** Checks the arguments that both predictions share, and turns dual coefficients into outputs. */
const predictWith = (
  operation: string,
  kernel: NdArray,
  loss: Loss,
  y: NdArray,
  options: DescentOptions,
  kinds: Readonly<Record<string, OptionKind>>,
  are: 'finite' | 'whole',
  solve: (inputs: PredictionInputs, gradient: Gradient, dynamics: Dynamics) => readonly Float64Array[]
): Either<TangentError, Prediction> =>
  attempt(() => {
    checkOptions(operation, kinds, options)
    const { times, start } = options
    requireAscending(operation, times, are)
    const dynamics = dynamicsOf(operation, options)
    const gram = symmetricGramOf(operation, kernel)
    const inputs = predictionInputs(operation, gram, start.shape, 'start', options)
    finite(operation, y, 'y')
    const duals = solve(inputs, gradientOf(operation, loss, y, start.shape), dynamics)
    const { train, test } = inputs
    return {
      times,
      train: duals.map((dual) => movedBy(train, dual)),
      test: test === undefined ? [] : duals.map((dual) => movedBy(test, dual))
    }
  })

/**
 * Predicts the outputs of the linearised model along gradient flow on any traced loss of the outputs: ∂f(x)/∂t =
 * −η Θ(x, X) ∇L(f(X)), where L, such as `nn.crossEntropy(y)`, is a mean over the examples. For `nn.mse` the result is that
 * of {@link predictMse}. The equation is solved for the dual coefficients, f_t(x) = f₀(x) + Θ(x, X) u(t) with u̇ =
 * −η ∇L(f_t(X)), so test inputs cost one product for each time. The method is that of Dormand and Prince; the error of each
 * step is measured in the outputs and held to the tolerances. Time counts steps of size `rate`; momentum: {@link Dynamics}.
 *
 * The kernel is Θ(X, X), [n, n], [n, n, o] or [n, n, o, o]; `start` is f₀(X), [n, o] (or [n]); y are the loss's targets. For
 * fixed attacked inputs X̃, the kernel is Θ(X̃, X̃), and X are test inputs with kernel Θ(X, X̃).
 *
 * @example
 * import assert from 'node:assert'
 * import * as E from 'fp-ts/lib/Either.js'
 * import { ndarray, nn, ntk } from 'tangentflow'
 *
 * // one example of label 0: the logits move apart, symmetrically
 * const [kernel, start] = [ndarray.fromNested([[1]]), ndarray.fromNested([[0, 0]])]
 * const found = ntk.predictOde(kernel, nn.crossEntropy, ndarray.fromNested([0]), { start, times: [5] })
 * assert.ok(E.isRight(found))
 * const [own, other] = found.right.train[0]!.data
 * assert.ok(own! > 1 && Math.abs(own! + other!) < 1e-9)
 */
export const predictOde = entry(
  'ntk.predictOde',
  'Either',
  1,
  (kernel: NdArray, loss: Loss, y: NdArray, options: FlowOptions): Either<TangentError, Prediction> =>
    predictWith(
      'ntk.predictOde',
      kernel,
      loss,
      y,
      options,
      flowKinds,
      'finite',
      (inputs, gradient, dynamics) => {
        const tolerance = toleranceOf('ntk.predictOde', options)
        return dualFlow('ntk.predictOde', inputs, gradient, dynamics, tolerance, options.times)
      }
    )
)

/**
 * Predicts the outputs of the linearised model along gradient descent on any traced loss, step by step: with f(x) =
 * f₀(x) + Θ(x, X) u, uₖ₊₁ = uₖ + β(uₖ − uₖ₋₁) − η ∇L(fₖ(X)). Exact for models that are linear in their parameters. Arguments,
 * layouts and errors as in {@link predictOde}; for squared error {@link predictMse} has the closed form.
 *
 * @example
 * import assert from 'node:assert'
 * import * as E from 'fp-ts/lib/Either.js'
 * import { ndarray, nn, ntk } from 'tangentflow'
 *
 * // f = w x at x = 1: w ← w − ½(w − 1)
 * const [kernel, y] = [ndarray.fromNested([[1]]), ndarray.fromNested([[1]])]
 * const start = ndarray.fromNested([[0]])
 * const found = ntk.predictDescent(kernel, nn.mse, y, { start, rate: 0.5, times: [1, 2, 3] })
 * assert.ok(E.isRight(found))
 * assert.deepEqual(found.right.train.map(({ data }) => data[0]), [0.5, 0.75, 0.875])
 */
export const predictDescent = entry(
  'ntk.predictDescent',
  'Either',
  1,
  (kernel: NdArray, loss: Loss, y: NdArray, options: DescentOptions): Either<TangentError, Prediction> => {
    const operation = 'ntk.predictDescent'
    return predictWith(
      operation,
      kernel,
      loss,
      y,
      options,
      descentKinds,
      'whole',
      (inputs, gradient, dynamics) => dualDescent(operation, inputs, gradient, dynamics, options.times)
    )
  }
)
