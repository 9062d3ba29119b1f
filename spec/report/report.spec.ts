import { describe, expect, it } from 'vitest'
import * as E from 'fp-ts/lib/Either.js'
import { htmlReport, RunRecord, textReport } from '../../lib/report/index.js'
import { ticks } from '../../lib/report/svg.js'
import { summarise } from '../../lib/report/statistics.js'
import { sample } from './sample.js'

describe('htmlReport', () => {
  it.each([1, 3])('names every method and asks nothing of a network, %i seeds', (seeds) => {
    const record = sample(seeds)
    const page = htmlReport(record)
    for (const { method } of record.seeds[0]!.methods) expect(page).toContain(`>${method}<`)
    expect(page).toContain('onnxruntime-node 1.30.0')
    expect(page).not.toMatch(/https?:|\/\/|<script|<link|<img|@import|url\(|src=/i)
    expect(page).not.toMatch(/NaN|Infinity|undefined|\[object/)
    expect(page.includes('±')).toBe(seeds > 1)
  })

  it('keeps settings that look like markup harmless', () => {
    const page = htmlReport({ ...sample(1), config: { out: '<script>"&' } })
    expect(page).toContain('&lt;script&gt;&quot;&amp;')
  })

  it('draws a run of a single checkpoint, and one without any mask', () => {
    const record = sample(1)
    const [seed] = record.seeds
    const dense = seed!.methods.slice(0, 1).map((one) => ({ ...one, trajectory: [0], losses: [1] }))
    const page = htmlReport({ ...record, checkpoints: [1], seeds: [{ ...seed!, methods: dense }] })
    expect(page).not.toMatch(/NaN|Infinity|undefined/)
  })

  it('has balanced elements', () => {
    const open: string[] = []
    for (const [, close, name] of htmlReport(sample(2)).matchAll(/<(\/?)([a-z][a-z0-9]*)[^>]*>/g)) {
      if (name === 'meta') continue
      if (close === '') open.push(name!)
      else expect(open.pop()).toBe(name)
    }
    expect(open).toEqual([])
  })
})

describe('textReport', () => {
  it('is a table with a row for every method', () => {
    const text = textReport(sample(3))
    expect(text.split('\n').slice(0, 4)).toEqual([
      'method        weights %     clean %    robust %  kernel distance  output distance       dynamics',
      '────────────  ─────────  ──────────  ──────────  ───────────────  ───────────────  ─────────────',
      'dense             100.0  99.0 ± 0.0  88.5 ± 0.3                –                –              –',
      'ticket             20.0  98.6 ± 0.0  87.3 ± 0.3    0.250 ± 0.000    0.200 ± 0.000  0.380 ± 0.000'
    ])
    expect(text).toContain('kernel distance  0.340 ± 0.000  0.200 ± 0.010')
    expect(text).toContain(
      '3 seeds, mean ± standard deviation; executed by onnx:native (onnxruntime-node 1.30.0), 2 threads'
    )
    expect(textReport(sample(1))).not.toContain('±')
  })
})

describe('RunRecord', () => {
  it('reads back what JSON wrote', () => {
    const record = sample(2)
    expect(RunRecord.decode(JSON.parse(JSON.stringify(record)))).toEqual(E.right(record))
    expect(E.isLeft(RunRecord.decode({ ...record, seconds: '1' }))).toBe(true)
  })
})

describe('summaries and ticks', () => {
  it('use n − 1, and round steps', () => {
    expect(summarise([1, 2, 3])).toEqual({ mean: 2, sd: 1 })
    expect(summarise([4])).toEqual({ mean: 4, sd: undefined })
    expect(ticks(0, 0.52, 5)).toEqual([0, 0.1, 0.2, 0.3, 0.4, 0.5])
    expect(ticks(3, 60, 6)).toEqual([10, 20, 30, 40, 50, 60])
  })
})
