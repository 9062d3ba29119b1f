import { describe, expect, it } from 'vitest'
import {
  evaluateOn,
  exportOnnx,
  fold,
  grad,
  type Key,
  key,
  keySpec,
  ndarray,
  type NdArray,
  nn,
  ops,
  random,
  spec,
  type Tensor,
  tree
} from 'tangentflow'
import { batchOf, relativeError } from '../../support/networks.js'
import { expectLeft, expectRight } from './support.js'

const net = nn.serial(nn.dense(8), nn.relu, nn.dense(3))
const params = net.init(key(0), [4])
const { x, y } = batchOf(1, 5, 4, 3)

/** Runs the bytes of a model straight on ONNX Runtime, by the names of its file. */
const runFile = async (
  bytes: Uint8Array,
  feeds: Readonly<Record<string, NdArray>>
): Promise<Readonly<Record<string, NdArray>>> => {
  const { InferenceSession, Tensor: OrtTensor } = await import('onnxruntime-web')
  const session = await InferenceSession.create(bytes, { executionProviders: ['wasm'] })
  const tensors = Object.entries(feeds).map(
    ([name, { shape, data }]) =>
      [name, new OrtTensor('float32', Float32Array.from(data), [...shape])] as const
  )
  const results = await session.run(Object.fromEntries(tensors))
  expect([...session.inputNames].sort()).toEqual(Object.keys(feeds).sort())
  return Object.fromEntries(
    Object.entries(results).map(([name, { dims, data }]) => [
      name,
      ndarray.of([...dims], data as Float32Array)
    ])
  )
}
const feedsOf = (args: unknown): Readonly<Record<string, NdArray>> => tree.named(args)

describe('exportOnnx', () => {
  it('gives a file that ONNX Runtime runs to the same results, under the names that it says', async () => {
    const step = (p: nn.Params, images: Tensor, labels: Tensor) => {
      const loss = (q: nn.Params): Tensor => nn.crossEntropy(labels)(net.apply(q)(images))
      return { loss: loss(p), slope: grad(loss)(p) }
    }
    const file = expectRight(exportOnnx(step, [params, x, y]))
    expect(file.inputs).toEqual(['0.0.b', '0.0.w', '0.2.b', '0.2.w', '1', '2'])
    expect(file.outputs).toEqual([
      'output.loss',
      'output.slope.0.b',
      'output.slope.0.w',
      'output.slope.2.b',
      'output.slope.2.w'
    ])
    const results = await runFile(file.bytes, feedsOf([params, x, y]))
    const { loss, slope } = evaluateOn(step)(params, x, y)
    expect(relativeError(results['output.loss']!, loss)).toBeLessThan(1e-5)
    expect(relativeError(results['output.slope.0.w']!, slope[0]!.w!)).toBeLessThan(1e-5)
  })

  it('names one result output, and says one name twice for one value', async () => {
    const double = (a: Tensor): Tensor => ops.scale(2)(a)
    const one = expectRight(exportOnnx(double, [spec([2])]))
    expect([one.inputs, one.outputs]).toEqual([['0'], ['output']])
    const both = expectRight(exportOnnx((a: Tensor) => [double(a), double(a)] as const, [spec([2])]))
    const results = await runFile(both.bytes, { 0: ndarray.of([2], [1, 2]) })
    for (const name of both.outputs) expect([...results[name]!.data]).toEqual([2, 4])
  })

  it('refuses a key among the arguments, not one that is fixed, and shapes that do not fit', () => {
    const noise = (k: Key): Tensor => random.normal([2])(k)
    expect(expectLeft(exportOnnx(noise, [keySpec]))).toMatchObject({ _tag: 'ArgumentError', where: '[0]' })
    const fixed = exportOnnx((a: Tensor) => ops.add(noise(fold(1)(key(0))))(a), [spec([2])])
    // a fixed key is a constant of the graph
    expect(expectRight(fixed).inputs).toEqual(['0'])
    const wrong = exportOnnx((a: Tensor, b: Tensor) => ops.matmul(b)(a), [spec([2, 3]), spec([2, 3])])
    expect(expectLeft(wrong)).toMatchObject({ _tag: 'ShapeError' })
  })
})
