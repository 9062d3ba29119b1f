import type { ExperimentRecord } from '../experiment/experiment-record.js'
import { estimate, pairedDifferences, signed, studentQuantile } from './estimate.js'
import { type Group, levelsOf, percentOf, robustPercent, seededOf } from './group.js'
import type { Table } from './tables.js'

/** A difference of fewer points than this is none that matters. */
const MARGIN = 1

/**
 * What paired differences from a baseline say, in two one-sided tests at 95 % each (Schuirmann, J. Pharmacokinet. Biopharm. 15, 1987):
 * `equivalent` where the difference lies within the margin, `not worse` where it lies above −margin, `worse` where it lies below that,
 * `undecided` where the seeds do not tell.
 */
export type Verdict = 'equivalent' | 'not worse' | 'worse' | 'undecided'

/** The half-width of a 90 % interval in standard errors: each of its ends is a one-sided test at 95 %. */
const oneSided = (count: number): number => studentQuantile(count - 1, 0.9)

/** A verdict and what it rests on: the mean difference, and the 90 % interval whose ends the two tests compare with the margin. */
export interface Equivalence {
  readonly verdict: Verdict
  readonly mean: number
  readonly low: number
  readonly high: number
}

/** The verdict on paired differences, none for fewer than two. */
export const judge = (differences: readonly number[], margin = MARGIN): Equivalence | undefined => {
  const { count, mean, sd } = estimate(differences)
  if (sd === undefined) return undefined
  const half = (oneSided(count) * sd) / Math.sqrt(count)
  const [low, high] = [mean - half, mean + half]
  const verdict =
    low > -margin ? (high < margin ? 'equivalent' : 'not worse') : high < -margin ? 'worse' : 'undecided'
  return { verdict, mean, low, high }
}

/** No grid has more seeds. */
const MOST_SEEDS = 10_000

const showSeeds = (count: number): string =>
  count > MOST_SEEDS ? `more than ${MOST_SEEDS.toLocaleString('en')}` : String(count)

/**
 * How many seeds show equivalence in four of five experiments, where the true difference is 0 and differences have this standard
 * deviation: the least n with (t₀.₉₅ + t₀.₉₀) sd / √n ≤ margin, t of n − 1 degrees of freedom; ∞ above 10,000. It is worked out before a
 * grid is run.
 */
export const seedsFor = (sd: number, margin = MARGIN): number => {
  const suffices = (n: number): boolean =>
    ((oneSided(n) + studentQuantile(n - 1, 0.8)) * sd) / Math.sqrt(n) <= margin
  let [low, high] = [1, 2]
  while (high < MOST_SEEDS && !suffices(high)) [low, high] = [high, Math.min(MOST_SEEDS, 2 * high)]
  if (!suffices(high)) return Infinity
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (suffices(middle)) high = middle
    else low = middle
  }
  return high
}

const isNotWorse = (judged: Equivalence | undefined): boolean =>
  judged?.verdict === 'equivalent' || judged?.verdict === 'not worse'

/** `equivalent −0.2 [−0.6, +0.1]`. */
const show = (judged: Equivalence | undefined): string =>
  judged === undefined
    ? '–'
    : `${judged.verdict} ${signed(1, judged.mean)} [${signed(1, judged.low)}, ${signed(1, judged.high)}]`

/** What is said beside the table. */
export const equivalenceNote =
  `Robust accuracy less that of the dense network on the same seed, in points, with 90 % intervals by Student’s t: each end is a one-sided ` +
  `test at 95 %. Equivalent: within ${MARGIN} point; not worse: above −${MARGIN}; worse: below it; undecided: the seeds do not tell. Down to: the fewest ` +
  'weights at which, as at all larger densities measured, the method is not worse.'

/**
 * For each method and density whether it equals the dense network, and down to which density it does; the last column has the seeds that
 * would show it at the spread that was seen. None without a dense network, or with fewer than two seeds.
 */
export const equivalenceTable = (record: ExperimentRecord): Table | undefined => {
  const levels = levelsOf(record).filter(({ masked }) => masked.length > 0)
  const methods = [...new Set(levels.flatMap(({ masked }) => masked.map(({ method }) => method)))]
  const differencesOf = (dense: Group | undefined, group: Group | undefined): readonly number[] =>
    dense === undefined || group === undefined
      ? []
      : pairedDifferences(seededOf(group, robustPercent), seededOf(dense, robustPercent))
  const rows = methods.flatMap((method) => {
    const found = levels.map(({ density, dense, masked }) => {
      const differences = differencesOf(
        dense,
        masked.find((group) => group.method === method)
      )
      return { density, differences, judged: judge(differences) }
    })
    if (found.every(({ judged }) => judged === undefined)) return []
    const measured = found.filter(({ judged }) => judged !== undefined)
    const end = measured.findIndex(({ judged }) => !isNotWorse(judged))
    const last = measured[(end < 0 ? measured.length : end) - 1]
    const spread = Math.max(...measured.map(({ differences }) => estimate(differences).sd ?? 0))
    return [
      [
        method,
        ...found.map(({ judged }) => show(judged)),
        last === undefined ? 'none' : percentOf(last.density),
        showSeeds(seedsFor(spread))
      ]
    ]
  })
  return rows.length === 0
    ? undefined
    : {
        headings: ['method', ...levels.map(({ density }) => percentOf(density)), 'down to', 'seeds needed'],
        rows
      }
}
