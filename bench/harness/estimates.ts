import { type Estimate, estimate, signed } from '../../lib/report/estimate.js'

// What several draws say of a number, as the tables and sentences of pages have it.

export const overDraws = <D>(draws: readonly D[], of: (draw: D) => number): Estimate =>
  estimate(draws.map(of))

/** `0.52 [0.48, 0.56]`. */
export const showInterval = (places: number, { mean, interval }: Estimate): string =>
  signed(places, mean, '') +
  (interval === undefined
    ? ''
    : ` [${signed(places, interval.low, '')}, ${signed(places, interval.high, '')}]`)

/** `0.52 ± 0.04`, with half of the interval. */
export const showHalf = (places: number, { mean, interval }: Estimate): string =>
  mean.toFixed(places) +
  (interval === undefined ? '' : ` ± ${((interval.high - interval.low) / 2).toFixed(places)}`)
