import { describe, expect, it } from 'vitest'
import { relations, relationTable } from '../../lib/report/relations.js'
import { experimentSample, withoutMeasures } from '../support/experiment-sample.js'

const full = experimentSample({ seeds: 3, methods: 9, densities: [0.05, 0.1] })

describe('relations', () => {
  it('are correlated within each density and over all, without the dense network', () => {
    const table = relationTable(full, relations[0]!)!
    expect(table.headings[0]).toBe('kernel distance and dynamics')
    expect(table.rows.map(([name, count]) => [name, count])).toEqual([
      ['10 %, runs', '24'],
      ['10 %, means of methods', '8'],
      ['5 %, runs', '24'],
      ['5 %, means of methods', '8'],
      ['all densities, runs', '48'],
      ['all densities, means of methods', '16']
    ])
    expect(table.rows[0]![2]).toMatch(/^0\.\d\d \[0\.\d\d, 0\.\d\d\]$/)
    expect(relationTable(withoutMeasures(full), relations[0]!)).toBeUndefined()
  })
})
