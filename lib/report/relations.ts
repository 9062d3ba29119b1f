import * as RA from 'fp-ts/lib/ReadonlyArray.js'
import type { ExperimentRecord, ExperimentRun } from '../experiment/experiment-record.js'
import { roleOf } from '../experiment/methods/index.js'
import { mean } from '../core/mean.js'
import type { Crossed } from './bootstrap.js'
import { correlate, correlateRuns, type Correlations, type Point, showCorrelation } from './correlation.js'
import { dynamics, kernelDistance, levelsOf, type Measure, percentOf, robustPercent } from './group.js'
import type { Markup } from './markup.js'
import { extentOf, linearAxis, showNumber } from './plot/axis.js'
import { layOut, picture } from './plot/drawing.js'
import { point } from './plot/mark.js'
import type { Paint } from './plot/palette.js'
import type { Table } from './tables.js'

/** Two measures that may go together. */
export interface Relation {
  readonly across: string
  readonly up: string
  readonly x: Measure
  readonly y: Measure
}

/** The claim behind tickets: that a kernel nearer to the dense one means closer training, and more robustness. */
export const relations: readonly Relation[] = [
  { across: 'kernel distance', up: 'dynamics', x: kernelDistance, y: dynamics },
  { across: 'kernel distance', up: 'robust accuracy, %', x: kernelDistance, y: robustPercent }
]

/** A masked run that has both measures. */
interface Related extends Crossed {
  readonly density: number
  readonly x: number
  readonly y: number
}

/** The masked runs that have both measures; a dense network is what distances are taken to, or a control, and no point. */
const relatedOf = (runs: readonly ExperimentRun[], { x, y }: Relation): readonly Related[] =>
  runs.flatMap((run) => {
    const [across, up] = [x(run), y(run)]
    const { method, density, seed, setting } = run
    return roleOf(setting['method']) !== 'masked' || across === undefined || up === undefined
      ? []
      : [{ method, density, seed, x: across, y: up }]
  })

const pointOf = ({ x, y }: Pick<Related, 'x' | 'y'>): Point => [x, y]

const isAlike = (a: Related) => (b: Related) => a.method === b.method && a.density === b.density

/** To 13 digits: equal means of several numbers are equal then, in whatever order they were added up. */
const settled = (value: number): number => Number(value.toPrecision(13))

const meanOf = (some: readonly Related[]): Point => [
  settled(mean(some.map(({ x }) => x))),
  settled(mean(some.map(({ y }) => y)))
]

/** A point for each method and density: the means over its runs. */
const between = (related: readonly Related[]): readonly Point[] =>
  related
    .filter((one, i) => related.findIndex(isAlike(one)) === i)
    .map((one) => meanOf(related.filter(isAlike(one))))

/** a − b, and 0 for what rounding leaves of equal numbers. */
const less = (a: number, b: number): number => (Math.abs(a - b) <= 1e-12 * Math.abs(b) ? 0 : a - b)

/** Each run less the mean of the runs of its method and density. */
const within = (related: readonly Related[]): readonly Point[] =>
  related.map((one) => {
    const [x, y] = meanOf(related.filter(isAlike(one)))
    return [less(one.x, x), less(one.y, y)]
  })

/**
 * Correlations within each density, and over all where there are several densities: of the runs; of the means of the methods,
 * since seeds of one method are hardly independent of one another; and of the runs of each method among themselves.
 */
export const relationTable = (record: ExperimentRecord, relation: Relation): Table | undefined => {
  const related = relatedOf(record.runs, relation)
  const row = (name: string, found: Correlations | undefined): readonly (readonly string[])[] =>
    found === undefined
      ? []
      : [[name, String(found.count), showCorrelation(found.pearson), showCorrelation(found.spearman)]]
  const rowsOf = (name: string, some: readonly Related[]): readonly (readonly string[])[] => {
    const means = between(some)
    return [
      ...row(`${name}, runs`, correlateRuns(some, RA.map(pointOf))),
      ...(means.length === some.length
        ? []
        : [
            ...row(`${name}, means of methods`, correlate(means)),
            ...row(`${name}, within methods`, correlateRuns(some, within))
          ])
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

/** Every run with both numbers as a point, colours for methods and shapes for densities; none for fewer than two. */
export const relationPlot = (
  record: ExperimentRecord,
  relation: Relation,
  colour: Paint
): readonly Markup[] => {
  const { across, up } = relation
  const related = relatedOf(record.runs, relation).filter(
    ({ x, y }) => Number.isFinite(x) && Number.isFinite(y)
  )
  if (related.length < 2) return []
  const densities = [...new Set(related.map(({ density }) => density))].sort((a, b) => b - a)
  const methods = [...new Set(related.map(({ method }) => method))]
  // positions carry the values, so neither axis need start at zero
  const domain = (side: 'x' | 'y') =>
    extentOf(
      related.map((one) => one[side]),
      0.06
    )
  return [
    picture(
      layOut({
        title: `${up} against ${across}`,
        x: linearAxis({ domain: domain('x'), label: across, wanted: 7 }),
        y: linearAxis({ domain: domain('y'), label: up }),
        marks: related.map(({ x, y, method, density, seed }) =>
          point(
            [x, y],
            densities.indexOf(density),
            colour(method),
            `${method}, ${percentOf(density)}, seed ${seed}: ${showNumber(x)}, ${showNumber(y)}`
          )
        ),
        legend: [
          ...methods.map((name) => ({ name, colour: colour(name), shape: 0 })),
          ...(densities.length < 2 ? [] : densities.map((one, shape) => ({ name: percentOf(one), shape })))
        ]
      })
    )
  ]
}
