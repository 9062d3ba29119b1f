import { checkOptions, option, type OptionKinds } from '../../core/options.js'
import type { Either } from 'fp-ts/lib/Either.js'
import { requireFraction, requirePositive, requireWhole } from '../../core/check.js'
import { entry } from '../../core/entry.js'
import type { TangentError } from '../../core/error.js'
import { isNdArray, type NdArray } from '../../core/ndarray.js'
import { leaves, rebuild } from '../../core/tree.js'
import { linearize } from '../../diff/index.js'
import { constant, isTensor, type Tensor } from '../../graph/tensor.js'
import { ops } from '../../graph/ops/index.js'
import type { Concrete } from '../../graph/spec.js'
import { attempt } from '../../graph/trace.js'
import * as tree from '../../graph/tree.js'
import type { Model } from '../../nn/model.js'
import { modesOf } from '../spectrum/spectrum.js'
import { checked, ofModel } from '../../nn/require.js'

const isParameter = (value: unknown): value is Tensor | NdArray => isTensor(value) || isNdArray(value)

/** Concrete parameters as constants of the graph; traced ones as they are. */
const asTensors = <P>(params: P | Concrete<P>): P =>
  rebuild<Tensor | NdArray, P>(
    'ntk.linearised',
    isParameter,
    params,
    leaves('ntk.linearised', isParameter, params).map(({ value }) =>
      isNdArray(value) ? constant(value) : value
    )
  )

/**
 * The model as its first-order expansion around parameters p₀: f_lin(p)(x) = f(p₀)(x) + ∇f(p₀)(x) (p − p₀), by one
 * Jacobian–vector product and no Jacobian (Lee et al., arXiv:1902.06720, eq. 3). It is a model like any other, for kernels,
 * attacks, losses and `train.fit`; its kernel is that of f at p₀ wherever p is. p₀ may be concrete, and is then a
 * constant of the graph, or an argument of the traced function. A p₀ of another form than p is a TreeError.
 *
 * @example
 * import assert from 'node:assert'
 * import { evaluateOn, ndarray, ntk, ops, type Tensor } from 'tangentflow'
 *
 * const square = (p: Tensor) => (x: Tensor) => ops.mul(x)(ops.square(p)) // p² x ≈ p₀² x + 2p₀x (p − p₀)
 * const f = (p: Tensor, x: Tensor) => ntk.linearised(square, ndarray.scalar(3))(p)(x)
 * assert.equal(ndarray.toNumber(evaluateOn(f)(ndarray.scalar(4), ndarray.scalar(1))), 9 + 6)
 */
export const linearised = checked(
  'ntk.linearised',
  ofModel,
  <P>(model: Model<P>, start: P | Concrete<P>): Model<P> =>
    (params, key) => {
      const origin = asTensors<P>(start)
      const moved = tree.zipWith(origin, (p, p0) => ops.sub(p0)(p))(params)
      return (x) => {
        const [out, push] = linearize((p: P) => model(p, key)(x))(origin)
        return ops.add(push(moved))(out)
      }
    }
)

/** How a linearised model is trained, on the mean over the examples of a loss. */
export interface Dynamics {
  /**
   * `flow`, gradient flow: time is continuous, and one unit of it is one step of size `rate`. `descent`, gradient
   * descent: time is the number of steps.
   */
  readonly dynamics: 'flow' | 'descent'
  /** The step size η. */
  readonly rate: number
  /**
   * The momentum β of the heavy ball (Polyak 1964), in [0, 1). `descent`: θₖ₊₁ = θₖ + β(θₖ − θₖ₋₁) − η∇L. `flow` with β above 0:
   * θ̈ = −(1 − β)θ̇ − η∇L, from rest (Qian, "On the momentum term in gradient descent learning algorithms", 1999).
   */
  readonly momentum: number
}

/** The kinds of {@link Dynamics}. */
export const dynamicsKinds: OptionKinds<Dynamics> = {
  dynamics: option.word('flow', 'descent'),
  rate: option.number,
  momentum: option.number
}

/** Training with defaults filled in; a rate or momentum out of range is an ArgumentError. */
export const dynamicsOf = (
  operation: string,
  { dynamics = 'flow', rate = 1, momentum = 0 }: Partial<Dynamics>
): Dynamics => ({
  dynamics,
  rate: requirePositive(operation, 'rate', rate),
  momentum: requireFraction(operation, 'momentum', momentum, '[0, 1)')
})

/**
 * What training does to a mode of eigenvalue λ > 0 by a time, from a residual of 1: the dual coefficient u, by which
 * outputs at any x have moved by Θ(x, X) u. On the training examples the residual is then 1 + λu. At time ∞, u is −1/λ.
 */
export type Response = (eigenvalue: number, time: number) => number

/** (1 − e^{−ρt}) / ρ, which is t where ρ = 0. */
const decay = (rho: number, t: number): number => (rho === 0 ? t : -Math.expm1(-rho * t) / rho)

/**
 * ∫₀ᵗ of the impulse response of q̈ + c q̇ + ω² q, the step response. Far from critical damping it is a divided difference
 * of `decay` at the two roots, exact as ω → 0; near it and below, (1 − r)/ω² with r the residual of the free motion.
 */
const stepResponse = (square: number, c: number, t: number): number => {
  const half = c / 2
  const discriminant = half * half - square
  if (square <= half * half * 0.5) {
    const fast = half + Math.sqrt(discriminant)
    const slow = square / fast
    return (decay(slow, t) - decay(fast, t)) / (fast - slow)
  }
  const d = Math.sqrt(Math.abs(discriminant))
  const envelope = Math.exp(-half * t)
  const [even, odd] =
    discriminant < 0
      ? [envelope * Math.cos(d * t), (envelope * Math.sin(d * t)) / d]
      : d * t < 1
        ? [envelope * Math.cosh(d * t), d === 0 ? envelope * t : (envelope * Math.sinh(d * t)) / d]
        : [
            (Math.exp((d - half) * t) + Math.exp(-(d + half) * t)) / 2,
            (Math.exp((d - half) * t) - Math.exp(-(d + half) * t)) / (2 * d)
          ]
  return (1 - (even + half * odd)) / square
}

type Matrix = readonly (readonly number[])[]

const product = (a: Matrix, b: Matrix): Matrix =>
  a.map((row) => b.map((_, j) => row.reduce((sum, x, k) => sum + x * b[k]![j]!, 0)))

const power = (base: Matrix, count: number): Matrix => {
  const identity = base.map((_, i) => base.map((_row, j) => (i === j ? 1 : 0)))
  let [result, square, left]: [Matrix, Matrix, number] = [identity, base, count]
  for (; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) result = product(result, square)
    square = product(square, square)
  }
  return result
}

/** uₖ by powers of the map of (uₖ, uₖ₋₁, 1), so that equal roots need no case of their own. */
const heavyBall = (step: number, pull: number, momentum: number, count: number): number =>
  power(
    [
      [1 + momentum - step, -momentum, -pull],
      [1, 0, 0],
      [0, 0, 1]
    ],
    count
  )[0]![2]!

/** (1 − a)ᵏ − 1, exact where a is small. */
const geometric = (a: number, count: number): number =>
  a < 1 ? Math.expm1(count * Math.log1p(-a)) : (1 - a) ** count - 1

/** The response of the modes of a kernel of the given number of examples. */
export const responseOf = ({ dynamics, rate, momentum }: Dynamics, examples: number): Response => {
  const pull = rate / examples
  const finite: Response =
    dynamics === 'flow'
      ? momentum === 0
        ? (value, t) => -pull * decay(pull * value, t)
        : (value, t) => -pull * stepResponse(pull * value, 1 - momentum, t)
      : momentum === 0
        ? (value, t) => geometric(pull * value, t) / value
        : (value, t) => heavyBall(pull * value, pull, momentum, t)
  return (value, t) => (t === Infinity ? -1 / value : finite(value, t))
}

/** The largest stable step for a largest eigenvalue: 2(1 + β)N / λ_max, ∞ where nothing moves. */
export const stableRate = (largest: number, examples: number, momentum: number): number =>
  (2 * (1 + momentum) * examples) / largest

/** The training whose largest step is computed. */
export interface RateOptions {
  /**
   * N, the number of examples that the loss averages over.
   *
   * @defaultValue that of the kernel
   */
  readonly examples?: number
  /**
   * The momentum β of the heavy ball, in [0, 1).
   *
   * @defaultValue 0
   */
  readonly momentum?: number
}

/**
 * The step size below which gradient descent on (1/2N)Σ‖f − y‖² converges and above which it diverges, for the linearised
 * model of this kernel: 2(1 + β)N / λ_max (for the heavy ball: Polyak, "Some methods of speeding up the convergence of
 * iteration methods", 1964). The kernel is Θ(X, X) as [n, n], [n, n, o] or [n, n, o, o], positive semi-definite; ∞
 * if it is zero.
 *
 * @example
 * import assert from 'node:assert'
 * import * as E from 'fp-ts/lib/Either.js'
 * import { ndarray, ntk } from 'tangentflow'
 *
 * const kernel = ndarray.fromNested([[4, 0], [0, 1]])
 * assert.deepEqual(ntk.maxLearningRate(kernel), E.right(1))
 * assert.deepEqual(ntk.maxLearningRate(kernel, { momentum: 0.5 }), E.right(1.5))
 */
export const maxLearningRate = entry(
  'ntk.maxLearningRate',
  'Either',
  1,
  (kernel: NdArray, options: RateOptions = {}): Either<TangentError, number> =>
    attempt(() => {
      const operation = 'ntk.maxLearningRate'
      const kinds: OptionKinds<RateOptions> = { examples: option.number, momentum: option.number }
      checkOptions(operation, kinds, options)
      const { gram, largest } = modesOf(operation, kernel)
      const { examples = gram.examples[0] } = options
      requireWhole(operation, 'examples', examples, 1)
      return stableRate(largest, examples, dynamicsOf(operation, options).momentum)
    })
)
