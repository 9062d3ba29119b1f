import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { variants } from '../../../kernels/variants.js'
import * as ndarray from '../../../lib/core/ndarray.js'
import type { NdArray } from '../../../lib/core/ndarray.js'
import { key, normals } from '../../../lib/core/key.js'
import { lowerPlan } from '../../../lib/engine/gpujs/lower-plan.js'
import { describeProgram } from '../../../lib/engine/gpujs/describe-program.js'
import { openRuntime, type Runtime } from '../../../lib/engine/gpujs/device/runtime.js'
import { planOf } from '../../../lib/engine/plan.js'
import { evaluateGraph } from '../../../lib/graph/evaluate.js'
import { ops } from '../../../lib/graph/ops/index.js'
import { spec } from '../../../lib/graph/spec.js'
import { attempt } from '../../../lib/graph/trace.js'
import type { Tensor } from '../../../lib/graph/tensor.js'
import { graphOf, modes, right } from './support.js'

type Shape = readonly number[]
const sizeOf = (shape: Shape): number => shape.reduce((a, b) => a * b, 1)
const draw = (seed: number, shape: Shape): NdArray => ndarray.of(shape, normals(key(seed), sizeOf(shape)))

// The GPUs' forms of a fold are plain arithmetic: with a GPU's table they have to be right on the CPU's backends too.
describe.each(modes)('folds in two stages on gpujs:%s', (mode) => {
  let runtime: Runtime
  beforeAll(async () => {
    runtime = right(await openRuntime(mode, 1)())
  })
  afterAll(() => runtime.dispose())

  const table = { ...variants[mode], lanes: false, step: 0, wide: 4096, load: 2 }
  const agrees = async (
    f: (x: Tensor, y: Tensor) => Tensor,
    steps: number,
    shape: Shape,
    other: Shape = shape
  ): Promise<void> => {
    const graph = graphOf(f, [spec(shape), spec(other)])
    const inputs = [draw(1, shape), draw(2, other)]
    const program = lowerPlan(planOf(graph), mode, table)
    expect(program.steps).toHaveLength(steps)
    const loaded = right(await runtime.load(program)())
    const [got] = right(await loaded.run(inputs.map(({ data }) => Float32Array.from(data)))())
    await loaded.dispose()
    const [want] = evaluateGraph(graph, inputs)
    const scale = Math.max(1, ...want!.data.map(Math.abs))
    got!.forEach((x, i) => expect(Math.abs(x - want!.data[i]!) / scale).toBeLessThan(1e-5))
  }

  it.each([64, 65, 67, 127, 1000, 1025, 20_011])('of %i elements', async (n) => {
    await agrees((x) => ops.sum()(x), 2, [n])
    await agrees((x) => ops.reduceMax()(ops.neg(x)), 2, [n])
    await agrees((x, y) => ops.dot(y)(x), 2, [n])
    await agrees((x) => ops.exp(ops.scale(1 / n)(ops.sum(0)(x))), 2, [n, 3])
  })

  it('along the longest of several axes', async () => {
    await agrees((x) => ops.sum()(x), 2, [3, 130, 5])
    await agrees((x) => ops.reduceMax([0, 2])(x), 2, [131, 5, 3])
  })

  it('not of short loops', () => agrees((x) => ops.sum()(x), 1, [63]))
})

describe('forms by backend', () => {
  const stepsOf = (f: (x: Tensor, y: Tensor) => Tensor, backend: keyof typeof variants, ...shapes: Shape[]) =>
    describeProgram(planOf(graphOf(f, [spec(shapes[0]!), spec(shapes[1] ?? shapes[0]!)])), backend).calls.map(
      ({ kernel }) => kernel.name.split(' ')[0]
    )
  const product = (x: Tensor, y: Tensor): Tensor => ops.matmul(y)(x)

  it('reads large products as vectors of four on GL, and leaves small ones as they lie', () => {
    for (const backend of ['webgl2', 'headlessgl'] as const) {
      expect(stepsOf(product, backend, [256, 256])).toEqual(['vec4', 'vec4', 'sum'])
      expect(stepsOf(product, backend, [8, 8])[0]).toBe('sum')
    }
    expect(stepsOf(product, 'webgpu', [256, 256])).toEqual(['sum'])
  })

  it('convolves windows as they lie, in the order that is wanted', () => {
    const convolve = (x: Tensor, w: Tensor): Tensor =>
      ops.einsum('ncijyx,ocij->noyx')(ops.unfold([3, 3], [1, 1])(x), w)
    // the second step lays rows out as one
    expect(stepsOf(convolve, 'webasm', [8, 16, 30, 30], [32, 16, 3, 3])).toEqual(['sum', 'pointwise'])
  })

  it('never lets a cell of a browser walk further than it may', () => {
    for (const backend of ['webgpu', 'webgl2', 'headlessgl'] as const) {
      for (const [f, shape] of [
        [(x: Tensor) => ops.sum(1)(x), [4096, 200_000]],
        [(x: Tensor) => ops.sum([1, 2, 3])(x), [4096, 50, 60, 60]],
        [(x: Tensor) => ops.topKMask(9)(x), [1, 300_000]]
      ] as const)
        for (const { flops, kernel } of describeProgram(planOf(graphOf(f, [spec(shape)])), backend).calls)
          expect(flops / sizeOf(kernel.output)).toBeLessThanOrEqual(variants[backend].longest)
    }
  })

  it('refuses a cell that would walk far further and cannot be cut', () => {
    const f = (x: Tensor): Tensor => ops.sum()(x)
    const plan = planOf(graphOf(f, [spec([33, 33, 33, 33, 33])]))
    expect(attempt(() => lowerPlan(plan, 'headlessgl'))).toMatchObject({
      _tag: 'Left',
      left: { _tag: 'EngineError', where: 'sum' }
    })
    expect(attempt(() => lowerPlan(plan, 'webasm'))._tag).toBe('Right')
  })
})
