import { describe, expect, it } from 'vitest'
import { key, normals } from '../../../lib/core/key.js'
import * as ndarray from '../../../lib/core/ndarray.js'
import { lowerPlan } from '../../../lib/engine/gpujs/lower-plan.js'
import { planOf } from '../../../lib/engine/plan.js'
import { evaluateGraph } from '../../../lib/graph/evaluate.js'
import { ops } from '../../../lib/graph/ops/index.js'
import { spec } from '../../../lib/graph/spec.js'
import { attempt } from '../../../lib/graph/trace.js'
import type { Tensor } from '../../../lib/graph/tensor.js'
import { right } from '../../support/either.js'
import { graphOf, open, runOn } from './support.js'
import { neverFallsBack } from './fallback.js'
import { computes } from './suite.js'
import { movesOnce } from './transfers.js'

describe.each(['webasm', 'cpu'] as const)('gpujs:%s', computes)
describe.each(['webasm', 'cpu'] as const)('gpujs:%s moves what it has to', movesOnce)

describe('gpujs:webasm never falls back', () => neverFallsBack('webasm'))

describe('gpujs', () => {
  it('refuses index arithmetic that float32 cannot do', () => {
    const turned = (_x: Tensor) => ops.reshape([3001 * 3000])(ops.transpose()(ops.iota([3001, 3000], 0)))
    const plan = planOf(graphOf(turned, [spec([1])]))
    expect(attempt(() => lowerPlan(plan, 'webasm'))).toMatchObject({
      _tag: 'Left',
      left: { _tag: 'EngineError' }
    })
  })

  it('says how many threads executed: as many as asked where steps are large, else one', async () => {
    const square = (x: Tensor) => ops.matmul(x)(x)
    for (const [threads, n, executed] of [
      [2, 256, 2],
      [2, 2, 1],
      [1, 256, 1]
    ] as const) {
      const backend = await open('webasm', threads)
      const program = right(await backend.load(planOf(graphOf(square, [spec([n, n])])))())
      expect(program.executed.threads).toBe(executed)
      await program.dispose()
      await backend.dispose()
    }
  })

  it('shares the work of large steps between threads', async () => {
    const backend = await open('webasm', 2)
    const graph = graphOf((x: Tensor) => ops.matmul(x)(ops.tanh(x)), [spec([128, 128])])
    const inputs = [ndarray.of([128, 128], normals(key(1), 128 * 128))]
    const [got] = await runOn(backend, graph, inputs)
    const [want] = evaluateGraph(graph, inputs)
    got!.data.forEach((x, i) => expect(Math.abs(x - want!.data[i]!)).toBeLessThan(1e-3))
    await backend.dispose()
  })
})
