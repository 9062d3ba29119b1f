import * as fc from 'fast-check'
import { evaluateOn, key, type NdArray, ndarray, normals, ntk, ops, type Tensor } from 'tangentflow'

const { abs, dense, erf, leakyRelu, rbf, relu, serial, sin } = ntk.infinite

/** The kernels of a network between concrete inputs, in float64. */
export const kernelsOf = (
  net: ntk.infinite.InfiniteNetwork,
  x1: NdArray,
  x2?: NdArray,
  options?: ntk.infinite.SpatialOptions
): { readonly nngp: NdArray; readonly ntk: NdArray } =>
  x2 === undefined
    ? evaluateOn((a: Tensor) => net.kernel(a, undefined, options))(x1)
    : evaluateOn((a: Tensor, b: Tensor) => net.kernel(a, b, options))(x1, x2)

export const normalArray = (seed: number, shape: readonly number[]): NdArray =>
  ndarray.of(
    shape,
    normals(
      key(seed),
      shape.reduce((n, m) => n * m, 1)
    )
  )

/** Activations with a closed form, and the functions they are. */
export const closedForms: readonly {
  readonly name: string
  readonly layer: ntk.infinite.InfiniteLayer
  readonly phi: (u: Tensor) => Tensor
  readonly smooth: boolean
}[] = [
  { name: 'relu', layer: relu, phi: ops.relu, smooth: false },
  {
    name: 'leakyRelu(0.2)',
    layer: leakyRelu(0.2),
    phi: (u) => ops.max(ops.scale(0.2)(u))(u),
    smooth: false
  },
  { name: 'abs', layer: abs, phi: ops.abs, smooth: false },
  { name: 'erf', layer: erf, phi: ops.erf, smooth: true },
  { name: 'sin', layer: sin, phi: ops.sin, smooth: true },
  {
    name: 'rbf(0.4)',
    layer: rbf(0.4),
    phi: (u) => ops.scale(Math.SQRT2)(ops.sin(ops.add(Math.PI / 4)(ops.scale(Math.sqrt(0.8))(u)))),
    smooth: true
  }
]

const activations: fc.Arbitrary<ntk.infinite.InfiniteLayer> = fc.constantFrom(
  ...closedForms.map(({ layer }) => layer)
)

/** Dense networks of one to three hidden layers, with inputs [n, d]; on a line (d = 1) all cosines are ±1. */
export const denseCases: fc.Arbitrary<{
  readonly net: ntk.infinite.InfiniteNetwork
  readonly x: NdArray
  readonly y: NdArray
}> = fc
  .record({
    hidden: fc.array(activations, { minLength: 1, maxLength: 3 }),
    sigmaW: fc.double({ min: 0.5, max: 2, noNaN: true }),
    sigmaB: fc.double({ min: 0, max: 1, noNaN: true }),
    sizes: fc.tuple(fc.integer({ min: 2, max: 5 }), fc.integer({ min: 2, max: 4 })),
    seed: fc.nat({ max: 1e6 })
  })
  .map(({ hidden, sigmaW, sigmaB, sizes: [n, d], seed }) => ({
    net: serial(
      ...hidden.flatMap((activation) => [dense({ sigmaW, sigmaB }), activation]),
      dense({ sigmaW, sigmaB })
    ),
    x: normalArray(seed, [n, d]),
    y: normalArray(seed + 1, [3, d])
  }))
