import type { ExperimentRecord, ExperimentRun } from './experiment-record.js'
import { linePlot } from './lines.js'
import { page, section, tableOf } from './page.js'
import { percent, show, summarise } from './statistics.js'
import { element, group, type Markup } from './svg.js'
import { formatTable, type Table } from './table.js'

interface Group {
  readonly name: string
  readonly runs: readonly ExperimentRun[]
}

/** Runs that differ in their seed alone. */
const groupsOf = ({ runs }: ExperimentRecord): readonly Group[] => {
  const nameOf = ({ method, density }: ExperimentRun): string =>
    density === 1 ? method : `${method}, ${100 * density} %`
  return [...new Set(runs.map(nameOf))].map((name) => ({
    name,
    runs: runs.filter((run) => nameOf(run) === name)
  }))
}

/** `± 1.2`: one standard error of an accuracy on so many examples, in points. */
const standardError = (fraction: number, count: number): string =>
  (100 * Math.sqrt((fraction * (1 - fraction)) / count)).toFixed(1)

/** Accuracies, a row for each method: clean, and robust after each attack in turn; the last column is the worst of all. */
const accuracies = (record: ExperimentRecord): Table => {
  const attacks = record.runs[0]?.robustness.attacks.map(({ name }) => name) ?? []
  return {
    headings: ['method', 'clean %', ...attacks.map((name, j) => (j === 0 ? `${name} %` : `and ${name} %`))],
    rows: groupsOf(record).map(({ name, runs }) => [
      name,
      show(1, percent(runs.map(({ robustness }) => robustness.clean))),
      ...attacks.map((_, j) =>
        show(1, percent(runs.map(({ robustness }) => robustness.attacks[j]?.robust ?? Number.NaN)))
      )
    ])
  }
}

const flagsOf = ({ runs }: ExperimentRecord): readonly string[] =>
  runs.flatMap(({ method, seed, robustness, audit }) =>
    [...robustness.flags, ...(audit?.flags ?? [])].map(
      ({ name, reason }) => `${method}, seed ${seed}: ${name}: ${reason}`
    )
  )

const sentences = (record: ExperimentRecord): readonly string[] => {
  const { robustness, executed } = record.runs[0] ?? {}
  if (robustness === undefined || executed === undefined) return ['no run is done']
  const flags = flagsOf(record)
  const audited = record.runs.some(({ audit }) => audit !== undefined)
  return [
    `${robustness.count} test images; one standard error is ${standardError(robustness.robust, robustness.count)} ` +
      `points at ${(100 * robustness.robust).toFixed(1)} %. Attacks follow one another: each column is what stands after it.`,
    ...(flags.length === 0
      ? [`No flag was raised${audited ? '' : ' (no audit was asked for)'}.`]
      : flags.map((flag) => `FLAG ${flag}`)),
    `executed by ${executed.engine} (${executed.backend}), ${executed.threads} ${executed.threads === 1 ? 'thread' : 'threads'}`
  ]
}

/** The record as text: what the command prints at its end. */
export const experimentText = (record: ExperimentRecord): string =>
  [record.name, formatTable(accuracies(record)), ...sentences(record)].join('\n\n')

const COLOURS = ['var(--c1)', 'var(--c2)', 'var(--c3)', 'var(--c4)', 'var(--c5)']

const curves = (
  title: string,
  across: string,
  groups: readonly Group[],
  of: (run: ExperimentRun) => readonly (readonly [x: number, y: number])[]
): Markup => {
  const xs = groups[0]?.runs[0] === undefined ? [] : of(groups[0].runs[0]).map(([x]) => x)
  return linePlot({
    title,
    across,
    xs,
    lines: groups.map(({ name, runs }, i) => ({
      name,
      colour: COLOURS[i % COLOURS.length]!,
      points: xs.map((_, j) => summarise(runs.map((run) => of(run)[j]?.[1] ?? Number.NaN)))
    }))
  })
}

const classTable = ({ runs }: ExperimentRecord): Table => ({
  headings: ['class', 'images', 'clean %', 'robust %'],
  rows: (runs[0]?.robustness.classes ?? []).map(({ label, count, clean, robust }) => [
    String(label),
    String(count),
    (100 * clean).toFixed(1),
    (100 * robust).toFixed(1)
  ])
})

/** The record as one HTML page that needs nothing else. */
export const experimentHtml = (record: ExperimentRecord): string => {
  const groups = groupsOf(record)
  const first = record.runs[0]
  return page(
    record.name.replaceAll(/[<>&"]/g, ''),
    group(
      element('h1', {}, record.name),
      section('Accuracy', sentences(record)[0]!, tableOf(accuracies(record))),
      section(
        'Flags',
        'Signs that gradients were masked, and the robust accuracy is too high.',
        element(
          'ul',
          {},
          ...sentences(record)
            .slice(1, -1)
            .map((line) => element('li', {}, line))
        )
      ),
      ...(first === undefined
        ? []
        : [
            section(
              'Training',
              'Accuracy on held-out training images after each epoch, under the attack of the training.',
              curves('validation', 'epoch', groups, ({ training }) =>
                training.validations.map((score, i) => [i + 1, 100 * score] as const)
              )
            ),
            section('Classes', 'Of the first run, under all attacks.', tableOf(classTable(record)))
          ]),
      ...(first?.overEpsilon === undefined
        ? []
        : [
            section(
              'Over ε',
              'Robust accuracy under PGD at several radii, each attacked on its own.',
              curves('robust accuracy over ε', 'ε', groups, ({ overEpsilon = [] }) =>
                overEpsilon.map(({ epsilon, robust }) => [epsilon, 100 * robust] as const)
              )
            )
          ]),
      section(
        'Configuration',
        `Made by: ${record.command}`,
        tableOf({
          headings: ['setting', 'value'],
          rows: Object.entries(record.experiment).map(([name, value]) => [name, JSON.stringify(value)])
        })
      )
    )
  )
}
