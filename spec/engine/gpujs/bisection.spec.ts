import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { variants } from '../../../kernels/variants.js'
import * as ndarray from '../../../lib/core/ndarray.js'
import type { NdArray } from '../../../lib/core/ndarray.js'
import { key, normals } from '../../../lib/core/key.js'
import { lowerPlan } from '../../../lib/engine/gpujs/lower-plan.js'
import { openRuntime, type Runtime } from '../../../lib/engine/gpujs/device/runtime.js'
import { planOf } from '../../../lib/engine/plan.js'
import { evaluateGraph } from '../../../lib/graph/evaluate.js'
import { ops } from '../../../lib/graph/ops/index.js'
import { spec } from '../../../lib/graph/spec.js'
import type { Tensor } from '../../../lib/graph/tensor.js'
import { graphOf, right } from './support.js'

// The GPUs' bisection is plain arithmetic: with a GPU's table it has to be exact on WebAssembly too. Not in cpu mode, where
// an array of two axes cannot be read by its flat position.
const mode = 'webasm'

describe('the k largest, bisected step by step', () => {
  let runtime: Runtime
  beforeAll(async () => {
    runtime = right(await openRuntime(mode, 1)())
  })
  afterAll(() => runtime.dispose())

  const masks = async (k: number, scores: NdArray): Promise<void> => {
    const graph = graphOf((x: Tensor) => ops.topKMask(k)(x), [spec(scores.shape)])
    const program = lowerPlan(planOf(graph), mode, { ...variants[mode], longest: 64 })
    expect(program.kernels.map(({ name }) => name)).toContain('nextBounds')
    const loaded = right(await runtime.load(program)())
    const [got] = right(await loaded.run([Float32Array.from(scores.data)])())
    await loaded.dispose()
    const [want] = evaluateGraph(graph, [ndarray.of(scores.shape, Float32Array.from(scores.data))])
    expect(Buffer.from(Uint8Array.from(got!)).equals(Buffer.from(Uint8Array.from(want!.data)))).toBe(true)
  }

  it.each([2, 3, 5, 31, 33, 1025])('of rows of %i', async (n) => {
    for (const k of new Set([1, Math.ceil(n / 3), n - 1]))
      await masks(k, ndarray.of([3, n], normals(key(n), 3 * n)))
  })

  it('of a long row with many ties', async () => {
    const values = normals(key(1), 20_011).map((x) => Math.round(10 * x) / 10)
    for (const k of [1, 2001, 10_000, 20_010]) await masks(k, ndarray.of([20_011], values))
  })

  it('of infinite scores, of some that count as infinite, and NaN', async () => {
    const values = [Infinity, NaN, -Infinity, 1, Infinity, 3.4e38, -3.4e38, Infinity, NaN, 0]
    for (let k = 1; k < values.length; k++) await masks(k, ndarray.of([values.length], values))
  })

  it('of scores far apart, of all signs', async () => {
    const values = [1e-37, 3e38, -3e38, 1e-30, -1e-37, 0, 1, 1.0000001, -0, -1, 1e-37, 2e38, -2e-37]
    for (let k = 1; k < values.length; k++) await masks(k, ndarray.of([values.length], values))
    for (const sign of [1, -1])
      for (let k = 1; k < 6; k++)
        await masks(
          k,
          ndarray.of(
            [6],
            [1e38, 1e-38, 1.5e-38, 3e38, 1e19, 1e-19].map((x) => 2 * sign * x * 0.5)
          )
        )
  })
})
