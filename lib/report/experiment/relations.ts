import { correlate, type Correlations, showCorrelation } from '../correlation.js'
import type { ExperimentRecord, ExperimentRun } from '../experiment-record.js'
import type { Table } from '../table.js'
import { dynamics, levelsOf, type Measure, percentOf, robustPercent } from './groups.js'

/** Two measures that may go together. */
export interface Relation {
  readonly across: string
  readonly up: string
  readonly x: Measure
  readonly y: Measure
}

const kernelDistance: Measure = ({ measures }) => measures?.distance?.kernel

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

const row = (name: string, found: Correlations | undefined): readonly (readonly string[])[] =>
  found === undefined
    ? []
    : [[name, String(found.count), showCorrelation(found.pearson), showCorrelation(found.spearman)]]

/** Correlations within each density, and over all runs where there are several densities. */
export const relationTable = (record: ExperimentRecord, relation: Relation): Table | undefined => {
  const related = relatedOf(record.runs, relation)
  const of = (some: readonly Related[]): Correlations | undefined =>
    correlate(some.map(({ x, y }) => [x, y] as const))
  const levels = levelsOf(record)
  const rows = [
    ...levels.flatMap(({ density }) =>
      row(`${percentOf(density)} of the weights`, of(related.filter((one) => one.density === density)))
    ),
    ...(levels.length > 1 ? row('all densities', of(related)) : [])
  ]
  return rows.length === 0
    ? undefined
    : {
        headings: [`${relation.across} and ${relation.up.replace(', %', '')}`, 'runs', 'Pearson', 'Spearman'],
        rows
      }
}
