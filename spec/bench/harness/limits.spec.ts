import { describe, expect, it } from 'vitest'
import { limitsOf, PEAK_CASE, showLimits } from '../../../bench/harness/limits.js'
import type { Row } from '../../../bench/harness/measure.js'
import type { CaseReport } from '../../../bench/harness/report.js'

const timed = (name: string, threads: number, median: number): Row => ({
  _tag: 'Timed',
  name,
  threads,
  executed: { engine: name, backend: 'test', threads },
  stages: {},
  firstRun: 1,
  error: 0,
  steady: { count: 5, median, min: 0.8 * median, spread: 0 }
})

const caseOf = (name: string, rows: readonly Row[], numbers: Partial<CaseReport>): CaseReport => ({
  case: name,
  title: name,
  rows,
  ratios: [],
  ...numbers
})

// 8 GFLOP in 100 ms at best are 80 GFLOP/s, and 160 on two threads
const peak = caseOf(
  PEAK_CASE,
  [timed('onnx:native', 1, 125), timed('onnx:native', 2, 62.5), timed('torch', 1, 250)],
  { work: { flops: 8e9, bytes: 1 } }
)
const rows = [
  timed('onnx:native', 1, 15),
  timed('onnx:native', 2, 10),
  timed('hand-written onnx', 1, 20),
  timed('torch', 1, 40),
  timed('tfjs cpu', 1, 1000)
]

describe('limits of steps', () => {
  it('are the operations at the rate of large products of the same library on as many threads', () => {
    expect(limitsOf([caseOf('step', rows, { flops: 8e8 }), peak])).toEqual([
      { case: 'step', name: 'onnx:native', threads: 1, limit: 10, times: 1.5 },
      { case: 'step', name: 'onnx:native', threads: 2, limit: 5, times: 2 },
      { case: 'step', name: 'hand-written onnx', threads: 1, limit: 10, times: 2 },
      { case: 'step', name: 'torch', threads: 1, limit: 20, times: 2 }
    ])
  })

  it('are none without the peak, or where the operations are not known', () => {
    expect(limitsOf([caseOf('step', rows, { flops: 8e8 })])).toEqual([])
    expect(limitsOf([caseOf('step', rows, {}), peak])).toEqual([])
  })

  it('are shown with how many times longer a step takes', () => {
    expect(showLimits(limitsOf([caseOf('step', rows, { flops: 8e8 }), peak]))).toMatch(
      /step +onnx:native \/ 1 +10\.0 +1\.50 ×/
    )
  })
})
