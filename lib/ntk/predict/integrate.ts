import { option, type OptionKinds } from '../../core/options.js'
import { requirePositive } from '../../core/check.js'
import { fail } from '../../core/error.js'

/** How exactly an initial value problem is solved. */
export interface OdeOptions {
  /**
   * The error of one step, relative to each output.
   *
   * @defaultValue 1e-8
   */
  readonly relative?: number
  /**
   * The error of one step that is allowed in addition, in the units of the outputs.
   *
   * @defaultValue 1e-8
   */
  readonly absolute?: number
  /**
   * The largest number of steps, rejected ones included.
   *
   * @defaultValue 10,000
   */
  readonly maxSteps?: number
}

/** The kinds of {@link OdeOptions}. */
export const odeKinds: OptionKinds<OdeOptions> = {
  relative: option.number,
  absolute: option.number,
  maxSteps: option.number
}

/** The tolerances with defaults filled in; one that is not positive is an ArgumentError. */
export const toleranceOf = (
  operation: string,
  { relative = 1e-8, absolute = 1e-8, maxSteps = 10_000 }: OdeOptions
): Required<OdeOptions> => ({
  relative: requirePositive(operation, 'relative', relative),
  absolute: requirePositive(operation, 'absolute', absolute),
  maxSteps: requirePositive(operation, 'maxSteps', maxSteps)
})

/** An autonomous system ṡ = derivative(s), and the size of the error of a step: a step of at most 1 is accepted. */
export interface System {
  readonly derivative: (state: Float64Array) => Float64Array
  readonly size: (error: Float64Array, state: Float64Array) => number
}

/** The pair of orders 5 and 4 of Dormand and Prince ("A family of embedded Runge–Kutta formulae", 1980). */
const stages: readonly (readonly number[])[] = [
  [1 / 5],
  [3 / 40, 9 / 40],
  [44 / 45, -56 / 15, 32 / 9],
  [19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729],
  [9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656],
  [35 / 384, 0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84]
]
/** Order 5 less order 4. */
const errorWeights = [71 / 57600, 0, -71 / 16695, 71 / 1920, -17253 / 339200, 22 / 525, -1 / 40]

const combine = (
  state: Float64Array | undefined,
  h: number,
  weights: readonly number[],
  slopes: readonly Float64Array[]
): Float64Array => {
  const out = state === undefined ? new Float64Array(slopes[0]!.length) : state.slice()
  weights.forEach((weight, s) => {
    const slope = slopes[s]!
    if (weight !== 0) for (let i = 0; i < out.length; i++) out[i]! += h * weight * slope[i]!
  })
  return out
}

interface SolutionPoint {
  readonly state: Float64Array
  /** The derivative, which is the last stage of the step that ended here. */
  readonly slope: Float64Array
}

const step = ({ derivative, size }: System, { state, slope }: SolutionPoint, h: number) => {
  const slopes = [slope]
  let next = state
  for (const weights of stages) {
    next = combine(state, h, weights, slopes)
    slopes.push(derivative(next))
  }
  const error = size(combine(undefined, h, errorWeights, slopes), next)
  return { to: { state: next, slope: slopes[slopes.length - 1]! }, error }
}

/** The factor from the length of a step to that of the next; the smallest one if the error is not a number. */
const factorOf = (error: number): number =>
  Number.isFinite(error) ? Math.min(5, Math.max(0.2, 0.9 * error ** -0.2)) : 0.2

/**
 * Solves a system from time 0 and returns its states at the given times, ascending and at least 0, by the method of
 * Dormand and Prince with steps chosen by the error of each. More steps than allowed are an ArgumentError.
 */
export const integrate = (
  operation: string,
  system: System,
  start: Float64Array,
  times: readonly number[],
  maxSteps: number
): readonly Float64Array[] => {
  let [now, used, h]: [number, number, number] = [0, 0, times.find((t) => t > 0) ?? 0]
  let at: SolutionPoint = { state: start, slope: system.derivative(start) }
  return times.map((until) => {
    while (now < until) {
      // the last step before a given time may be short; it does not shorten those after it
      const length = Math.min(h, until - now)
      if (used++ >= maxSteps || now + length === now) {
        fail(
          'ArgumentError',
          operation,
          `at most ${maxSteps} steps up to time ${until}: larger tolerances, a smaller rate or more steps`,
          `time ${now} after ${used - 1} steps`,
          'maxSteps'
        )
      }
      const { to, error } = step(system, at, length)
      if (error <= 1) {
        now = length === until - now ? until : now + length
        at = to
        h = length < h ? Math.max(h, length * factorOf(error)) : length * factorOf(error)
      } else {
        h = length * Math.min(0.9, factorOf(error))
      }
    }
    return at.state
  })
}
