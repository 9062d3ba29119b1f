import { bytesOf, integers, node, scalar, tensor } from './onnx-graph.js'
import type { CnnSizes } from './sizes.js'

// The training step of a convolutional network with the operators that ONNX has for it: Conv forward, ConvTranspose for
// the gradient of the images, Conv with examples and channels exchanged for that of the weights, and MaxUnpool, which gives
// the gradient of a maximum to the first of equals.

/** The gradient of a block's weights and biases and their update; `input` and `name`'s delta have examples first. */
const updateOf = (block: number, input: string, delta: string, padding: number) => [
  node('Transpose', [input], `channels${block}`, { perm: [1, 0, 2, 3] }),
  node('Transpose', [delta], `filters${block}`, { perm: [1, 0, 2, 3] }),
  node('Conv', [`channels${block}`, `filters${block}`], `swapped${block}`, {
    pads: [padding, padding, padding, padding]
  }),
  node('Transpose', [`swapped${block}`], `dw${block}`, { perm: [1, 0, 2, 3] }),
  node('Mul', [`dw${block}`, 'rate'], `stepW${block}`),
  node('Sub', [`w${block}`, `stepW${block}`], `newW${block}`),
  node('ReduceSum', [delta, 'places'], `db${block}`, { keepdims: 0 }),
  node('Mul', [`db${block}`, 'rate'], `stepB${block}`),
  node('Sub', [`b${block}`, `stepB${block}`], `newB${block}`)
]

const pooling = { kernel_shape: [2, 2], strides: [2, 2] }

/** Convolution, ReLU and pooling; the places of the maxima are kept for the way back. */
const blockOf = (block: number, input: string, padding: number) => [
  node('Conv', [input, `w${block}`, `b${block}`], `pre${block}`, {
    pads: [padding, padding, padding, padding]
  }),
  node('Relu', [`pre${block}`], `h${block}`),
  node('MaxPool', [`h${block}`], [`pooled${block}`, `where${block}`], pooling)
]

/** From the gradient of what a block gives to that of its convolution's results. */
const backOf = (block: number, gradient: string) => [
  node('MaxUnpool', [gradient, `where${block}`], `dh${block}`, pooling),
  node('Greater', [`h${block}`, 'zero'], `active${block}`),
  node('Where', [`active${block}`, `dh${block}`, 'zero'], `dpre${block}`)
]

/** The bytes of the model: x, y, w1, b1 … w4, b4 in; loss and the new parameters out. */
export const cnnStepModel = ({
  batch,
  size,
  channels: [first, second],
  kernel,
  hidden,
  classes,
  rate
}: CnnSizes): Uint8Array => {
  const descend = { alpha: -rate, beta: 1 }
  const padding = (kernel - 1) / 2
  const left = size / 4
  const features = second * left * left
  const shapes = {
    W1: [first, 1, kernel, kernel],
    B1: [first],
    W2: [second, first, kernel, kernel],
    B2: [second],
    W3: [features, hidden],
    B3: [hidden],
    W4: [hidden, classes],
    B4: [classes]
  }
  const dense = (layer: number, delta: string) => [
    node('ReduceSum', [delta, 'rows'], `db${layer}`, { keepdims: 0 }),
    node('Mul', [`db${layer}`, 'rate'], `stepB${layer}`),
    node('Sub', [`b${layer}`, `stepB${layer}`], `newB${layer}`)
  ]
  return bytesOf({
    name: 'cnn-step',
    input: [
      tensor('x', [batch, 1, size, size]),
      tensor('y', [batch, classes]),
      ...Object.entries(shapes).map(([name, shape]) => tensor(name.toLowerCase(), shape))
    ],
    initializer: [
      scalar('zero', 0),
      scalar('share', 1 / batch),
      scalar('minusShare', -1 / batch),
      scalar('rate', rate),
      integers('rows', [0]),
      integers('places', [0, 2, 3]),
      integers('flat', [batch, features]),
      integers('image', [batch, second, left, left])
    ],
    node: [
      ...blockOf(1, 'x', padding),
      ...blockOf(2, 'pooled1', padding),
      node('Reshape', ['pooled2', 'flat'], 'features'),
      node('Gemm', ['features', 'w3', 'b3'], 'pre3'),
      node('Relu', ['pre3'], 'h3'),
      node('Gemm', ['h3', 'w4', 'b4'], 'z'),
      node('LogSoftmax', ['z'], 'logp', { axis: 1 }),
      node('Mul', ['logp', 'y'], 'picked'),
      node('ReduceSum', ['picked'], 'likelihood', { keepdims: 0 }),
      node('Mul', ['likelihood', 'minusShare'], 'loss'),
      node('Exp', ['logp'], 'p'),
      node('Sub', ['p', 'y'], 'residual'),
      node('Mul', ['residual', 'share'], 'dz'),
      node('Gemm', ['h3', 'dz', 'w4'], 'newW4', { transA: 1, ...descend }),
      ...dense(4, 'dz'),
      node('Gemm', ['dz', 'w4'], 'dh3', { transB: 1 }),
      node('Greater', ['h3', 'zero'], 'active3'),
      node('Where', ['active3', 'dh3', 'zero'], 'dpre3'),
      node('Gemm', ['features', 'dpre3', 'w3'], 'newW3', { transA: 1, ...descend }),
      ...dense(3, 'dpre3'),
      node('Gemm', ['dpre3', 'w3'], 'dfeatures', { transB: 1 }),
      node('Reshape', ['dfeatures', 'image'], 'dpooled2'),
      ...backOf(2, 'dpooled2'),
      ...updateOf(2, 'pooled1', 'dpre2', padding),
      node('ConvTranspose', ['dpre2', 'w2'], 'dpooled1', { pads: [padding, padding, padding, padding] }),
      ...backOf(1, 'dpooled1'),
      ...updateOf(1, 'x', 'dpre1', padding)
    ],
    output: [
      tensor('loss', []),
      ...Object.entries(shapes).map(([name, shape]) => tensor(`new${name}`, shape))
    ]
  })
}
