import { readFileSync } from 'node:fs'
import * as t from 'io-ts'
import { expect, it } from 'vitest'
import { right } from '../support/either.js'
import { tableAt } from './tables.js'

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')

const Row = t.intersection([
  t.type({ name: t.string, threads: t.number }),
  t.partial({ executed: t.type({ threads: t.number }), steady: t.type({ median: t.number }) })
])
const Limit = t.type({ case: t.string, name: t.string, threads: t.number, times: t.number })
const Run = t.type({
  cases: t.array(t.type({ case: t.string, rows: t.array(Row) })),
  limits: t.array(Limit)
})

const records = ['cpu-2-cores', 'steps-cpu-2-cores'].map((name) =>
  right(Run.decode(JSON.parse(read(`bench/results/${name}.json`))))
)
const cases = records.flatMap((record) => record.cases)
const limits = records.flatMap((record) => record.limits)

/** What the README calls candidates of the benchmark. */
const names: Readonly<Record<string, string>> = {
  'onnxruntime-node, graph written by hand': 'hand-written onnx',
  'jax-js 0.1.25, wasm': 'jax-js wasm',
  'TensorFlow.js 4.22, wasm': 'tfjs wasm',
  'TensorFlow.js 4.22, cpu': 'tfjs cpu',
  'PyTorch 1.13, CPU': 'torch'
}

/** Three digits, thousands apart. */
const shown = (ms: number): string =>
  ms >= 1000 ? Number(ms.toPrecision(3)).toLocaleString('en-US') : ms.toPrecision(3)

/** The medians with one thread and, where two ran, with two; in brackets what they are in multiples of their limits, if these are known. */
const cellOf = (of: string, label: string): string => {
  const name = names[label] ?? /`(.*)`/.exec(label)?.[1]
  const rows = cases.find((one) => one.case === of)?.rows ?? []
  const cells = [1, 2].flatMap((threads) => {
    const row = rows.find((one) => one.name === name && one.threads === threads)
    if (row?.executed?.threads !== threads || row.steady === undefined) return []
    const limit = limits.find((one) => one.case === of && one.name === name && one.threads === threads)
    return [{ median: shown(row.steady.median), times: limit?.times.toFixed(1) }]
  })
  if (cells.length === 0) return '–'
  const medians = cells.map(({ median }) => median).join(' / ')
  return cells.some(({ times }) => times === undefined)
    ? medians
    : `${medians} (${cells.map(({ times }) => times).join(' / ')})`
}

it('the README’s table of benchmarks is what the results say', () => {
  const lines = read('README.md').split('\n')
  const { titles, rows } = tableAt(
    lines,
    lines.findIndex((line) => line.startsWith('| ms, median'))
  )!
  expect(rows.length).toBeGreaterThan(5)
  expect(rows).toEqual(
    rows.map(([label]) => [
      label,
      ...titles.slice(1).map((title) => cellOf(title.replaceAll('`', ''), label!))
    ])
  )
})
