import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { ExperimentRecord } from '../../lib/experiment/experiment-record.js'
import {
  dynamics,
  type Group,
  groupsOf,
  type Measure,
  percentOf,
  robustPercent,
  valuesOf
} from '../../lib/report/group.js'
import { equivalenceTable } from '../../lib/report/equivalence.js'
import { estimate, show } from '../../lib/report/estimate.js'
import { right } from '../support/either.js'
import { experimentTables, type PageTable } from './tables.js'

const pageOf = (name: string): string => readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8')

const recordOf = (name: string): ExperimentRecord =>
  right(
    ExperimentRecord.decode(
      JSON.parse(readFileSync(new URL(`../../bench/results/${name}.json`, import.meta.url), 'utf8'))
    )
  )

/** What the pages call methods that have another name in their experiment. */
const names: Readonly<Record<string, string>> = {
  SNIP: 'snip',
  'dense, other batches': 'otherBatches',
  'dense, other start': 'otherStart',
  'kernel trace': 'kernelTrace',
  'random, uniform': 'random',
  'ticket, c = 1': 'ticket c=1',
  'ticket, c = 0': 'ticket c=0',
  'attack on the sparse network': 'sparse attack',
  'weights move by up to 10 %': 'moving',
  'matched at steps 0, 50, 200, 600': 'along',
  'leading eigenspaces, power 2': 'leading',
  'kernel trace in 20 rounds, no search': 'kernelTrace x 20',
  HYDRA: 'hydra',
  'by what is learnt (horizon)': 'horizon',
  'by what is learnt, matched at steps 0, 50, 200, 600': 'horizon along',
  'density falls in 10 levels': 'gradual',
  'with the attacked loss': 'with loss',
  'kernel trace after 5 epochs': 'warm score',
  'by what is learnt, after 5 epochs': 'warm horizon',
  'random ERK after 5 epochs': 'warm random ERK',
  'magnitude after 5 epochs': 'warm magnitude',
  'SNIP after 5 epochs': 'warm SNIP',
  'kernel trace after 2 epochs': 'warm score',
  'by what is learnt, after 2 epochs': 'warm horizon',
  'SNIP after 2 epochs': 'warm SNIP'
}

/** What stands under a title, and with how many digits. */
const columns: Readonly<Record<string, readonly [measure: Measure, digits: number]>> = {
  'clean %': [({ robustness }) => 100 * robustness.clean, 1],
  'accuracy %': [({ robustness }) => 100 * robustness.clean, 2],
  'robust %': [robustPercent, 1],
  kernel: [({ measures }) => measures?.distance?.kernel, 3],
  output: [({ measures }) => measures?.distance?.output, 3],
  dynamics: [dynamics, 3]
}

const cellOf = (group: Group, title: string): string => {
  const [measure, digits] = columns[title]!
  const values = valuesOf(group, measure)
  return values.length === 0 ? '–' : show(digits, estimate(values))
}

/** A table with a row for each experiment, whose titles are a measure and a method: `kernel: SNIP`. */
const isOverview = ({ titles }: PageTable): boolean => titles[0] === 'experiment'

const overviewOf = ({ titles, rows }: PageTable): readonly (readonly string[])[] =>
  rows.map((row) => {
    const groups = groupsOf(recordOf(row[0]!))
    return titles.map((title, i) => {
      const [measure, label] = title.split(': ')
      if (label === undefined) return row[i]!
      const group = groups.find(({ method }) => method === (names[label] ?? label))
      return group === undefined ? `${label}: not in ${row[0]!}` : cellOf(group, measure!)
    })
  })

/** A table of verdicts: whether each method equals the dense network. */
const isEquivalence = ({ titles }: PageTable): boolean => titles.includes('down to')

/** All of it, as the report of the experiment has it. */
const equivalenceOf = ({ experiment, titles, rows }: PageTable): readonly (readonly string[])[] => {
  const table = equivalenceTable(recordOf(experiment))!
  expect(titles).toEqual(table.headings)
  return table.rows.map(([method, ...cells], i) => {
    const label = rows[i]?.[0] ?? ''
    return [(names[label] ?? label) === method ? label : method!, ...cells]
  })
}

/** The rows as the record has them, for the methods and densities that the page names. */
const rowsFrom = (table: PageTable): readonly (readonly string[])[] => {
  if (isOverview(table)) return overviewOf(table)
  if (isEquivalence(table)) return equivalenceOf(table)
  const { experiment, titles, rows } = table
  const groups = groupsOf(recordOf(experiment))
  return rows.map(([label, weights]) => {
    const group = groups.find(
      ({ method, density }) => method === (names[label!] ?? label) && percentOf(density) === `${weights} %`
    )
    if (group === undefined) return [`${label} at ${weights} %: not in ${experiment}`]
    return [label!, weights!, ...titles.slice(2).map((title) => cellOf(group, title))]
  })
}

describe('docs/tickets.md', () => {
  const tables = experimentTables(pageOf('tickets.md'))

  it('has tables of all the experiments it runs', () => {
    expect(tables.length).toBeGreaterThan(7)
  })

  it.each(tables.map((table) => [table.experiment, table] as const))(
    'says what the record of %s says',
    (_, table) => {
      expect(table.rows).toEqual(rowsFrom(table))
    }
  )
})

describe('docs/robustness.md', () => {
  const [table] = experimentTables(pageOf('robustness.md'))

  it('says of the published setting what the records say', () => {
    expect(table!.rows).toHaveLength(2)
    for (const [linked, ...cells] of table!.rows) {
      const [, name] = /results\/([\w-]+)\.json/.exec(linked!)!
      const { robustness } = recordOf(name!).runs[0]!
      const all = [robustness.clean, ...robustness.attacks.map(({ robust }) => robust)]
      expect(cells.slice(0, all.length)).toEqual(all.map((share) => (100 * share).toFixed(1)))
    }
  })
})
