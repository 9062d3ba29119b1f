import { evaluateOn, ndarray } from 'tangentflow'
import { describe, expect, it } from 'vitest'
import { grad } from '../../../lib/diff/index.js'
import { topological } from '../../../lib/graph/graph.js'
import { ops } from '../../../lib/graph/ops/index.js'
import { spec } from '../../../lib/graph/spec.js'
import { isOp, type Tensor } from '../../../lib/graph/tensor.js'
import { trace } from '../../../lib/graph/trace.js'
import { crossEntropy } from '../../../lib/nn/loss.js'
import { optimise } from '../../../lib/optimise/index.js'
import { right } from '../../support/either.js'

/** The pointwise functions of a gradient's optimised graph. */
const functionsOf = (f: (z: Tensor, y: Tensor) => Tensor): readonly string[] => {
  const { graph } = right(trace((z: Tensor, y: Tensor) => grad(f)(z, y), [spec([4, 3]), spec([4])]))
  return topological(optimise(graph).outputs).flatMap((node) => (isOp(node, 'pointwise') ? [node.op.fn] : []))
}

describe('a gradient by probabilities', () => {
  // an attack takes one at each of its steps, and a logarithm that keeps its digits is a dozen operators of ONNX
  it.each([
    ['crossEntropy', (z: Tensor, y: Tensor) => crossEntropy(y)(z)],
    ['logSoftmax', (z: Tensor) => ops.sum()(ops.square(ops.slice([0, 0], [4, 1])(ops.logSoftmax()(z))))],
    ['logSumExp', (z: Tensor) => ops.sum()(ops.logSumExp()(z))]
  ])('of %s takes one exponential', (name, f) => {
    const functions = functionsOf(f)
    expect(functions.filter((fn) => fn === 'exp')).toHaveLength(1)
    // the square's gradient has the value in it
    const logs = functions.filter((fn) => fn === 'log' || fn === 'log1p')
    expect(logs).toHaveLength(name === 'logSoftmax' ? 1 : 0)
  })
})

describe('the axis of softmax', () => {
  it('is the last one unless it is named', () => {
    const x = ndarray.of([2, 2, 3], [1, 2, 3, 0, 0, 0, 5, 1, 1, 2, 2, 7])
    for (const f of [ops.softmax, ops.logSoftmax, ops.logSumExp])
      expect(evaluateOn((z: Tensor) => f()(z))(x)).toEqual(evaluateOn((z: Tensor) => f(2)(z))(x))
    const sums = evaluateOn((z: Tensor) => ops.sum(-1)(ops.softmax()(z)))(x)
    sums.data.forEach((sum) => expect(sum).toBeCloseTo(1, 12))
  })
})
