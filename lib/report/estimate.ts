import { summarise } from './statistics.js'
import { studentQuantile } from './student.js'

/** From where to where something may lie. */
export interface Interval {
  readonly low: number
  readonly high: number
}

/** A mean, and what several values say of where it lies. */
export interface Estimate {
  readonly count: number
  readonly mean: number
  /** Standard deviation with n − 1, and the 95 % interval of the mean; of two or more values. */
  readonly spread: ({ readonly sd: number } & Interval) | undefined
}

/** The level of all intervals of a report. */
const LEVEL = 0.95

/**
 * The mean of values with its two-sided 95 % interval: mean ± t · sd / √n, t from Student's distribution with n − 1 degrees
 * of freedom. It takes the values as independent and near to normal.
 */
export const estimate = (values: readonly number[]): Estimate => {
  const { mean, sd } = summarise(values)
  const count = values.length
  if (sd === undefined) return { count, mean, spread: undefined }
  const half = (studentQuantile(count - 1, LEVEL) * sd) / Math.sqrt(count)
  return { count, mean, spread: { sd, low: mean - half, high: mean + half } }
}

/** One measure of one method on one seed. */
export interface Seeded {
  readonly seed: number
  readonly value: number
}

/** a − b on each seed that both have, in the order of `a`: what two runs from the same seed share falls out. */
export const pairedDifferences = (a: readonly Seeded[], b: readonly Seeded[]): readonly number[] =>
  a.flatMap(({ seed, value }) => b.filter((other) => other.seed === seed).map((other) => value - other.value))

/** Whether the interval leaves out 0, so that the sign of the mean is more than chance at the report's level. */
export const isResolved = ({ spread }: Estimate): boolean =>
  spread !== undefined && (spread.low > 0 || spread.high < 0)

const signed = (digits: number, value: number): string => {
  const text = Math.abs(value).toFixed(digits)
  return Number(text) === 0 ? text : (value < 0 ? '−' : '+') + text
}

/** `−1.2 [−2.0, −0.4] *`: a difference with its interval, marked where that leaves out 0; the mean alone of one value. */
export const showDifference = (digits: number, difference: Estimate): string =>
  difference.count === 0
    ? '–'
    : signed(digits, difference.mean) +
      (difference.spread === undefined
        ? ''
        : ` [${signed(digits, difference.spread.low)}, ${signed(digits, difference.spread.high)}]`) +
      (isResolved(difference) ? ' *' : '')
