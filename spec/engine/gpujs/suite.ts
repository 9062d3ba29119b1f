import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import type { KernelBackend } from '../../../kernels/kernel.js'
import * as ndarray from '../../../lib/core/ndarray.js'
import type { NdArray } from '../../../lib/core/ndarray.js'
import { key, normals } from '../../../lib/core/key.js'
import { grad } from '../../../lib/diff/index.js'
import { lowerPlan } from '../../../lib/engine/gpujs/lower-plan.js'
import { openRuntime } from '../../../lib/engine/gpujs/device/runtime.js'
import { planOf } from '../../../lib/engine/plan.js'
import { constant, type Tensor } from '../../../lib/graph/tensor.js'
import { evaluateGraph } from '../../../lib/graph/evaluate.js'
import { ops } from '../../../lib/graph/ops/index.js'
import { spec } from '../../../lib/graph/spec.js'
import { disagreement, graphOf, right, runOn, useBackend } from './support.js'
import { isAccurate } from './accuracy.js'
import { edges, multiplies } from './multiplies.js'
import { keepsDenormals, keepsEdges } from './ieee.js'
import { fitsSizes } from './templates.js'

const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1)
const draw = (seed: number, shape: readonly number[]): NdArray =>
  ndarray.of(shape, normals(key(seed), sizeOf(shape)))

type Shape = readonly number[]
/** What every backend has to compute, on sizes at the edges of its layouts, and how it keeps house. */
export const computes = (mode: KernelBackend): void => {
  const opened = useBackend(mode)

  const agrees = async (f: (...args: Tensor[]) => unknown, ...shapes: readonly Shape[]): Promise<void> => {
    const graph = graphOf(
      f,
      shapes.map((shape) => spec(shape))
    )
    const inputs = shapes.map((shape, i) => draw(i + 1, shape))
    expect(await disagreement(opened(), graph, inputs)).toBeLessThan(2e-5)
  }

  describe('multiplies matrices', () => multiplies(agrees))

  describe('reduces', () => {
    const reductions = {
      sum: (axis: number) => (x: Tensor) => ops.sum(axis)(ops.square(x)),
      plain: (axis: number) => (x: Tensor) => ops.sum(axis)(x),
      max: (axis: number) => (x: Tensor) => ops.reduceMax(axis)(x),
      logSumExp: (axis: number) => (x: Tensor) => ops.logSumExp(axis)(x),
      softmax: (axis: number) => (x: Tensor) => ops.softmax(axis)(x)
    }
    it.each(Object.entries(reductions))('%s', async (_, reduction) => {
      for (const n of [...edges, 1025]) {
        await agrees((x) => reduction(0)(x!), [n])
        await agrees((x) => reduction(0)(x!), [n, 4])
        await agrees((x) => reduction(1)(x!), [5, n])
        await agrees((x) => reduction(1)(x!), [3, n, 2])
      }
    })

    it('infinities', async () => {
      const graph = graphOf(
        (x: Tensor) => [ops.reduceMax(1)(ops.log(x)), ops.reduceMax(0)(ops.log(x))],
        [spec([2, 4])]
      )
      const inputs = [ndarray.of([2, 4], [0, 0, 0, 0, 0, 1, 2, Infinity])]
      const results = await runOn(opened(), graph, inputs)
      expect(results.map(({ data }) => [...data])).toEqual([
        [-Infinity, Infinity],
        [-Infinity, 0, Math.fround(Math.LN2), Infinity]
      ])
    })

    it('all at once, and long', async () => {
      await agrees((x) => [ops.sum()(x!), ops.reduceMax()(x!)], [7, 5, 3])
      await agrees((x) => ops.sum()(ops.exp(x!)), [20_011])
    })
  })

  describe('moves', () => {
    it.each(edges)('slices, pads and joins %i', async (n) => {
      await agrees((x) => ops.pad([2, 0], [1, 3], { interior: [2, 0] })(x!), [n, 3])
      await agrees((x) => ops.slice([0, 1], [n, 5], [2, 3])(x!), [n, 6])
      await agrees((x, y) => ops.concat(0)([x!, ops.neg(y!), x!]), [n, 3], [2, 3])
      await agrees((x, y) => ops.concat(1)([x!, ops.exp(y!)]), [3, n], [3, 2])
      await agrees((x) => ops.transpose()(ops.reshape([3, n, 2])(x!)), [n, 6])
      await agrees((x) => ops.reshape([n, 4])(ops.transpose([2, 0, 1])(x!)), [2, n, 2])
    })

    it('slides windows, forward and back', async () => {
      const conv = (stride: readonly [number, number]) => (x: Tensor, w: Tensor) =>
        ops.einsum('ncijyx,ocij->noyx')(ops.unfold([3, 2], stride)(x), w)
      for (const stride of [
        [1, 1],
        [2, 3]
      ] as const) {
        await agrees((x, w) => conv(stride)(x!, w!), [2, 3, 7, 8], [4, 3, 3, 2])
        await agrees(
          (x, w) => grad((y: Tensor) => ops.sum()(ops.square(conv(stride)(y, w!))))(x!),
          [2, 3, 7, 8],
          [4, 3, 3, 2]
        )
      }
    })

    it('joins more than a kernel may read', () =>
      agrees((...xs) => ops.concat(0)(xs.map(ops.neg)), ...Array.from({ length: 11 }, () => [2, 3])))
  })

  describe('fits sizes at the edges in', () => fitsSizes(agrees))

  describe('is accurate in', () => isAccurate(opened))

  describe('keeps of IEEE 754 what docs/backends.md says', () => keepsEdges(mode, opened))

  describe('picks the k largest', () => {
    const mask = async (k: number, x: NdArray): Promise<void> => {
      const graph = graphOf((scores: Tensor) => ops.topKMask(k)(scores), [spec(x.shape)])
      expect(await disagreement(opened(), graph, [x])).toBe(0)
    }
    it('of distinct scores', async () => {
      // the last is bisected step by step on every GPU
      for (const n of [...edges, 1025, 2049])
        for (const k of new Set([1, Math.ceil(n / 3), n])) await mask(k, draw(n, [2, n]))
    })
    it('of ties, by index', async () => {
      for (const values of [
        [0, 0, 0, 0],
        [1, 2, 2, 1, 2],
        [-0, 0, -1, 0],
        [3, 3, 1, 1, 1, 0]
      ])
        for (let k = 1; k <= values.length; k++) await mask(k, ndarray.of([values.length], values))
    })
    it('of scores far apart', async () => {
      const values = Float32Array.from([
        ...(keepsDenormals(mode) ? [1e-45, -1e-45] : []),
        ...[2e-38, 3e38, -3e38, 1e-30, -2e-38, 0, 1, 1.0000001]
      ])
      for (let k = 1; k <= values.length; k++) await mask(k, ndarray.of([values.length], values))
    })
    it('of computed scores', () => agrees((a, b) => ops.topKMask(7)(ops.matmul(b!)(a!)), [3, 4], [4, 20]))
  })

  describe('gives back', () => {
    it('results of several shapes, repeated ones, and arguments and constants as they are', async () => {
      const f = (x: Tensor, y: Tensor) => {
        const z = ops.matmul(y)(x)
        return [z, x, constant(3), z, ops.sum()(z), ops.iota([2, 3], 1), ops.transpose()(z), ops.eye(3)]
      }
      await agrees((x, y) => f(x!, y!), [5, 4], [4, 64])
      await agrees((x) => [x, x], [3])
    })

    it('a wide result as it is laid', () =>
      agrees((x, y) => ops.add(y!)(ops.transpose()(x!)), [130, 7], [7, 130]))

    it('the same on every run', async () => {
      const graph = graphOf((x: Tensor) => ops.tanh(ops.matmul(x)(x)), [spec([8, 8])])
      const plan = planOf(graph)
      const executable = right(await opened().load(plan)())
      for (const seed of [1, 2, 1]) {
        const inputs = [draw(seed, [8, 8])]
        const got = right(await executable.run(inputs)())
        const want = evaluateGraph(graph, inputs)
        got[0]!.data.forEach((x, i) => expect(x).toBeCloseTo(want[0]!.data[i]!, 5))
      }
      await executable.dispose()
    })
  })

  it('cuts long chains and wide sums', async () => {
    const chain = (x: Tensor): Tensor =>
      Array.from({ length: 300 }).reduce<Tensor>((y) => ops.sin(ops.add(0.1)(y)), x)
    await agrees((x) => chain(x!), [5])
    await agrees(
      (...xs) => xs.map(ops.sin).reduce((sum, x) => ops.add(x)(sum)),
      ...Array.from({ length: 20 }, () => [3])
    )
  })

  it('says what ran', () => {
    const { engine, backend, threads } = opened().executed
    expect({ engine, threads }).toEqual({ engine: `gpujs:${mode}`, threads: 1 })
    expect(backend).toMatch(
      mode === 'webasm' || mode === 'cpu' ? /^gpu\.js 2\.24\.1 \w+$/ : /^gpu\.js 2\.24\.1 \w+ \(.+\)$/
    )
  })

  it('refuses to run what was disposed', async () => {
    const plan = planOf(graphOf((x: Tensor) => ops.exp(x), [spec([3])]))
    const executable = right(await opened().load(plan)())
    await executable.dispose()
    const result = await executable.run([draw(1, [3])])()
    expect(result).toMatchObject({
      _tag: 'Left',
      left: { _tag: 'EngineError', received: 'one that was disposed' }
    })
  })

  it('names a kernel that does not compile and shows its source', async () => {
    const runtime = right(await openRuntime(mode, 1)())
    const program = lowerPlan(planOf(graphOf((x: Tensor) => ops.exp(x), [spec([3])])), mode)
    const broken = program.kernels.map((kernel) => ({
      ...kernel,
      source: 'function (a0) {\nreturn nothing + a0[0];\n}'
    }))
    const result = await runtime.load({ ...program, kernels: broken })()
    await runtime.dispose()
    expect(E.isLeft(result) && result.left).toMatchObject({
      _tag: 'EngineError',
      where: 'kernel pointwise [3]'
    })
    expect(E.isLeft(result) && result.left.received).toContain('return nothing')
  })

  it('holds nothing after it is disposed', async () => {
    const runtime = right(await openRuntime(mode, 1)())
    const program = lowerPlan(planOf(graphOf((x: Tensor) => ops.exp(x), [spec([3])])), mode)
    const empty = runtime.held()
    const loaded = right(await runtime.load(program)())
    expect(runtime.held().plans).toBe(1)
    expect(runtime.held().kernels).toBeGreaterThan(empty['kernels']!)
    await loaded.dispose()
    expect(runtime.held()).toEqual(empty)
    await runtime.dispose()
    expect(await runtime.load(program)()).toMatchObject({ _tag: 'Left', left: { _tag: 'EngineError' } })
  })
}
