import type { ExperimentRecord, ExperimentRun } from '../experiment/record.js'
import { show, summarise } from './estimate.js'
import type { Table } from './table.js'
import {
  dynamics,
  type Group,
  groupsOf,
  kernelDistance,
  type Level,
  type Measure,
  percentOf,
  robustPercent,
  valuesOf
} from './group.js'

interface Column {
  readonly heading: string
  readonly cell: (group: Group) => string
}

const NOTHING = '–'

/** Mean ± standard deviation over the seeds. */
const measured = (heading: string, digits: number, of: Measure): Column => ({
  heading,
  cell: (group) => {
    const values = valuesOf(group, of)
    return values.length === 0 ? NOTHING : show(digits, summarise(values))
  }
})

/** A share of two numbers in per cent, a run each. */
const percentage = (heading: string, of: Measure): Column =>
  measured(heading, 1, (run) => {
    const share = of(run)
    return share === undefined ? undefined : 100 * share
  })

/** Where another density begins. */
const startsOf = (groups: readonly Group[]): readonly number[] =>
  groups.flatMap(({ density }, i) => (i > 0 && density !== groups[i - 1]?.density ? [i] : []))

/** A row for each group; columns that say nothing of any are left out, and the table where none is left. */
const rowsOf = (groups: readonly Group[], columns: readonly Column[]): Table | undefined => {
  const shown = columns.filter(({ cell }) => groups.some((group) => cell(group) !== NOTHING))
  return shown.length === 0
    ? undefined
    : {
        headings: ['method', ...shown.map(({ heading }) => heading)],
        rows: groups.map((group) => [group.name, ...shown.map(({ cell }) => cell(group))]),
        starts: startsOf(groups)
      }
}

const masked = (record: ExperimentRecord): readonly Group[] =>
  groupsOf(record).filter(({ method }) => method !== 'dense')

/** The percentage of the weights that a run keeps. */
const keptOf = (run: ExperimentRun | undefined): string => {
  const layers = run?.measures?.layers ?? []
  const total = layers.reduce((sum, layer) => sum + layer.total, 0)
  const kept = layers.reduce((sum, layer) => sum + layer.kept, 0)
  return total === 0 ? NOTHING : ((100 * kept) / total).toFixed(1)
}

/** What each method keeps, how accurate it is, and how far from the dense network. */
export const summaryTable = (record: ExperimentRecord): Table | undefined =>
  rowsOf(groupsOf(record), [
    { heading: 'weights %', cell: ({ runs }) => keptOf(runs[0]) },
    percentage('clean %', ({ robustness }) => robustness.clean),
    measured('robust %', 1, robustPercent),
    measured('kernel distance', 3, kernelDistance),
    measured('output distance', 3, ({ measures }) => measures?.distance?.output),
    measured('dynamics', 3, dynamics),
    { heading: 'seeds', cell: ({ runs }) => String(runs.length) }
  ])

/** Robust accuracy after each attack in turn, where there are several. */
export const attacksTable = (record: ExperimentRecord): Table | undefined => {
  const names = record.runs[0]?.robustness.attacks.map(({ name }) => name) ?? []
  return names.length < 2
    ? undefined
    : rowsOf(
        groupsOf(record),
        names.map((name, j) =>
          percentage(
            j === 0 ? `${name} %` : `and ${name} %`,
            ({ robustness }) => robustness.attacks[j]?.robust
          )
        )
      )
}

/** What each method costs: to keep, to run, and to come by. */
export const costTable = (record: ExperimentRecord): Table | undefined =>
  rowsOf(groupsOf(record), [
    percentage('FLOPs %', ({ measures }) => measures && measures.cost.flops / measures.cost.denseFlops),
    percentage('bytes %', ({ measures }) => measures && measures.cost.bytes / measures.cost.denseBytes),
    measured('mask s', 1, ({ seconds }) => seconds?.mask),
    measured('training s', 1, ({ seconds }) => seconds?.training),
    measured('tests s', 1, ({ seconds }) => seconds?.tests)
  ])

/** What a search changed, on images kept out of it. */
export const searchTable = (record: ExperimentRecord): Table | undefined => {
  const searched = masked(record).filter((group) =>
    group.runs.some(({ measures }) => measures?.search !== undefined)
  )
  return rowsOf(searched, [
    measured('kernel before', 3, ({ measures }) => measures?.search?.before.kernel),
    measured('kernel after', 3, ({ measures }) => measures?.search?.after.kernel),
    measured('output before', 3, ({ measures }) => measures?.search?.before.output),
    measured('output after', 3, ({ measures }) => measures?.search?.after.output),
    measured('weights exchanged', 0, ({ measures }) =>
      measures?.search?.flips.flat().reduce((sum, flips) => sum + flips, 0)
    )
  ])
}

/** What the kernels at the start are like. */
export const kernelTable = (record: ExperimentRecord): Table | undefined =>
  rowsOf(groupsOf(record), [
    measured('effective rank', 1, ({ measures }) => measures?.kernel?.effectiveRank),
    measured('alignment with labels', 3, ({ measures }) => measures?.kernel?.labelAlignment),
    measured('with the dense kernel', 3, ({ measures }) => measures?.kernel?.denseAlignment)
  ])

/** Kept weights of each layer, and their share of it, of the first run of each method of a density. */
export const layerTable = ({ masked: groups }: Level): Table | undefined => {
  const totals = groups[0]?.runs[0]?.measures?.layers.map(({ total }) => total) ?? []
  return rowsOf(
    groups,
    totals.map((total, i) => ({
      heading: `layer ${i + 1} of ${total.toLocaleString('en')}`,
      cell: ({ runs }) => {
        const layer = runs[0]?.measures?.layers[i]
        return layer === undefined
          ? NOTHING
          : `${layer.kept.toLocaleString('en')} (${percentOf(Number((layer.kept / layer.total).toPrecision(2)))})`
      }
    }))
  )
}

/** Accuracy class by class, of the first run. */
export const classTable = ({ runs }: ExperimentRecord): Table | undefined =>
  runs[0] && {
    headings: ['class', 'images', 'clean %', 'robust %'],
    rows: runs[0].robustness.classes.map(({ label, count, clean, robust }) => [
      String(label),
      String(count),
      (100 * clean).toFixed(1),
      (100 * robust).toFixed(1)
    ])
  }
