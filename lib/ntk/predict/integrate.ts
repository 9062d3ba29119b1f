import { fail } from '../../core/error.js'

/** How exactly an initial value problem is solved. */
export interface OdeOptions {
  /** Error of one step allowed as a part of each output; 1e-8 unless given. */
  readonly relative?: number
  /** Error of one step allowed beside it, in units of the outputs; 1e-8 unless given. */
  readonly absolute?: number
  /** Steps allowed in all, rejected ones included; 10,000 unless given. */
  readonly maxSteps?: number
}

/** The tolerances with their defaults; anything not positive is an ArgumentError. */
export const toleranceOf = (
  operation: string,
  { relative = 1e-8, absolute = 1e-8, maxSteps = 10_000 }: OdeOptions
): Required<OdeOptions> => {
  for (const [name, value] of Object.entries({ relative, absolute, maxSteps }))
    if (!(Number.isFinite(value) && value > 0)) {
      fail('ArgumentError', operation, 'a finite number above 0', `${value}`, name)
    }
  return { relative, absolute, maxSteps }
}

/** An autonomous system ṡ = derivative(s), and how large an error of a step is: at most 1 is accepted. */
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

interface Point {
  readonly state: Float64Array
  /** Its derivative, which is the last stage of the step that led here. */
  readonly slope: Float64Array
}

const step = ({ derivative, size }: System, { state, slope }: Point, h: number) => {
  const slopes = [slope]
  let next = state
  for (const weights of stages) {
    next = combine(state, h, weights, slopes)
    slopes.push(derivative(next))
  }
  const error = size(combine(undefined, h, errorWeights, slopes), next)
  return { to: { state: next, slope: slopes[slopes.length - 1]! }, error }
}

/** How much longer or shorter the next step is to be; an error that is no number asks for the shortest. */
const factorOf = (error: number): number =>
  Number.isFinite(error) ? Math.min(5, Math.max(0.2, 0.9 * error ** -0.2)) : 0.2

/**
 * The states at the given times, ascending and at least 0, of the system that starts at time 0: Dormand–Prince with
 * steps chosen by the error of each. More steps than allowed are an ArgumentError.
 */
export const integrate = (
  operation: string,
  system: System,
  start: Float64Array,
  times: readonly number[],
  maxSteps: number
): readonly Float64Array[] => {
  let [now, used, h]: [number, number, number] = [0, 0, times.find((t) => t > 0) ?? 0]
  let at: Point = { state: start, slope: system.derivative(start) }
  return times.map((until) => {
    while (now < until) {
      // the last step before a wanted time may be short; it does not shorten those after it
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
