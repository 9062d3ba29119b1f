import { key, uniforms } from '../core/key.js'
import type { Interval } from './estimate.js'

/** A value of a run: of one method, from one seed. */
export interface Crossed {
  readonly method: string
  readonly seed: number
}

const RESAMPLES = 1000
/** Fewer methods than this are too few to draw from. */
const LEAST_METHODS = 4
/** The 95 % interval lies between these fractions of the resamples. */
const [LOW, HIGH] = [0.025, 0.975]

/**
 * Percentile intervals of statistics of runs, each of a method and a seed, by the bootstrap over both: methods and seeds are
 * drawn with replacement, and a resample has the runs of every drawn method at every drawn seed, so that many seeds of a few
 * methods do not pass for many methods (Owen, "The pigeonhole bootstrap", Annals of Applied Statistics 1, 2007,
 * arXiv:0712.1111). Undefined for fewer than four methods, and for a statistic that half of the resamples do not have. The same
 * runs have the same intervals.
 */
export const bootstrap = <R extends Crossed>(
  runs: readonly R[],
  statistics: (resample: readonly R[]) => readonly (number | undefined)[]
): readonly (Interval | undefined)[] => {
  const methods = [...new Set(runs.map(({ method }) => method))]
  const seeds = [...new Set(runs.map(({ seed }) => seed))]
  const cells = methods.map((method) =>
    seeds.map((seed) => runs.filter((run) => run.method === method && run.seed === seed))
  )
  const drawn = methods.length + seeds.length
  const numbers = uniforms(key(0), RESAMPLES * drawn)
  const found = Array.from({ length: RESAMPLES }, (_, i) => {
    const draw = (at: number, of: number): number => Math.floor(numbers[i * drawn + at]! * of)
    const columns = seeds.map((_seed, s) => draw(methods.length + s, seeds.length))
    return statistics(
      methods.flatMap((_method, m) => {
        const row = cells[draw(m, methods.length)]!
        return columns.flatMap((column) => row[column]!)
      })
    )
  })
  return statistics(runs).map((_, k) => {
    const values = found.flatMap((each) => each[k] ?? []).sort((a, b) => a - b)
    const quantile = (fraction: number): number => values[Math.floor(fraction * (values.length - 1))]!
    return methods.length < LEAST_METHODS || 2 * values.length < RESAMPLES
      ? undefined
      : { low: quantile(LOW), high: quantile(HIGH) }
  })
}
