import { describe, expect, it } from 'vitest'
import { grad, ndarray, nn, ops, run, spec, type Tensor } from 'tangentflow'
import { engineAgrees } from 'tangentflow/laws'
import { right } from '../../support/either.js'
import { openedEngine } from '../../support/opened-engine.js'

/** Comparisons of what was transposed, each of an array [2, 4, 4, 6]. */
const compared: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  'a comparison': (x) => ops.greater(0.1)(ops.transpose()(x)),
  'a choice': (x) => ops.where(ops.greater(0)(ops.transpose()(x)))(ops.transpose()(x), 1),
  'a ReLU': (x) => ops.relu(ops.transpose([1, 0, 3, 2])(x)),
  'a maximum': (x) => ops.reduceMax(0)(ops.transpose()(x)),
  'a log-sum-exp': (x) => ops.neg(ops.logSumExp(0)(ops.transpose()(x))),
  'windows under a maximum': (x) => nn.maxPool(2).apply({})(ops.transpose([1, 0, 3, 2])(x))
}

describe('onnx:webgpu computes every node of', () => {
  const engine = openedEngine('onnx:webgpu')
  it.each(Object.entries(compared))('%s of what was transposed, and its gradient', async (_name, f) => {
    const energy = (x: Tensor): Tensor => ops.sum()(ops.square(f(x)))
    await engineAgrees(engine(), (x: Tensor) => [f(x), grad(energy)(x)], [spec([2, 4, 4, 6])], { runs: 3 })
  })
})

describe('onnx:webgpu without the memory for a result', () => {
  const engine = openedEngine('onnx:webgpu')
  const table = (x: Tensor): Tensor => ops.sum()(ops.relu(ops.sub(0.5)(ops.einsum('i,j->ij')(x, x))))
  const sumOf = (n: number) => run(engine())(table)(ndarray.full([n], 1))()

  it.each([
    ['a buffer that its device does not get', 17_000],
    ['a buffer beyond the limit of its device', 33_000],
    ['more buffers than a kernel can have', 60_000]
  ])('says so for %s, and goes on', async (_name, n) => {
    const result = await sumOf(n)
    // hardware may have it
    if (engine().describe.backend.includes('software'))
      expect(result).toMatchObject({
        left: {
          _tag: 'EngineError',
          operation: 'onnx.run',
          expected: 'memory for the program on its device',
          where: 'onnx:webgpu'
        }
      })
    expect(right(await sumOf(6)).value.data[0]).toBe(18)
  })
})
