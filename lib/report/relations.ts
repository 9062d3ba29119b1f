import type { ExperimentRecord, ExperimentRun } from '../experiment/experiment-record.js'
import { mean } from '../core/mean.js'
import { correlate, showCorrelation } from './correlation.js'
import { dynamics, kernelDistance, levelsOf, type Measure, percentOf, robustPercent } from './group.js'
import type { Markup } from './markup.js'
import { extentOf, linearAxis } from './plot/axis.js'
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

/** A run that has both measures. */
interface Related {
  readonly method: string
  readonly density: number
  readonly x: number
  readonly y: number
}

/** The masked runs that have both measures; the dense network is what distances are taken to, and no point. */
const relatedOf = (runs: readonly ExperimentRun[], { x, y }: Relation): readonly Related[] =>
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
      return { ...one, x: mean(same.map(({ x }) => x)), y: mean(same.map(({ y }) => y)) }
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

/** Every run as a point, colours for methods and shapes for densities; none for fewer than two runs. */
export const relationPlot = (
  record: ExperimentRecord,
  relation: Relation,
  colour: Paint
): readonly Markup[] => {
  const { across, up } = relation
  const related = relatedOf(record.runs, relation)
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
        marks: related.map(({ x, y, method, density }) =>
          point([x, y], densities.indexOf(density), colour(method))
        ),
        legend: [
          ...methods.map((name) => ({ name, colour: colour(name), shape: 0 })),
          ...(densities.length < 2 ? [] : densities.map((one, shape) => ({ name: percentOf(one), shape })))
        ]
      })
    )
  ]
}
