/** What a row of a table says of a list of times. */
export interface Summary {
  readonly count: number
  readonly median: number
  readonly min: number
  /** Half the interquartile range over the median: how far a typical sample lies from it. */
  readonly spread: number
}

/** The q-th quantile of a list, 0 ≤ q ≤ 1, linear between neighbours (type 7 of Hyndman and Fan, 1996). */
export const quantile = (q: number, values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b)
  const place = q * (sorted.length - 1)
  const low = Math.floor(place)
  const below = sorted[low] ?? NaN
  return below + (place - low) * ((sorted[low + 1] ?? below) - below)
}

/** NaN where nothing was measured. */
export const summarise = (times: readonly number[]): Summary => {
  const median = quantile(0.5, times)
  return {
    count: times.length,
    median,
    min: quantile(0, times),
    spread: (quantile(0.75, times) - quantile(0.25, times)) / 2 / median
  }
}
