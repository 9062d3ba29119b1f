import type { ExperimentRecord, ExperimentRun } from '../experiment/record.js'
import { correlate, showCorrelation } from './correlation.js'
import { estimate, pairedDifferences, showDifference, summarise } from './estimate.js'
import type { Table } from './table.js'
import {
  besideDense,
  dynamics,
  type Group,
  kernelDistance,
  type Level,
  levelsOf,
  type Measure,
  percentOf,
  robustPercent,
  seededOf
} from './group.js'

/** The methods that every other is held against. */
const BASES = ['dense', 'snip', 'kernelTrace'] as const

/** What is said beside the differences. */
export const pairsNote =
  'Robust accuracy under all attacks, in points: mean of the differences on each seed that both ran, and its 95 % ' +
  'interval by Student’s t. * where the interval leaves out 0; of many such intervals one in twenty does so by chance.'

const differenceFrom =
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
          ...bases.map((base) => differenceFrom(base)(group))
        ])
      }
}

/** Two measures that may go together. */
export interface Relation {
  readonly across: string
  readonly up: string
  readonly x: Measure
  readonly y: Measure
}

/** What a ticket rests on: that a kernel nearer to the dense one means closer training, and more robustness. */
export const relations: readonly Relation[] = [
  { across: 'kernel distance', up: 'dynamics', x: kernelDistance, y: dynamics },
  { across: 'kernel distance', up: 'robust accuracy, %', x: kernelDistance, y: robustPercent }
]

/** A run that has both measures. */
export interface Related {
  readonly method: string
  readonly density: number
  readonly x: number
  readonly y: number
}

/** The masked runs that have both measures; the dense network is what distances are taken to, and no point. */
export const relatedOf = (runs: readonly ExperimentRun[], { x, y }: Relation): readonly Related[] =>
  runs.flatMap((run) => {
    const [across, up] = [x(run), y(run)]
    return run.method === 'dense' || across === undefined || up === undefined
      ? []
      : [{ method: run.method, density: run.density, x: across, y: up }]
  })

/** A point for each method and density: the means over its runs. */
const meansOf = (related: readonly Related[]): readonly Related[] => {
  const isSame = (a: Related) => (b: Related) => a.method === b.method && a.density === b.density
  return related
    .filter((one, i) => related.findIndex(isSame(one)) === i)
    .map((one) => {
      const same = related.filter(isSame(one))
      return { ...one, x: summarise(same.map(({ x }) => x)).mean, y: summarise(same.map(({ y }) => y)).mean }
    })
}

/**
 * Correlations within each density, and over all where there are several densities: of the runs, and, as seeds of one
 * method are hardly independent of one another, of the means of the methods.
 */
export const relationTable = (record: ExperimentRecord, relation: Relation): Table | undefined => {
  const related = relatedOf(record.runs, relation)
  const row = (name: string, points: readonly Related[]): readonly (readonly string[])[] => {
    const found = correlate(points.map(({ x, y }) => [x, y] as const))
    return found === undefined
      ? []
      : [[name, String(found.count), showCorrelation(found.pearson), showCorrelation(found.spearman)]]
  }
  const rowsOf = (name: string, some: readonly Related[]): readonly (readonly string[])[] => {
    const means = meansOf(some)
    return [
      ...row(`${name}, runs`, some),
      ...(means.length === some.length ? [] : row(`${name}, means of methods`, means))
    ]
  }
  const levels = levelsOf(record)
  const rows = [
    ...levels.flatMap(({ density }) =>
      rowsOf(
        percentOf(density),
        related.filter((one) => one.density === density)
      )
    ),
    ...(levels.length > 1 ? rowsOf('all densities', related) : [])
  ]
  const heading = `${relation.across} and ${relation.up.replace(', %', '')}`
  return rows.length === 0 ? undefined : { headings: [heading, 'points', 'Pearson', 'Spearman'], rows }
}
