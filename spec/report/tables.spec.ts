import { describe, expect, it } from 'vitest'
import { levelsOf } from '../../lib/report/group.js'
import { tables } from '../../lib/report/tables.js'
import { experimentSample } from '../support/experiment-sample.js'

const full = experimentSample({ seeds: 3, methods: 9, densities: [0.05, 0.1] })

describe('paired differences', () => {
  const robustnessOf = (method: string, seed: number, robust: number, density = 0.1) => {
    const run = full.runs[0]!
    const setting = { method: { kind: method } }
    return { ...run, method, seed, density, setting, robustness: { ...run.robustness, robust } }
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

  it('have the controls beside the masks, which are the noise of the comparison', () => {
    const runs = [
      robustnessOf('dense', 0, 0.9, 1),
      robustnessOf('otherBatches', 0, 0.89, 1),
      robustnessOf('ticket', 0, 0.8)
    ]
    expect(levelsOf({ runs }).map(tables.pairs)[0]?.rows).toEqual([
      ['otherBatches', '1', '−1.0'],
      ['ticket, 10 %', '1', '−10.0']
    ])
  })

  it('are left out where nothing is there to compare with', () => {
    expect(levelsOf({ runs: [robustnessOf('random', 0, 0.5)] }).map(tables.pairs)).toEqual([undefined])
  })
})

describe('the summary', () => {
  it('has distances along training in multiples of the controls, seed by seed', () => {
    const followed = (kind: string, seed: number, trajectory: readonly number[]) => {
      const run = full.runs[0]!
      const measures = { layers: [], cost: run.measures!.cost, trajectory }
      const density = kind === 'ticket' ? 0.1 : 1
      return { ...run, method: kind, seed, density, setting: { method: { kind } }, measures }
    }
    const table = tables.summary({
      ...full,
      runs: [
        ...[0, 1].map((seed) => followed('otherBatches', seed, [0.1, 0.3])),
        followed('ticket', 0, [0.2, 0.6]),
        followed('ticket', 1, [0.3, 0.9])
      ]
    })!
    const at = table.headings.indexOf('of otherBatches')
    // 0.4 / 0.2 and 0.6 / 0.2
    expect(table.rows.map((row) => row[at])).toEqual(['–', '2.50 ± 0.71'])
    expect(table.headings).not.toContain('of ticket')
    expect(tables.summary(full)!.headings.filter((heading) => heading.startsWith('of '))).toEqual([])
  })

  it('has the epochs where some method is trained longer, and the table of costs the operations of that', () => {
    const trained = (kind: string, density: number, epochs: number, longer?: number) => {
      const run = full.runs[0]!
      const cost = { ...run.measures!.cost, flops: 1000 * density, denseFlops: 1000 }
      return {
        ...run,
        method: kind,
        density,
        setting: { method: { kind, ...(longer && { longer }) } },
        training: { ...run.training, losses: Array.from({ length: epochs }, () => 1) },
        measures: { layers: [], cost }
      }
    }
    const runs = [trained('dense', 1, 10), trained('random', 0.1, 10), trained('snip', 0.1, 50, 5)]
    const columnOf = (name: 'summary' | 'cost', heading: string, of = runs) => {
      const { headings, rows } = tables[name]({ ...full, runs: of })!
      return headings.includes(heading) ? rows.map((row) => row[headings.indexOf(heading)]) : 'none'
    }
    expect(columnOf('summary', 'epochs')).toEqual(['10', '10', '50'])
    // a tenth of the operations, five times
    expect(columnOf('cost', 'training FLOPs %')).toEqual(['100', '10', '50'])
    expect(columnOf('summary', 'epochs', runs.slice(0, 2))).toBe('none')
    expect(columnOf('cost', 'training FLOPs %', runs.slice(0, 2))).toBe('none')
  })
})
