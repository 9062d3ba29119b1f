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
      ['10 %, within methods', '24'],
      ['5 %, runs', '24'],
      ['5 %, means of methods', '8'],
      ['5 %, within methods', '24'],
      ['all densities, runs', '48'],
      ['all densities, means of methods', '16'],
      ['all densities, within methods', '48']
    ])
    expect(table.rows[0]![2]).toMatch(/^0\.\d\d \[0\.\d\d, 0\.\d\d\]$/)
    expect(relationTable(withoutMeasures(full), relations[0]!)).toBeUndefined()
  })

  it('tell what holds between methods from what holds within them', () => {
    // every method lies on a rising line, every run of it on a falling one
    const runs = ['random', 'magnitude', 'snip', 'kernelTrace'].flatMap((kind, place) =>
      [-1, 0, 1].map((seed) => {
        const run = full.runs.find(({ method }) => method !== 'dense')!
        const distance = { kernel: place + 0.1 * seed, output: 0 }
        const measures = { ...run.measures!, distance, trajectory: [place - 0.1 * seed] }
        return { ...run, method: kind, seed: seed + 1, density: 0.1, setting: { method: { kind } }, measures }
      })
    )
    const rows = relationTable({ ...full, runs }, relations[0]!)!.rows
    const byName = new Map(rows.map(([name, , pearson]) => [name, pearson]))
    expect(byName.get('10 %, runs')).toMatch(/^0\.9\d \[0\.\d\d, /)
    expect(byName.get('10 %, means of methods')).toMatch(/^1\.00/)
    expect(byName.get('10 %, within methods')).toBe('−1.00 [−1.00, −1.00]')
  })

  it('leaves controls out', () => {
    const control = { ...full.runs[1]!, method: 'otherStart', setting: { method: { kind: 'otherStart' } } }
    expect(relationTable({ ...full, runs: [...full.runs, control] }, relations[0]!)).toEqual(
      relationTable(full, relations[0]!)
    )
  })

  it('are none where one side does not vary but for rounding', () => {
    const orders = [
      [0.103, 0.207, 0.309],
      [0.309, 0.103, 0.207],
      [0.207, 0.309, 0.103],
      [0.103, 0.309, 0.207]
    ]
    const runs = ['random', 'magnitude', 'snip', 'kernelTrace'].flatMap((kind, place) =>
      orders[place]!.map((robust, seed) => {
        const run = full.runs.find(({ method }) => method !== 'dense')!
        const measures = { ...run.measures!, distance: { kernel: place + 0.1 * seed, output: 0 } }
        const robustness = { ...run.robustness, robust }
        return {
          ...run,
          method: kind,
          seed,
          density: 0.1,
          setting: { method: { kind } },
          measures,
          robustness
        }
      })
    )
    const names = relationTable({ ...full, runs }, relations[1]!)!.rows.map(([name]) => name)
    expect(names).toEqual(['10 %, runs', '10 %, within methods'])
  })
})
