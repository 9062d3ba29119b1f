import type { ExperimentRecord } from '../experiment/record.js'
import { formatTable, type Table } from './table.js'
import { levelsOf } from './group.js'
import { pairsNote, pairsTable, relations, relationTable } from './relations.js'
import { distanceNote, emptiedOf, executedOf, flagsOf, sampleSizeNote } from './notes.js'
import { attacksTable, costTable, kernelTable, searchTable, summaryTable } from './tables.js'

/** A table under its title, or nothing where there is none. */
const titled = (title: string, tables: readonly (Table | undefined)[]): readonly string[] => {
  const there = tables.filter((table) => table !== undefined)
  return there.length === 0 ? [] : [title, ...there.map(formatTable)]
}

/** The record as text: what the command prints at its end. Parts that were not measured are left out. */
export const experimentText = (record: ExperimentRecord): string =>
  record.runs.length === 0
    ? `${record.name}\n\n${sampleSizeNote(record)}`
    : [
        record.name,
        ...titled(sampleSizeNote(record) + distanceNote(record), [summaryTable(record)]),
        ...titled('Robust accuracy after each attack.', [attacksTable(record)]),
        ...titled(pairsNote, levelsOf(record).map(pairsTable)),
        ...titled('Correlations, with 95 % intervals that take the points as independent.', [
          ...relations.map((relation) => relationTable(record, relation))
        ]),
        ...titled('The searches, on images kept out of them.', [searchTable(record)]),
        ...titled('The kernels at the start.', [kernelTable(record)]),
        ...titled('Cost, in shares of the dense network and in seconds.', [costTable(record)]),
        ...emptiedOf(record),
        ...flagsOf(record),
        executedOf(record)
      ].join('\n\n')
