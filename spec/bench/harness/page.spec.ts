import { describe, expect, it } from 'vitest'
import type { Row } from '../../../bench/harness/measure.js'
import { kernelPage } from '../../../bench/harness/page.js'

const timed = (name: string, median: number): Row => ({
  _tag: 'Timed',
  name,
  threads: 1,
  executed: { engine: name, backend: `gpu.js ${name}`, threads: 1 },
  stages: {},
  firstRun: 3,
  error: 1e-7,
  steady: { count: 5, median, min: median, spread: 0.1 }
})

describe('the page of kernels', () => {
  const page = kernelPage({
    machine: {
      cpu: 'a processor',
      cores: 2,
      memoryGiB: 8,
      platform: 'here',
      node: 'v20',
      date: 'today',
      loadAverage: 0
    },
    cases: [
      {
        case: 'contract: matmul',
        title: 'once',
        rows: [
          timed('gpujs:webasm', 2),
          timed('naive webasm', 7),
          timed('tfjs wasm', 1),
          { _tag: 'Absent', name: 'gpujs:webgpu', threads: 1, reason: 'no adapter\nand more' }
        ],
        ratios: [],
        work: { flops: 4e6, bytes: 2e6 }
      }
    ]
  })

  it('shows rates, and ratios to the plain kernel and the peers', () => {
    expect(page).toContain('| matmul | gpujs:webasm | 2.00 ms | ±10 % of 5 | 2.00 | 1.00 | 3.50 | 0.50 | – |')
  })

  it('says what is missing and why, and how it was made', () => {
    expect(page).toContain('- Absent: gpujs:webgpu, in 1 rows: no adapter\n')
    expect(page).toContain('npm run bench -- --suite kernels')
  })
})
