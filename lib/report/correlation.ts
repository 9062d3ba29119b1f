import { flow } from 'fp-ts/lib/function.js'
import { mean } from '../core/mean.js'
import { bootstrap, type Crossed } from './bootstrap.js'
import { type Interval, signed } from './estimate.js'

/** Two measures of one run, of which one that diverged has no numbers. */
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
export const ranks = (values: readonly number[]): readonly number[] => {
  const order = values.map((_, i) => i).sort((a, b) => values[a]! - values[b]!)
  const places = values.map(() => 0)
  for (let start = 0, end = 0; start < order.length; start = end) {
    end = start + 1
    while (end < order.length && values[order[end]!] === values[order[start]!]) end++
    for (let at = start; at < end; at++) places[order[at]!] = (start + end + 1) / 2
  }
  return places
}

/** The points that are numbers. */
const measured = (points: readonly Point[]): readonly Point[] =>
  points.filter((point) => point.every(Number.isFinite))

/** Pearson's coefficient and Spearman's; undefined where one side does not vary. */
const coefficients = (
  points: readonly Point[]
): readonly [pearson: number | undefined, spearman: number | undefined] => {
  const [xs, ys] = [ranks(points.map(([x]) => x)), ranks(points.map(([, y]) => y))]
  return [coefficient(points), coefficient(xs.map((x, i) => [x, ys[i]!]))]
}

/**
 * Both correlations of points that are independent of one another, those that are no numbers aside; undefined for fewer than two, or
 * where one side does not vary.
 */
export const correlate = (all: readonly Point[]): Correlations | undefined => {
  const points = measured(all)
  const [pearson, spearman] = coefficients(points)
  const count = points.length
  return pearson === undefined || spearman === undefined
    ? undefined
    : {
        count,
        pearson: fisher(pearson, count, 1),
        spearman: fisher(spearman, count, 1 + spearman ** 2 / 2)
      }
}

/** As {@link correlate}, of what several methods have in common over seeds that they share, with intervals by {@link bootstrap}. */
export const correlateRuns = <R extends Crossed>(
  runs: readonly R[],
  pointsOf: (some: readonly R[]) => readonly Point[]
): Correlations | undefined => {
  const measuredOf = flow(pointsOf, measured)
  const points = measuredOf(runs)
  const [pearson, spearman] = coefficients(points)
  if (pearson === undefined || spearman === undefined) return undefined
  const [first, second] = bootstrap(runs, (some) => coefficients(measuredOf(some)))
  return {
    count: points.length,
    pearson: { value: pearson, interval: first },
    spearman: { value: spearman, interval: second }
  }
}

const twoDigits = (value: number): string => signed(2, value, '')

/** `0.92 [0.55, 0.99]`. */
export const showCorrelation = ({ value, interval }: Correlation): string =>
  twoDigits(value) +
  (interval === undefined ? '' : ` [${twoDigits(interval.low)}, ${twoDigits(interval.high)}]`)
