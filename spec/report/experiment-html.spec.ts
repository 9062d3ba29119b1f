import { describe, expect, it } from 'vitest'
import { experimentHtml } from '../../lib/report/index.js'
import { experimentSample, withoutMeasures } from '../support/experiment-sample.js'
import { expectSound } from '../support/markup.js'

const full = experimentSample({ seeds: 3, methods: 9, densities: [0.05, 0.1] })
const headings = (page: string): readonly string[] =>
  [...page.matchAll(/<h2>([^<]*)<\/h2>/g)].map(([, heading]) => heading!)

describe('experimentHtml', () => {
  it('shows all that was measured, and embeds nothing', () => {
    const page = experimentHtml(full)
    expectSound(page)
    expect(headings(page)).toEqual([
      'Accuracy',
      'Paired differences',
      'As good as the dense network',
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

  it('can be read by a screen reader, scrolled by the keyboard, and asked for values', () => {
    const page = experimentHtml(full)
    const tables = page.match(/<table>/g)!.length
    expect(page.match(/<thead><tr><th scope="col">/g)).toHaveLength(tables)
    const rows = [...page.matchAll(/<tbody>(.*?)<\/tbody>/g)].flatMap(([, body]) => body!.match(/<tr/g)!)
    expect(page.match(/<th scope="row">/g)).toHaveLength(rows.length)
    expect(page.match(/<section tabindex="0" aria-label="[^"]+">/g)).toHaveLength(headings(page).length)
    for (const circle of page.matchAll(/<circle[^>]*fill="transparent"[^>]*>(.{7})/g))
      expect(circle[1]).toBe('<title>')
    expect(page).toMatch(/<title>[^<]+, epoch 1: [^<]+<\/title>/)
  })

  it('leaves out what was not measured', () => {
    const page = experimentHtml(withoutMeasures(full))
    expectSound(page)
    expect(headings(page)).toEqual([
      'Accuracy',
      'Paired differences',
      'As good as the dense network',
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

  it('keeps settings that look like markup harmless', () => {
    const page = experimentHtml({ ...full, experiment: { name: '<script>"&' } })
    expect(page).toContain('&lt;script&gt;')
    expectSound(page)
  })

  it('draws the loss of every method, also of one epoch', () => {
    expect(experimentHtml(full)).toContain('training loss')
    const runs = full.runs.map((run) => ({
      ...run,
      training: { ...run.training, losses: [1], validations: [] },
      measures: { ...run.measures!, epochs: [1], trajectory: [0] }
    }))
    expectSound(experimentHtml({ ...full, runs }))
  })

  it('draws the runs that are numbers as if one that diverged were not there', () => {
    const [dense, ...others] = full.runs.filter(({ seed, density }) => seed === 0 && density !== 0.1)
    const broken = others[0]!
    const diverged = {
      ...broken,
      training: {
        ...broken.training,
        losses: broken.training.losses.map((_, i) => (i < 5 ? NaN : Infinity))
      },
      measures: { ...broken.measures!, trajectory: broken.measures!.trajectory!.map(() => NaN) }
    }
    const page = experimentHtml({ ...full, runs: [dense!, diverged, ...others.slice(1)] })
    const outside = /\b(?:cx|cy|x1|x2|y1|y2|d|points)="[^"]*(?:NaN|Infinity|,-)/g
    expect(page.match(outside) ?? []).toEqual([])
  })
})
