import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { gpuCases } from '../../../bench/gpu/cases.js'
import { runCase } from '../../../bench/gpu/run-case.js'
import { summaryOf } from '../../../bench/gpu/suite.js'
import { kernelRows } from '../../../bench/kernels/rows/index.js'

const folder = mkdtempSync(join(tmpdir(), 'tangentflow-run-case-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** A process that answers as that of a case does: `ways` says of each candidate how it ends. */
const program = (name: string, ...ways: readonly ('timed' | 'hangs' | 'crashes')[]): string => {
  const file = join(folder, `${name}.mjs`)
  writeFileSync(
    file,
    `process.once('message', async ({ done }) => {
      const tell = (message) => new Promise((resolve) => process.send(message, resolve))
      const ways = ${JSON.stringify(ways)}
      await tell({ _tag: 'Reference' })
      for (let i = done; i < ways.length; i++) {
        const name = ways[i] + ' ' + i
        await tell({ _tag: 'Candidate', name, threads: 1 })
        if (ways[i] === 'hangs') return void setInterval(() => undefined, 1e6)
        if (ways[i] === 'crashes') process.kill(process.pid, 'SIGSEGV')
        await tell({ _tag: 'Row', row: { _tag: 'Timed', name, threads: 1, error: NaN } })
      }
      await tell({ _tag: 'End' })
      process.exit(0)
    })`
  )
  return file
}

const order = {
  name: 'a case',
  sizes: { widths: [8], examples: 8, large: false },
  threads: 1,
  parts: [],
  done: 0,
  effort: { budget: 1, rounds: 1 }
}

const rowsOf = async (limit: number, file: string) =>
  (await runCase(order, limit, () => undefined, file)).map((row) => [
    row._tag,
    row.name,
    'reason' in row ? row.reason : ''
  ])

describe('the rows of a case', () => {
  it('go on after a candidate that ends its process', async () => {
    expect(await rowsOf(60_000, program('crash', 'timed', 'crashes', 'timed', 'crashes'))).toEqual([
      ['Timed', 'timed 0', ''],
      ['Failed', 'crashes 1', 'its process ended with SIGSEGV'],
      ['Timed', 'timed 2', ''],
      ['Failed', 'crashes 3', 'its process ended with SIGSEGV']
    ])
  })

  it('go on after a candidate that takes longer than the limit', async () => {
    expect(await rowsOf(3_000, program('hang', 'hangs', 'timed'))).toEqual([
      ['Failed', 'hangs 0', 'more than the limit of 3 s'],
      ['Timed', 'timed 1', '']
    ])
  })

  it('are not there where the process ends before it tells anything', async () => {
    const file = join(folder, 'nothing.mjs')
    writeFileSync(file, 'process.exit(4)')
    expect(await rowsOf(60_000, file)).toEqual([['Failed', 'reference', 'its process ended with 4']])
  })
})

describe('the cases of GPUs', () => {
  const cases = gpuCases(order.sizes)

  it('have names of their own, and a row for every kernel', () => {
    const names = cases.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    expect(names).toContain('mlp-step 8')
    expect(names.filter((name) => name.includes(': '))).toHaveLength(kernelRows.length)
  })

  it.each(['mlp-step 8', 'products 8', 'ntk-tiled 8', 'contract: matmul NN 128³'])(
    '%s has both engines of WebGPU',
    (name) => {
      const candidates = cases.find((each) => each.name === name)!.candidates([1])
      expect(candidates.map((each) => each.name)).toEqual(
        expect.arrayContaining(['onnx:webgpu', 'gpujs:webgpu'])
      )
    }
  )
})

describe('the summary', () => {
  it('counts rows and names those that failed', () => {
    const failed = { _tag: 'Failed', name: 'onnx:webgpu', threads: 1, reason: 'lost' } as const
    const rows = [failed, { ...failed, _tag: 'Absent' } as const]
    expect(summaryOf([{ case: 'cnn-step', title: '', rows, ratios: [] }])).toBe(
      '0 rows timed, 1 not there, 1 failed or wrong\n  Failed: cnn-step, onnx:webgpu'
    )
  })
})
