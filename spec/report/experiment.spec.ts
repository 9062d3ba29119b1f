import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { ExperimentRecord } from '../../lib/experiment/record.js'
import { experimentHtml, experimentText } from '../../lib/report/index.js'
import { groupsOf, levelsOf, percentOf } from '../../lib/report/experiment/groups.js'
import { pairsTable } from '../../lib/report/experiment/pairs.js'
import { relations, relationTable } from '../../lib/report/experiment/relations.js'
import { experimentSample, withoutMeasures } from './experiment-sample.js'

const full = experimentSample({ seeds: 3, methods: 9, densities: [0.05, 0.1] })
const headings = (page: string): readonly string[] =>
  [...page.matchAll(/<h2>([^<]*)<\/h2>/g)].map(([, heading]) => heading!)

/** Nothing is fetched, every element closes, no number went wrong. */
const expectSound = (page: string): void => {
  expect(page).not.toMatch(/https?:|\/\/|<script|<link|<img|<image|@import|url\(|src=|href=/i)
  expect(page).not.toMatch(/NaN|Infinity|undefined|\[object/)
  const open: string[] = []
  for (const [, close, name] of page.matchAll(/<(\/?)([a-z][a-z0-9]*)[^>]*>/g)) {
    if (name === 'meta') continue
    if (close === '') open.push(name!)
    else expect(open.pop()).toBe(name)
  }
  expect(open).toEqual([])
}

describe('the record of an experiment', () => {
  it.each([full, withoutMeasures(full)])(
    'reads back what JSON wrote, with measures and without',
    (record) => {
      expect(ExperimentRecord.decode(JSON.parse(JSON.stringify(record)))).toEqual(E.right(record))
    }
  )
})

describe('groups', () => {
  it('are dense, then from the most weights to the fewest, methods in their order', () => {
    const record = experimentSample({ seeds: 2, methods: 3, densities: [0.07, 0.2] })
    expect(groupsOf(record).map(({ name }) => name)).toEqual([
      'dense',
      'random, 20 %',
      'magnitude, 20 %',
      'random, 7 %',
      'magnitude, 7 %'
    ])
    expect(groupsOf(record).map(({ runs }) => runs.length)).toEqual([2, 2, 2, 2, 2])
    expect(levelsOf(record).map(({ density }) => density)).toEqual([0.2, 0.07])
    expect([percentOf(0.07), percentOf(1 / 3)]).toEqual(['7 %', '33.33 %'])
  })
})

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

describe('experimentText', () => {
  it('has all that was measured', () => {
    const text = experimentText(full)
    for (const name of [
      'worst %',
      'against kernelTrace',
      'kernel distance',
      'Spearman',
      'kernel before',
      'weights exchanged',
      'effective rank',
      'FLOPs %',
      'No flag was raised',
      'executed by onnx:native'
    ]) {
      expect(text).toContain(name)
    }
    expect(text).not.toMatch(/NaN|undefined/)
  })

  it('is accuracies alone where no more was measured', () => {
    const text = experimentText(withoutMeasures(experimentSample({ seeds: 1, methods: 1, densities: [] })))
    expect(text.split('\n\n').length).toBe(5)
    expect(text).not.toMatch(/distance|FLOPs|against/)
  })

  it('says that no run is done', () => {
    expect(experimentText({ ...full, runs: [] })).toBe('Tickets on MNIST\n\nno run is done')
  })

  it('says which mask keeps nothing of a layer', () => {
    const [, random] = full.runs
    const layers = [
      { kept: 3, total: 4 },
      { kept: 0, total: 4 }
    ]
    const record = { ...full, runs: [{ ...random!, measures: { ...random!.measures!, layers } }] }
    for (const report of [experimentText(record), experimentHtml(record)]) {
      expect(report).toContain('EMPTY random, 5 %, seed 0: layer 2 keeps no weight')
    }
    expect(experimentText(full)).not.toContain('EMPTY')
  })

  it('says which run raised a flag', () => {
    const flag = { name: 'zero gradients', reason: 'of all', measured: 1, limit: 0.01 }
    const runs = full.runs
      .slice(0, 2)
      .map((run) => ({ ...run, robustness: { ...run.robustness, flags: [flag] } }))
    const text = experimentText({ ...full, runs })
    expect(text).toContain('FLAG dense, seed 0: zero gradients: of all')
    expect(text).toContain('FLAG random, 5 %, seed 0: zero gradients: of all')
  })
})

describe('experimentHtml', () => {
  it('shows all that was measured, and embeds nothing', () => {
    const page = experimentHtml(full)
    expectSound(page)
    expect(headings(page)).toEqual([
      'Accuracy',
      'Paired differences',
      'Distances to dense',
      'Do nearer kernels mean nearer training, and more robustness?',
      'Training dynamics',
      'Training',
      'The searches',
      'Kernels',
      'What the masks keep',
      'Cost',
      'Classes',
      'Over ε',
      'Flags',
      'Configuration'
    ])
    expect(page.match(/aria-label="first layer of/g)?.length).toBe(16)
  })

  it('leaves out what was not measured', () => {
    const page = experimentHtml(withoutMeasures(full))
    expectSound(page)
    expect(headings(page)).toEqual([
      'Accuracy',
      'Paired differences',
      'Training',
      'Classes',
      'Flags',
      'Configuration'
    ])
  })

  it.each([
    { seeds: 1, methods: 1, densities: [] },
    { seeds: 1, methods: 2, densities: [0.1] },
    { seeds: 2, methods: 9, densities: [0.01, 0.02, 0.05, 0.1] },
    { seeds: 3, methods: 4, densities: [1] }
  ])('stands with $seeds seeds, $methods methods, densities $densities', (options) => {
    expectSound(experimentHtml(experimentSample(options)))
    expectSound(experimentHtml(withoutMeasures(experimentSample(options))))
  })

  it('stands without runs, and while some are missing', () => {
    expectSound(experimentHtml({ ...full, runs: [] }))
    expectSound(experimentHtml({ ...full, runs: full.runs.slice(1, 20) }))
    const mixed = full.runs.map((run, i) =>
      i % 3 === 0 ? withoutMeasures({ ...full, runs: [run] }).runs[0]! : run
    )
    expectSound(experimentHtml({ ...full, runs: mixed }))
  })

  it('pictures three channels as their sum, and nothing that is no square', () => {
    const [first] = full.runs.filter(({ method }) => method === 'random')
    const seen = (pixels: readonly number[]): string =>
      experimentHtml({ ...full, runs: [{ ...first!, measures: { ...first!.measures!, pixels } }] })
    expect(seen([1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 2])).toContain('d="M0 0h56v56h-56z"')
    expect(seen([1, 2, 3, 4, 5])).not.toContain('first layer of')
  })
})
