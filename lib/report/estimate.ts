import * as RA from 'fp-ts/lib/ReadonlyArray.js'
import { mean as meanOf } from '../core/mean.js'

/** From where to where something may lie. */
export interface Interval {
  readonly low: number
  readonly high: number
}

/** A mean, and what several values say of where it lies. */
export interface Estimate {
  readonly count: number
  readonly mean: number
  /** The standard deviation with n − 1, and the 95 % interval of the mean; undefined for fewer than two values. */
  readonly sd: number | undefined
  readonly interval: Interval | undefined
}

/** The level of all intervals of a report. */
const LEVEL = 0.95
/** Steps of the bisection: each halves the interval, and a double has 53 bits. */
const HALVINGS = 60

/**
 * P(|T| < √ν tan θ) of Student's t with ν whole degrees of freedom, a finite sum in θ: Abramowitz and Stegun, Handbook of
 * Mathematical Functions, 26.7.3 (ν odd) and 26.7.4 (ν even).
 */
const within = (degrees: number, theta: number): number => {
  const cosine = Math.cos(theta)
  const odd = degrees % 2 === 1
  const terms = Math.floor(degrees / 2)
  let [term, sum] = [odd ? cosine : 1, 0]
  for (let i = 1; i <= terms; i++) {
    sum += term
    term *= cosine ** 2 * (odd ? (2 * i) / (2 * i + 1) : (2 * i - 1) / (2 * i))
  }
  return odd ? (2 / Math.PI) * (theta + Math.sin(theta) * sum) : Math.sin(theta) * sum
}

/**
 * The t with P(|T| < t) = `level` for Student's t with so many degrees of freedom (whole, at least 1): the half-width,
 * in standard errors, of a two-sided interval. 12.706 for 1 degree and a level of 0.95, the normal's 1.960 for many.
 */
export const studentQuantile = (degrees: number, level: number): number => {
  let [low, high] = [0, Math.PI / 2]
  for (let i = 0; i < HALVINGS; i++) {
    const middle = (low + high) / 2
    if (within(degrees, middle) < level) low = middle
    else high = middle
  }
  return Math.sqrt(degrees) * Math.tan((low + high) / 2)
}

/**
 * The mean of values, their standard deviation, and the two-sided 95 % interval of the mean: mean ± t · sd / √n, t from
 * Student's distribution with n − 1 degrees of freedom. It takes the values as independent and near to normal.
 */
export const estimate = (values: readonly number[]): Estimate => {
  const [mean, count] = [meanOf(values), values.length]
  if (count < 2) return { count, mean, sd: undefined, interval: undefined }
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  const sd = Math.sqrt(squares / (count - 1))
  const half = (studentQuantile(count - 1, LEVEL) * sd) / Math.sqrt(count)
  return { count, mean, sd, interval: { low: mean - half, high: mean + half } }
}

/** The i-th estimate is of the i-th values of all the curves; there are as many as the shortest curve has. */
export const estimateCurves = (curves: readonly (readonly number[])[]): readonly Estimate[] =>
  Array.from({ length: Math.min(...curves.map((curve) => curve.length)) }, (_, i) =>
    estimate(curves.map((curve) => curve[i]!))
  )

/** From one standard deviation below the mean to one above; the mean twice where there is one value. */
export const deviation = ({ mean, sd = 0 }: Estimate): readonly [low: number, high: number] => [
  mean - sd,
  mean + sd
]

/** `86.9 ± 0.7`, mean and standard deviation, or the mean alone of one value. */
export const show = (digits: number, { mean, sd }: Estimate): string =>
  mean.toFixed(digits) + (sd === undefined ? '' : ` ± ${sd.toFixed(digits)}`)

/** About so many points of a noisy curve are shown, each the mean of a block of steps. */
const POINTS = 50

/** A curve of at most about 50 points: the means of blocks of neighbours, all but the last of one size. */
export const smooth = (curve: readonly number[]): readonly number[] =>
  RA.chunksOf(Math.max(1, Math.ceil(curve.length / POINTS)))(curve).map(meanOf)

/** One measure of one method on one seed. */
export interface Seeded {
  readonly seed: number
  readonly value: number
}

const paired =
  (combine: (a: number, b: number) => number) =>
  (a: readonly Seeded[], b: readonly Seeded[]): readonly number[] =>
    a.flatMap(({ seed, value }) =>
      b.filter((other) => other.seed === seed).map((other) => combine(value, other.value))
    )

/** a − b on each seed that both have, in the order of `a`: what two runs from the same seed share falls out. */
export const pairedDifferences = paired((a, b) => a - b)

/** a / b on each seed that both have, in the order of `a`. */
export const pairedRatios = paired((a, b) => a / b)

/** Whether the interval leaves out 0, so that the sign of the mean is more than chance at the report's level. */
export const isResolved = ({ interval }: Estimate): boolean =>
  interval !== undefined && (interval.low > 0 || interval.high < 0)

/** A number with a minus sign as it is printed, or with `plus`; none where all digits shown are 0. */
export const signed = (digits: number, value: number, plus = '+'): string => {
  const text = Math.abs(value).toFixed(digits)
  return Number(text) === 0 ? text : (value < 0 ? '−' : plus) + text
}

/** `−1.2 [−2.0, −0.4] *`: a difference with its interval, marked where that leaves out 0; the mean alone of one value. */
export const showDifference = (digits: number, difference: Estimate): string => {
  const { count, mean, interval } = difference
  if (count === 0) return '–'
  const range =
    interval === undefined ? '' : ` [${signed(digits, interval.low)}, ${signed(digits, interval.high)}]`
  return signed(digits, mean) + range + (isResolved(difference) ? ' *' : '')
}
