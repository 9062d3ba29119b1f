import type { NdArray } from '../../lib/index.js'
import type { Candidate } from '../harness/candidate.js'
import { bytesOf, node, tensor } from './onnx-graph.js'
import { handWritten } from './onnxruntime.js'
import type { AttackSizes } from './sizes.js'

/**
 * The matrix products of an attack and nothing else: two forward and two backward for each step, and the two of each of the
 * two predictions, clean and attacked. Each takes the last one's result, so that none can be left out; the last of a step
 * adds the images, so that numbers stay small.
 */
const productsModel = ({ batch, inputs, hidden, classes, steps }: AttackSizes): Uint8Array => {
  const predict = (x: string, name: string) => [
    node('Gemm', [x, 'w0'], `h ${name}`),
    node('Gemm', [`h ${name}`, 'w2'], `z ${name}`)
  ]
  const stepNodes = Array.from({ length: steps }, (_, i) => [
    ...predict(i === 0 ? 'x' : `x ${i}`, `${i}`),
    node('Gemm', [`z ${i}`, 'w2'], `dh ${i}`, { transB: 1 }),
    node('Gemm', [`dh ${i}`, 'w0', 'x'], `x ${i + 1}`, { transB: 1, alpha: 1e-3, beta: 1 })
  ])
  const graph = {
    name: 'products',
    initializer: [],
    input: [tensor('x', [batch, inputs]), tensor('w0', [inputs, hidden]), tensor('w2', [hidden, classes])],
    node: [...stepNodes.flat(), ...predict(`x ${steps}`, 'attacked'), ...predict('x', 'clean')],
    output: [tensor('z attacked', [batch, classes]), tensor('z clean', [batch, classes])]
  }
  return bytesOf(graph)
}

/** The bound: the matrix products of an attack, straight on ONNX Runtime. */
export const attackProducts =
  (sizes: AttackSizes, arrays: { readonly [name: string]: NdArray }) =>
  (threads: number): Candidate => ({
    ...handWritten({ name: 'matrix products', model: productsModel(sizes), arrays, names: {} })(threads),
    isBound: true
  })
