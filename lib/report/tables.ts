import { longerOf } from '../experiment/methods/index.js'
import type { ExperimentRecord, ExperimentRun } from '../experiment/experiment-record.js'
import { estimate, pairedDifferences, pairedRatios, show, showDifference } from './estimate.js'
import {
  cleanPercent,
  dynamics,
  type Group,
  groupsOf,
  kernelDistance,
  type Level,
  type Measure,
  percentage,
  percentOf,
  robustPercent,
  seededOf,
  valuesOf
} from './group.js'

/** A table as text: a heading for each column, and rows of as many cells. */
export interface Table {
  readonly headings: readonly string[]
  readonly rows: readonly (readonly string[])[]
  /** The rows before which a line is drawn, counted from 0. */
  readonly starts?: readonly number[]
}

interface Column {
  readonly heading: string
  readonly cell: (group: Group) => string
}

const NOTHING = '–'

/** Mean ± standard deviation over the seeds. */
const column = (heading: string, digits: number, of: Measure): Column => ({
  heading,
  cell: (group) => {
    const values = valuesOf(group, of)
    return values.length === 0 ? NOTHING : show(digits, estimate(values))
  }
})

/** A fraction in per cent, mean ± standard deviation over the seeds. */
const shareColumn = (heading: string, of: Measure): Column => column(heading, 1, percentage(of))

/** A row for each group; columns without a value are left out, and the table where none is left. */
const tableOf = (groups: readonly Group[], columns: readonly Column[]): Table | undefined => {
  const shown = columns.filter(({ cell }) => groups.some((group) => cell(group) !== NOTHING))
  return shown.length === 0
    ? undefined
    : {
        headings: ['method', ...shown.map(({ heading }) => heading)],
        rows: groups.map((group) => [group.name, ...shown.map(({ cell }) => cell(group))]),
        // where another density begins
        starts: groups.flatMap(({ density }, i) => (i > 0 && density !== groups[i - 1]?.density ? [i] : []))
      }
}

/** The percentage of its weights that the first run of a group keeps. */
const keptColumn: Column = {
  heading: 'weights %',
  cell: ({ runs }) => {
    const layers = runs[0]?.measures?.layers ?? []
    const total = layers.reduce((sum, layer) => sum + layer.total, 0)
    const kept = layers.reduce((sum, layer) => sum + layer.kept, 0)
    return total === 0 ? NOTHING : ((100 * kept) / total).toFixed(1)
  }
}

/** How many epochs a run was trained. */
const epochsOf = ({ training }: ExperimentRun): number => training.losses.length

/** The column of a measure of lengths, where some method is trained longer than others. */
const lengthColumn = (groups: readonly Group[], heading: string, of: Measure): readonly Column[] =>
  groups.some(({ runs }) => longerOf(runs[0]?.setting['method']) > 1) ? [column(heading, 0, of)] : []

/** The methods that every other is compared with. */
const BASES = ['dense', 'snip', 'kernelTrace'] as const

/** What is said beside the paired differences. */
export const pairsNote =
  'Robust accuracy under all attacks, in points: mean of the differences on each seed that both ran, and its 95 % ' +
  'interval by Student’s t. * where the interval leaves out 0; of many such intervals one in twenty does so by chance.'

const differenceFrom =
  (base: Group) =>
  (group: Group): string => {
    if (base === group) return NOTHING
    const difference = estimate(
      pairedDifferences(seededOf(group, robustPercent), seededOf(base, robustPercent))
    )
    const isWhole = difference.count === 0 || difference.count === group.runs.length
    return showDifference(1, difference) + (isWhole ? '' : ` (${difference.count} of them)`)
  }

/** Distances along training in multiples of a control's, which is the distance of two trainings that should not differ. */
const relativeTo = (control: Group): Column => ({
  heading: `of ${control.name}`,
  cell: (group) => {
    const ratios = pairedRatios(seededOf(group, dynamics), seededOf(control, dynamics))
    return group === control || ratios.length === 0 ? NOTHING : show(2, estimate(ratios))
  }
})

/** The tables of a report, each undefined where nothing of it was measured. */
export const tables = {
  /** What each method keeps, how accurate it is, and how far from the dense network. */
  summary: (record: ExperimentRecord): Table | undefined => {
    const groups = groupsOf(record)
    return tableOf(groups, [
      keptColumn,
      ...lengthColumn(groups, 'epochs', epochsOf),
      column('clean %', 1, cleanPercent),
      column('robust %', 1, robustPercent),
      column('kernel distance', 3, kernelDistance),
      column('output distance', 3, ({ measures }) => measures?.distance?.output),
      column('dynamics', 3, dynamics),
      ...groups.filter(({ role }) => role === 'control').map(relativeTo),
      { heading: 'seeds', cell: ({ runs }) => String(runs.length) }
    ])
  },

  /** Robust accuracy after each attack in turn, where there are several. */
  attacks: (record: ExperimentRecord): Table | undefined => {
    const names = record.runs[0]?.robustness.attacks.map(({ name }) => name) ?? []
    const columns = names.map((name, j) =>
      shareColumn(`${j === 0 ? '' : 'and '}${name} %`, ({ robustness }) => robustness.attacks[j]?.robust)
    )
    return tableOf(groupsOf(record), columns.length < 2 ? [] : columns)
  },

  /** What each method costs: to keep, to run, and to come by. */
  cost: (record: ExperimentRecord): Table | undefined => {
    const groups = groupsOf(record)
    const [dense] = groups.find(({ role }) => role === 'dense')?.runs ?? []
    const operations: Measure = ({ measures }) => measures && measures.cost.flops / measures.cost.denseFlops
    const ofTraining: Measure = (run) => {
      const share = operations(run)
      return share && dense && (100 * share * epochsOf(run)) / epochsOf(dense)
    }
    return tableOf(groups, [
      shareColumn('FLOPs %', operations),
      ...lengthColumn(groups, 'training FLOPs %', ofTraining),
      shareColumn('bytes %', ({ measures }) => measures && measures.cost.bytes / measures.cost.denseBytes),
      column('mask s', 1, ({ seconds }) => seconds?.mask),
      column('training s', 1, ({ seconds }) => seconds?.training),
      column('tests s', 1, ({ seconds }) => seconds?.tests)
    ])
  },

  /** What a search changed, on images kept out of it. */
  search: (record: ExperimentRecord): Table | undefined =>
    tableOf(
      groupsOf(record).filter(({ runs }) => runs.some(({ measures }) => measures?.search !== undefined)),
      [
        column('kernel before', 3, ({ measures }) => measures?.search?.before.kernel),
        column('kernel after', 3, ({ measures }) => measures?.search?.after.kernel),
        column('output before', 3, ({ measures }) => measures?.search?.before.output),
        column('output after', 3, ({ measures }) => measures?.search?.after.output),
        column('weights exchanged', 0, ({ measures }) =>
          measures?.search?.flips.flat().reduce((sum, flips) => sum + flips, 0)
        )
      ]
    ),

  /** The kernels at the start. */
  kernels: (record: ExperimentRecord): Table | undefined =>
    tableOf(groupsOf(record), [
      column('effective rank', 1, ({ measures }) => measures?.kernel?.effectiveRank),
      column('alignment with labels', 3, ({ measures }) => measures?.kernel?.labelAlignment),
      column('with the dense kernel', 3, ({ measures }) => measures?.kernel?.denseAlignment)
    ]),

  /** Accuracy class by class, of the first run. */
  classes: ({ runs }: ExperimentRecord): Table | undefined =>
    runs[0] && {
      headings: ['class', 'images', 'clean %', 'robust %'],
      rows: runs[0].robustness.classes.map(({ label, count, clean, robust }) => [
        String(label),
        String(count),
        (100 * clean).toFixed(1),
        (100 * robust).toFixed(1)
      ])
    },

  /** Kept weights of each layer, and their share of it, of the first run of each method of a density. */
  layers: ({ masked }: Level): Table | undefined =>
    tableOf(
      masked,
      (masked[0]?.runs[0]?.measures?.layers ?? []).map(({ total }, i) => ({
        heading: `layer ${i + 1} of ${total.toLocaleString('en')}`,
        cell: ({ runs }) => {
          const layer = runs[0]?.measures?.layers[i]
          return layer === undefined
            ? NOTHING
            : `${layer.kept.toLocaleString('en')} (${percentOf(Number((layer.kept / layer.total).toPrecision(2)))})`
        }
      }))
    ),

  /** Differences in robust accuracy of each method from dense and those of the same density, seed by seed. */
  pairs: ({ others, all }: Level): Table | undefined => {
    const bases = BASES.flatMap((name) =>
      all.filter((base) => base.method === name && others.some((group) => group !== base))
    )
    return bases.length === 0
      ? undefined
      : {
          headings: ['method', 'seeds', ...bases.map(({ method }) => `against ${method}`)],
          rows: others.map((group) => [
            group.name,
            String(group.runs.length),
            ...bases.map((base) => differenceFrom(base)(group))
          ])
        }
  }
}
