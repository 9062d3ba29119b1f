import { describe, expect, it } from 'vitest'
import { experimentHtml, experimentText } from '../../lib/report/index.js'
import { experimentSample, withoutMeasures } from '../support/experiment-sample.js'

const full = experimentSample({ seeds: 3, methods: 9, densities: [0.05, 0.1] })

describe('experimentText', () => {
  it('has all that was measured', () => {
    const text = experimentText(full)
    for (const name of [
      'robust %',
      'and Square-500 %',
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

  it('begins with a row for every method', () => {
    const text = experimentText(experimentSample({ seeds: 3, methods: 3, densities: [0.2] }))
    const lines = text.split('\n')
    const at = lines.findIndex((line) => line.startsWith('method'))
    expect(lines.slice(at, at + 6)).toMatchInlineSnapshot(`
      [
        "method           weights %     clean %    robust %  kernel distance  output distance       dynamics  seeds",
        "───────────────  ─────────  ──────────  ──────────  ───────────────  ───────────────  ─────────────  ─────",
        "dense                100.0  98.4 ± 0.0  87.8 ± 0.0                –                –              –      3",
        "───────────────  ─────────  ──────────  ──────────  ───────────────  ───────────────  ─────────────  ─────",
        "random, 20 %          18.2  94.3 ± 0.1  71.4 ± 0.5    0.822 ± 0.029    0.987 ± 0.035  0.512 ± 0.030      3",
        "magnitude, 20 %       18.2  94.7 ± 0.1  73.0 ± 0.5    0.741 ± 0.028    0.889 ± 0.034  0.514 ± 0.035      3",
      ]
    `)
    expect(lines[at - 2]).toContain('10000 test images, robust under PGD-20×2, then APGD-50, then Square-500')
  })

  it('is accuracies alone where no more was measured', () => {
    const text = experimentText(withoutMeasures(experimentSample({ seeds: 1, methods: 1, densities: [] })))
    expect(text.split('\n\n').length).toBe(7)
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
