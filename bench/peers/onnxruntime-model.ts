import { bytesOf, integers, node, scalar, tensor } from './onnx-graph.js'
import type { MlpSizes } from './sizes.js'

// The training step as one would write it by hand for ONNX Runtime: both SGD updates of the weights are the epilogue
// of the product that makes their gradient (Gemm with alpha = −rate, beta = 1).

/** The bytes of the model: x, y, w1, b1, w2, b2 in; loss and the new parameters out. */
export const mlpStepModel = ({ batch, inputs, hidden, classes, rate }: MlpSizes): Uint8Array => {
  const descend = { alpha: -rate, beta: 1 }
  const graph = {
    name: 'mlp-step',
    input: [
      tensor('x', [batch, inputs]),
      tensor('y', [batch, classes]),
      tensor('w1', [inputs, hidden]),
      tensor('b1', [hidden]),
      tensor('w2', [hidden, classes]),
      tensor('b2', [classes])
    ],
    initializer: [
      scalar('zero', 0),
      scalar('share', 1 / batch),
      scalar('minusShare', -1 / batch),
      scalar('rate', rate),
      integers('rows', [0])
    ],
    node: [
      node('Gemm', ['x', 'w1', 'b1'], 'pre'),
      node('Relu', ['pre'], 'h'),
      node('Gemm', ['h', 'w2', 'b2'], 'z'),
      node('LogSoftmax', ['z'], 'logp', { axis: 1 }),
      node('Mul', ['logp', 'y'], 'picked'),
      node('ReduceSum', ['picked'], 'likelihood', { keepdims: 0 }),
      node('Mul', ['likelihood', 'minusShare'], 'loss'),
      node('Exp', ['logp'], 'p'),
      node('Sub', ['p', 'y'], 'residual'),
      node('Mul', ['residual', 'share'], 'dz'),
      node('Gemm', ['h', 'dz', 'w2'], 'newW2', { transA: 1, ...descend }),
      node('ReduceSum', ['dz', 'rows'], 'db2', { keepdims: 0 }),
      node('Mul', ['db2', 'rate'], 'stepB2'),
      node('Sub', ['b2', 'stepB2'], 'newB2'),
      node('Gemm', ['dz', 'w2'], 'dh', { transB: 1 }),
      node('Greater', ['pre', 'zero'], 'active'),
      node('Where', ['active', 'dh', 'zero'], 'dpre'),
      node('Gemm', ['x', 'dpre', 'w1'], 'newW1', { transA: 1, ...descend }),
      node('ReduceSum', ['dpre', 'rows'], 'db1', { keepdims: 0 }),
      node('Mul', ['db1', 'rate'], 'stepB1'),
      node('Sub', ['b1', 'stepB1'], 'newB1')
    ],
    output: [
      tensor('loss', []),
      tensor('newW1', [inputs, hidden]),
      tensor('newB1', [hidden]),
      tensor('newW2', [hidden, classes]),
      tensor('newB2', [classes])
    ]
  }
  return bytesOf(graph)
}
