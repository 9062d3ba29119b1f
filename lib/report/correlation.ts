import { mean } from '../core/mean.js'
import { type Interval, signed } from './estimate.js'

/** Two measures of one run. */
export type Point = readonly [x: number, y: number]

/** A correlation coefficient in [−1, 1], and its 95 % interval where there are points enough. */
export interface Correlation {
  readonly value: number
  readonly interval: Interval | undefined
}

/** How two measures of the same runs go together. */
export interface Correlations {
  readonly count: number
  /** How near the points are to a line. */
  readonly pearson: Correlation
  /** How near the points are to any monotone curve: Pearson's of the ranks. */
  readonly spearman: Correlation
}

/** Φ⁻¹(0.975). */
const NORMAL_QUANTILE = 1.959963984540054
/** Fisher's z has a standard error 1/√(n − 3). */
const LEAST_COUNT = 4

/**
 * Fisher's interval: artanh r is near to normal with a standard error of 1/√(n − 3) (Fisher 1921). For ranks the error is
 * √((1 + r²/2)/(n − 3)) (Bonett and Wright 2000, Psychometrika 65).
 */
const fisher = (value: number, count: number, inflation: number): Correlation => {
  if (count < LEAST_COUNT) return { value, interval: undefined }
  const [z, half] = [Math.atanh(value), NORMAL_QUANTILE * Math.sqrt(inflation / (count - 3))]
  return { value, interval: { low: Math.tanh(z - half), high: Math.tanh(z + half) } }
}

/** Pearson's coefficient of two or more points; undefined where one side does not vary. */
const coefficient = (points: readonly Point[]): number | undefined => {
  const [x, y] = [mean(points.map((point) => point[0])), mean(points.map((point) => point[1]))]
  const sum = (of: (dx: number, dy: number) => number): number =>
    points.reduce((total, point) => total + of(point[0] - x, point[1] - y), 0)
  const scale = Math.sqrt(sum((dx) => dx * dx)) * Math.sqrt(sum((_, dy) => dy * dy))
  // rounding may carry it past an end
  return scale > 0 ? Math.max(-1, Math.min(1, sum((dx, dy) => dx * dy) / scale)) : undefined
}

/** Places in the order from the smallest, 1 for it; equal values share the mean of their places. */
export const ranks = (values: readonly number[]): readonly number[] =>
  values.map((value) => {
    const below = values.filter((other) => other < value).length
    const equal = values.filter((other) => other === value).length
    return below + (equal + 1) / 2
  })

/** Both correlations of some points; undefined for fewer than two, or where one side does not vary. */
export const correlate = (points: readonly Point[]): Correlations | undefined => {
  const pearson = coefficient(points)
  const [xs, ys] = [ranks(points.map(([x]) => x)), ranks(points.map(([, y]) => y))]
  const spearman = coefficient(xs.map((x, i) => [x, ys[i]!] as const))
  const count = points.length
  return pearson === undefined || spearman === undefined
    ? undefined
    : {
        count,
        pearson: fisher(pearson, count, 1),
        spearman: fisher(spearman, count, 1 + spearman ** 2 / 2)
      }
}

const twoDigits = (value: number): string => signed(2, value, '')

/** `0.92 [0.55, 0.99]`. */
export const showCorrelation = ({ value, interval }: Correlation): string =>
  twoDigits(value) +
  (interval === undefined ? '' : ` [${twoDigits(interval.low)}, ${twoDigits(interval.high)}]`)
