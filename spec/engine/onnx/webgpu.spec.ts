import { describe, it } from 'vitest'
import { grad, nn, ops, spec, type Tensor } from 'tangentflow'
import { engineAgrees } from 'tangentflow/laws'
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
