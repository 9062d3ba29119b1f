import { bytesOf, floats, type HandWritten, integers, node, scalar, tensor } from './onnx-graph.js'
import type { KernelSizes } from './sizes.js'

// The full kernel of a network of three dense layers as one would write it by hand for ONNX Runtime: layer by layer, the
// products of inputs and of cotangents, their biases as the 1 that Gemm adds. No Jacobian is formed.

type Nodes = readonly ReturnType<typeof node>[]

/** Activations h, slopes g and cotangents d of one set of examples, whose names end in `s`. */
const side = (s: string): Nodes => [
  node('Gemm', [`x${s}`, 'v0', 'b0'], `pre0${s}`),
  node('Relu', [`pre0${s}`], `h1${s}`),
  node('Greater', [`pre0${s}`, 'zero'], `on0${s}`),
  node('Cast', [`on0${s}`], `g0${s}`, { to: 1 }),
  node('Gemm', [`h1${s}`, 'v1', 'b1'], `pre1${s}`),
  node('Relu', [`pre1${s}`], `h2${s}`),
  node('Greater', [`pre1${s}`, 'zero'], `on1${s}`),
  node('Cast', [`on1${s}`], `g1${s}`, { to: 1 }),
  node('Unsqueeze', [`g1${s}`, 'one-axis'], `g1row${s}`),
  node('Mul', [`g1row${s}`, 'v2t'], `d1${s}`),
  node('Reshape', [`d1${s}`, 'd1-flat'], `d1flat${s}`),
  node('Gemm', [`d1flat${s}`, 'v1'], `back${s}`, { transB: 1 }),
  node('Reshape', [`back${s}`, 'd0-shape'], `back3${s}`),
  node('Unsqueeze', [`g0${s}`, 'one-axis'], `g0row${s}`),
  node('Mul', [`back3${s}`, `g0row${s}`], `d0${s}`)
]

/** One layer without a mask: the Gram matrix of its inputs plus 1, times that of its cotangents, [n, o, m, p]. */
const denseLayer = (l: number, h: string): Nodes => [
  node('Gemm', [`${h}l`, `${h}r`, 'ones'], `gram${l}`, { transB: 1 }),
  node('Reshape', [`gram${l}`, 'gram-shape'], `gram4${l}`),
  node('Reshape', [`d${l}l`, `d${l}-flat`], `left${l}`),
  node('Reshape', [`d${l}r`, `d${l}-flat`], `right${l}`),
  node('Gemm', [`left${l}`, `right${l}`], `delta${l}`, { transB: 1 }),
  node('Reshape', [`delta${l}`, 'turned-shape'], `delta4${l}`),
  node('Mul', [`delta4${l}`, `gram4${l}`], `k${l}`)
]

/** One layer under a mask: products of inputs through m², plus 1, times the right cotangents, times the left ones. */
const maskedLayer = (l: number, h: string): Nodes => [
  node('Unsqueeze', [`${h}l`, 'one-axis'], `${h}column`),
  node('Mul', [`${h}column`, `${h}r`], `pairs${l}`),
  node('Reshape', [`pairs${l}`, `pairs${l}-flat`], `pairsflat${l}`),
  node('Mul', [`m${l}`, `m${l}`], `square${l}`),
  node('Gemm', [`pairsflat${l}`, `square${l}`, 'ones'], `through${l}`),
  node('Reshape', [`through${l}`, `through${l}-shape`], `through4${l}`),
  node('Mul', [`through4${l}`, `d${l}r`], `spread${l}`),
  node('Reshape', [`spread${l}`, `spread${l}-shape`], `right${l}`),
  node('Transpose', [`right${l}`], `turned${l}`, { perm: [0, 2, 1] }),
  node('MatMul', [`d${l}l`, `turned${l}`], `k3${l}`),
  node('Reshape', [`k3${l}`, 'turned-shape'], `k${l}`)
]

/** The last layer, whose cotangents are the identity, [n, m, o] or [n, m]. */
const lastLayer = (isMasked: boolean): Nodes =>
  isMasked
    ? [
        node('Unsqueeze', ['h2l', 'one-axis'], 'h2column'),
        node('Mul', ['h2column', 'h2r'], 'pairs2'),
        node('Reshape', ['pairs2', 'pairs2-flat'], 'pairsflat2'),
        node('Mul', ['m2', 'm2'], 'square2'),
        node('Gemm', ['pairsflat2', 'square2', 'ones'], 'through2'),
        node('Reshape', ['through2', 'last-shape'], 'last')
      ]
    : [
        node('Gemm', ['h2l', 'h2r', 'ones'], 'gram2', { transB: 1 }),
        node('Reshape', ['gram2', 'last-shape'], 'last')
      ]

const masks = (widths: KernelSizes['widths'], isMasked: boolean) => {
  const shapes = [0, 1, 2].map((l) => [widths[l]!, widths[l + 1]!] as const)
  return {
    inputs: isMasked ? shapes.map((shape, l) => tensor(`m${l}`, shape)) : [],
    nodes: shapes.map((_, l) =>
      isMasked ? node('Mul', [`w${l}`, `m${l}`], `v${l}`) : node('Identity', [`w${l}`], `v${l}`)
    )
  }
}

/** The bytes of the model: xl, xr, w0 … b2 and, if masked, m0 … m2 in; the kernel [n, n, o, o] out. */
export const kernelModel = ({ n, widths }: KernelSizes, isMasked: boolean): Uint8Array => {
  const [inputs, first, second, outputs] = widths
  const layer = isMasked ? maskedLayer : denseLayer
  const mask = masks(widths, isMasked)
  const graph: HandWritten = {
    name: 'kernel',
    input: [
      tensor('xl', [n, inputs]),
      tensor('xr', [n, inputs]),
      ...[0, 1, 2].flatMap((l) => [
        tensor(`w${l}`, [widths[l]!, widths[l + 1]!]),
        tensor(`b${l}`, [widths[l + 1]!])
      ]),
      ...mask.inputs
    ],
    initializer: [
      scalar('zero', 0),
      scalar('ones', 1),
      floats(
        'identity',
        Array.from({ length: outputs ** 2 }, (_, i) => (i % (outputs + 1) === 0 ? 1 : 0)),
        [outputs, outputs]
      ),
      integers('one-axis', [1]),
      integers('d1-flat', [n * outputs, second]),
      integers('d0-shape', [n, outputs, first]),
      integers('turned-shape', [n, outputs, n, outputs]),
      ...(isMasked
        ? [
            integers('pairs0-flat', [n * n, inputs]),
            integers('pairs1-flat', [n * n, first]),
            integers('pairs2-flat', [n * n, second]),
            integers('through0-shape', [n, n, 1, first]),
            integers('through1-shape', [n, n, 1, second]),
            integers('spread0-shape', [n, n * outputs, first]),
            integers('spread1-shape', [n, n * outputs, second])
          ]
        : [integers('d0-flat', [n * outputs, first]), integers('gram-shape', [n, 1, n, 1])]),
      integers('last-shape', isMasked ? [n, n, outputs, 1] : [n, n, 1, 1])
    ],
    node: [
      ...mask.nodes,
      node('Transpose', ['v2'], 'v2t', { perm: [1, 0] }),
      ...side('l'),
      ...side('r'),
      ...layer(0, 'x'),
      ...layer(1, 'h1'),
      ...lastLayer(isMasked),
      node('Add', ['k0', 'k1'], 'turned'),
      node('Transpose', ['turned'], 'both', { perm: [0, 2, 1, 3] }),
      node('Mul', ['last', 'identity'], 'diagonal'),
      node('Add', ['both', 'diagonal'], 'kernel')
    ],
    output: [tensor('kernel', [n, n, outputs, outputs])]
  }
  return bytesOf(graph)
}
