import { describe, expect, it } from 'vitest'
import { pairsTable, relations, relationTable } from '../../lib/report/relations.js'
import { levelsOf } from '../../lib/report/group.js'
import { experimentSample, withoutMeasures } from '../support/experiment-sample.js'

const full = experimentSample({ seeds: 3, methods: 9, densities: [0.05, 0.1] })

describe('paired differences', () => {
  const robustnessOf = (method: string, seed: number, robust: number, density = 0.1) => {
    const run = full.runs[0]!
    return { ...run, method, seed, density, robustness: { ...run.robustness, robust } }
  }

  it('are taken seed by seed against dense, SNIP and the kernel trace of the same density', () => {
    const runs = [
      ...[0.9, 0.8, 0.7].map((robust, seed) => robustnessOf('dense', seed, robust, 1)),
      ...[0.8, 0.7, 0.6].map((robust, seed) => robustnessOf('snip', seed, robust)),
      ...[0.81, 0.72, 0.63].map((robust, seed) => robustnessOf('ticket', seed, robust)),
      robustnessOf('snip', 0, 0.5, 0.05)
    ]
    expect(levelsOf({ runs }).map(pairsTable)).toEqual([
      {
        headings: ['method', 'seeds', 'against dense', 'against snip'],
        rows: [
          ['snip, 10 %', '3', '−10.0 [−10.0, −10.0] *', '–'],
          // 1, 2, 3 points: 2 ± 2.48
          ['ticket, 10 %', '3', '−8.0 [−10.5, −5.5] *', '+2.0 [−0.5, +4.5]']
        ]
      },
      {
        headings: ['method', 'seeds', 'against dense'],
        rows: [['snip, 5 %', '1', '−40.0']]
      }
    ])
    const late = [...runs.slice(0, 3), ...runs.slice(6), robustnessOf('snip', 2, 0.6)]
    expect(levelsOf({ runs: late }).map(pairsTable)[0]?.rows[0]).toEqual([
      'ticket, 10 %',
      '3',
      '−8.0 [−10.5, −5.5] *',
      '+3.0 (1 of them)'
    ])
  })

  it('are left out where nothing is there to compare with', () => {
    expect(levelsOf({ runs: [robustnessOf('random', 0, 0.5)] }).map(pairsTable)).toEqual([undefined])
  })
})

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
