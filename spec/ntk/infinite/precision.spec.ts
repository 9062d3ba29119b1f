import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { key, type NdArray, ndarray, normals, ntk, run, type Tensor } from 'tangentflow'
import { right } from '../../support/either.js'
import { openedEngine } from '../../support/opened-engine.js'
import { closedForms, kernelsOf } from '../../support/infinite.js'

const { avgPool, conv2d, dense, flatten, globalAvgPool, relu, residual, serial } = ntk.infinite

/** Inputs of every degenerate sort: equal, nearly equal, on one line, opposite and zero. */
const degenerate = (d: number): NdArray => {
  const numbers = normals(key(d), 5 * d)
  const [a, b, c, e] = Array.from({ length: 4 }, (_, i) => Array.from(numbers.subarray(i * d, (i + 1) * d)))
  const rows = [
    a!,
    b!,
    a!,
    ...[1e-3, 1e-4, 1e-5, 1e-6].map((by) => a!.map((x, i) => x + by * c![i]!)),
    a!.map((x) => 3 * x),
    b!.map((x) => -x),
    b!.map((x) => -0.37 * x),
    a!.map(() => 0),
    e!,
    e!.map((x, i) => (i === 0 ? x + 1e-3 : x))
  ]
  return ndarray.of([rows.length, d], Float32Array.from(rows.flat()))
}

const networks: readonly (readonly [name: string, net: ntk.infinite.InfiniteNetwork])[] = [
  ...closedForms.flatMap(({ name, layer }) =>
    [0, 0.3].flatMap((sigmaB) => [
      [`${name}, bias ${sigmaB}`, serial(dense({ sigmaB }), layer, dense({ sigmaB }))] as const,
      [
        `three of ${name}, bias ${sigmaB}`,
        serial(
          dense({ sigmaB }),
          layer,
          dense({ sigmaB }),
          layer,
          dense({ sigmaB }),
          layer,
          dense({ sigmaB })
        )
      ] as const
    ])
  ),
  ...closedForms.map(
    ({ name, layer }) =>
      [
        `${name} between relus`,
        serial(dense({ sigmaB: 0.2 }), relu, dense(), layer, dense({ sigmaB: 0.2 }), relu, dense())
      ] as const
  ),
  ['a residual', serial(dense(), residual(relu, dense({ sigmaB: 0.1 })), relu, dense())]
]

/** The largest error of a kernel, as a part of √(Θ(x, x) Θ(x′, x′)), and how unequal the two orders of a pair are. */
const errorOf = (got: NdArray, want: NdArray): { readonly error: number; readonly asymmetry: number } => {
  const n = want.shape[0]!
  let [error, asymmetry] = [0, 0]
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      const [mine, right, other] = [got.data[i * n + j]!, want.data[i * n + j]!, got.data[j * n + i]!]
      const scale = Math.sqrt(want.data[i * n + i]! * want.data[j * n + j]!)
      if (mine !== right) error = Math.max(error, Math.abs(mine - right) / scale)
      asymmetry = Math.max(asymmetry, Math.abs(mine - other))
    }
  return { error, asymmetry }
}

const isAccepted = (kernel: NdArray): void => {
  const times = [1, Infinity]
  const found = ntk.predictMse(kernel, ndarray.full([kernel.shape[0]!], 1), { times })
  if (E.isLeft(found)) throw new Error(JSON.stringify(found.left))
}

describe('infinite kernels of degenerate inputs', () => {
  describe.each(['reference', 'onnx:native', 'onnx:wasm', 'gpujs:webasm', 'gpujs:cpu'] as const)(
    'on %s are symmetric to the bit, right to 2e-6 and accepted by predictMse',
    (require) => {
      const engine = openedEngine(require)

      it.each(networks)('%s', async (_, net) => {
        for (const d of [1, 2, 30]) {
          const x = degenerate(d)
          const { value } = right(await run(engine())((at: Tensor) => net.kernel(at))(x)())
          const want = kernelsOf(net, x)
          for (const kernel of ['nngp', 'ntk'] as const) {
            const { error, asymmetry } = errorOf(value[kernel], want[kernel])
            expect(asymmetry, kernel).toBe(0)
            expect(error, kernel).toBeLessThan(2e-6)
            isAccepted(value[kernel])
          }
        }
      })

      it.each([
        ['flat', flatten],
        ['pooled at the end', globalAvgPool]
      ] as const)('a convolution, %s', async (_, end) => {
        const [a, b] = [normals(key(1), 32), normals(key(2), 32)]
        const images = [a, b, a, a.map((x, i) => x + 1e-3 * b[i]!), a.map((x) => -2 * x), a.map(() => 0.5)]
        const x = ndarray.of([6, 2, 4, 4], Float32Array.from(images.flatMap((image) => [...image])))
        const net = serial(conv2d(3, { padding: 'same', sigmaB: 0.1 }), relu, conv2d(2), relu, end, dense())
        const got = right(await run(engine())((at: Tensor) => net.kernel(at).ntk)(x)()).value
        const { error, asymmetry } = errorOf(got, kernelsOf(net, x).ntk)
        expect(asymmetry).toBe(0)
        expect(error).toBeLessThan(2e-6)
        isAccepted(got)
      })
    }
  )

  it('near a right angle of 0 are what angles from differences give', () => {
    // arccos of a rounded cosine would be off by 1e-8
    const x = ndarray.fromNested([
      [1, 2, 2],
      [3, 6, 6],
      [1, 2, 2 + 3e-9]
    ])
    const { ntk: theta } = kernelsOf(serial(dense(), relu, dense()), x)
    const [q, r] = [theta.data[0]!, theta.data[8]!]
    const sine = (3e-9 * Math.sqrt(5)) / 9
    expect(theta.data[1]! / (3 * q)).toBeCloseTo(1, 14)
    // Θ = 2 K κ₁ and 2 K κ₀ of a layer: the angle lowers κ₀ by θ / π
    expect(1 - theta.data[2]! / Math.sqrt(q * r)).toBeCloseTo(sine / Math.PI / 2, 12)
  })

  it('pooled before an activation stay positive', () => {
    const net = serial(conv2d(2), relu, avgPool(2), conv2d(1), relu, globalAvgPool, dense())
    const x = ndarray.of([3, 1, 5, 5], normals(key(3), 75))
    isAccepted(kernelsOf(net, x).ntk)
  })
})
