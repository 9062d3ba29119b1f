/** A mean and, of two or more values, their standard deviation (with n − 1). */
export interface Summary {
  readonly mean: number
  readonly sd: number | undefined
}

/** The mean and the standard deviation of some values. */
export const summarise = (values: readonly number[]): Summary => {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  return { mean, sd: values.length < 2 ? undefined : Math.sqrt(squares / (values.length - 1)) }
}

/** The i-th summary is over the i-th values of all the lists; as many as the shortest list has. */
/** The mean and the standard deviation of some values. */
export const summariseCurves = (curves: readonly (readonly number[])[]): readonly Summary[] =>
  Array.from({ length: Math.min(...curves.map((curve) => curve.length)) }, (_, i) =>
    summarise(curves.map((curve) => curve[i]!))
  )

/** `86.9 ± 0.7`, or the mean alone where there is one seed. */
export const show = (digits: number, { mean, sd }: Summary): string =>
  mean.toFixed(digits) + (sd === undefined ? '' : ` ± ${sd.toFixed(digits)}`)

/** Accuracies as percentages. */
export const percent = (shares: readonly number[]): Summary => summarise(shares.map((share) => 100 * share))

/** About so many points of a noisy curve are shown, each the mean of a block of steps. */
const POINTS = 50

/** A curve of at most about 50 points: the means of blocks of neighbours, all but the last of one size. */
export const smooth = (curve: readonly number[]): readonly number[] => {
  const size = Math.max(1, Math.ceil(curve.length / POINTS))
  return Array.from(
    { length: Math.ceil(curve.length / size) },
    (_, i) => summarise(curve.slice(i * size, (i + 1) * size)).mean
  )
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
