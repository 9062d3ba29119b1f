import { describe, expect, it } from 'vitest'
import { describeProgram } from '../../../lib/engine/gpujs/describe-program.js'
import { planOf } from '../../../lib/engine/plan.js'
import { ops } from '../../../lib/graph/ops/index.js'
import { spec } from '../../../lib/graph/spec.js'
import type { Tensor } from '../../../lib/graph/tensor.js'
import { costOfGraph } from '../../../lib/optimise/cost.js'
import { graphOf } from './support.js'

const backends = ['webasm', 'cpu', 'webgpu', 'webgl2', 'headlessgl'] as const

describe.each(backends)('a program described for %s', (backend) => {
  const chain = (x: Tensor, w: Tensor): readonly Tensor[] => {
    const h = ops.relu(ops.matmul(w)(x))
    const y = ops.relu(ops.matmul(w)(h))
    return [ops.matmul(w)(y), ops.sum()(y)]
  }
  const graph = graphOf(chain, [spec([64, 64]), spec([64, 64])])
  const described = describeProgram(planOf(graph), backend)

  it('reads what is there, and keeps results to the end', () => {
    const { calls, buffers } = described
    calls.forEach(({ reads, writes }, call) => {
      expect(writes.from).toBe(call)
      for (const buffer of [...reads, writes])
        expect(buffer.from <= call && call <= buffer.to, `${buffer.name} at ${call}`).toBe(true)
    })
    const results = buffers.filter(({ isResult }) => isResult)
    expect(results.map(({ to }) => to)).toEqual([calls.length - 1, calls.length - 1])
    expect(results.map(({ bytes }) => bytes)).toEqual([4 * 64 * 64, 4])
    expect(buffers.find(({ name }) => name === 'input 0')!.to).toBeLessThan(calls.length - 1)
  })

  it('counts the operations of the products, and little beside', () => {
    const flops = described.calls.reduce((sum, call) => sum + call.flops, 0)
    const { flops: want } = costOfGraph(graph)
    expect(flops / want).toBeGreaterThan(0.98)
    expect(flops / want).toBeLessThan(1.05)
  })

  it('counts the bytes of one run', () => {
    const { calls, buffers, peakBytes } = described
    expect(Math.max(...calls.map(({ bytes }) => bytes))).toBeLessThanOrEqual(peakBytes)
    expect(peakBytes).toBeLessThanOrEqual(buffers.reduce((sum, { bytes }) => sum + bytes, 0))
    expect(peakBytes).toBeGreaterThanOrEqual(3 * 4 * 64 * 64)
  })

  it('shows each distinct kernel once', () => {
    const { kernels, calls } = described
    expect(new Set(kernels.map(({ source, output }) => `${output.join()} ${source}`)).size).toBe(
      kernels.length
    )
    expect(new Set(calls.map(({ kernel }) => kernel))).toEqual(new Set(kernels))
    for (const { source, arguments: count } of kernels)
      expect(source.split('\n')[0]).toBe(
        `function (${Array.from({ length: count }, (_, i) => `a${i}`).join(', ')}) {`
      )
  })
})
