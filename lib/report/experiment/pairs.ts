import { estimate, pairedDifferences, showDifference } from '../estimate.js'
import type { Table } from '../table.js'
import { besideDense, type Group, type Level, robustPercent, seededOf } from './groups.js'

/** The methods that every other is held against. */
const BASES = ['dense', 'snip', 'kernelTrace'] as const

/** What is said beside the differences. */
export const pairsNote =
  'Robust accuracy under all attacks, in points: mean of the differences on each seed that both ran, and its 95 % ' +
  'interval by Student’s t. * where the interval leaves out 0; of many such intervals one in twenty does so by chance.'

const against =
  (base: Group) =>
  (group: Group): string => {
    if (base === group) return '–'
    const difference = estimate(
      pairedDifferences(seededOf(group, robustPercent), seededOf(base, robustPercent))
    )
    const isWhole = difference.count === 0 || difference.count === group.runs.length
    return showDifference(1, difference) + (isWhole ? '' : ` (${difference.count} of them)`)
  }

/**
 * Differences in robust accuracy of each method of a density against those of the same density, and against dense,
 * seed by seed. Undefined where there is nothing to compare.
 */
export const pairsTable = (level: Level): Table | undefined => {
  const { masked } = level
  const bases = BASES.flatMap((name): readonly Group[] => {
    const base = besideDense(level).find(({ method }) => method === name)
    return base !== undefined && masked.some((group) => group !== base) ? [base] : []
  })
  return bases.length === 0
    ? undefined
    : {
        headings: ['method', 'seeds', ...bases.map(({ method }) => `against ${method}`)],
        rows: masked.map((group) => [
          group.name,
          String(group.runs.length),
          ...bases.map((base) => against(base)(group))
        ])
      }
}
