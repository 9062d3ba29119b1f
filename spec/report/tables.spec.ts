import { describe, expect, it } from 'vitest'
import { levelsOf } from '../../lib/report/group.js'
import { tables } from '../../lib/report/tables.js'
import { experimentSample } from '../support/experiment-sample.js'

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
    expect(levelsOf({ runs }).map(tables.pairs)).toEqual([
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
    expect(levelsOf({ runs: late }).map(tables.pairs)[0]?.rows[0]).toEqual([
      'ticket, 10 %',
      '3',
      '−8.0 [−10.5, −5.5] *',
      '+3.0 (1 of them)'
    ])
  })

  it('are left out where nothing is there to compare with', () => {
    expect(levelsOf({ runs: [robustnessOf('random', 0, 0.5)] }).map(tables.pairs)).toEqual([undefined])
  })
})
