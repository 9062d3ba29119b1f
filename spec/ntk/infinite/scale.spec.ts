import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { evaluateOn, type NdArray, ndarray, ntk, openEngine, type Tensor } from 'tangentflow'
import { right } from '../../support/either.js'

const { abs, avgPool, conv2d, dense, erf, flatten, globalAvgPool, relu, residual, serial } = ntk.infinite

const images = ndarray.of([2, 1, 2, 2], Float64Array.from([1, 2, 3, 4, -1, 2, 0, 1]))
const scaled = ({ shape, data }: NdArray, s: number): NdArray =>
  ndarray.of(
    shape,
    Float64Array.from(data, (v) => v * s)
  )

/** Networks whose outputs are as many times larger as their inputs are. */
const homogeneous = {
  'a convolution': serial(conv2d(2), relu, flatten, dense()),
  'convolutions that are pooled': serial(
    conv2d(2, { padding: 'same' }),
    abs,
    avgPool(2),
    conv2d(1),
    relu,
    globalAvgPool,
    dense()
  ),
  'a residual': serial(flatten, dense(), residual(relu, dense()), relu, dense()),
  'a residual of convolutions': serial(
    conv2d(1),
    residual(relu, conv2d(2, { padding: 'same' })),
    relu,
    flatten,
    dense()
  )
}

describe('an infinite network', () => {
  it.each(Object.entries(homogeneous))(
    'that is %s has s² times the kernel for inputs s times as large',
    (_, net) => {
      const at = (s: number) => evaluateOn((x: Tensor) => net.kernel(x))(scaled(images, s))
      const one = at(1)
      fc.assert(
        fc.property(fc.integer({ min: -330, max: 330 }), (exponent) => {
          const s = 2 ** exponent
          const found = at(s)
          for (const name of ['nngp', 'ntk'] as const)
            found[name].data.forEach((v, i) => expect(v / s / s / one[name].data[i]!).toBeCloseTo(1, 12))
        }),
        { numRuns: 20 }
      )
    }
  )

  it.each(Object.entries(homogeneous))('that is %s has it in float32 too', async (_, net) => {
    const engine = right(await openEngine({ require: 'onnx:native', threads: 1 })())
    const program = right(await engine.compile((x: Tensor) => net.kernel(x), [images])())
    const at = async (s: number) => {
      const { value, executed } = right(await program(scaled(images, s))())
      expect(executed.engine).toBe('onnx:native')
      return value
    }
    const one = await at(1)
    for (const s of [2 ** -42, 2 ** -30, 2 ** 30, 2 ** 42]) {
      const found = await at(s)
      for (const name of ['nngp', 'ntk'] as const)
        found[name].data.forEach((v, i) => expect(v / s / s / one[name].data[i]!).toBeCloseTo(1, 5))
    }
    await engine.dispose()
  })

  it('of erf is the limit for large inputs', () => {
    const x = ndarray.fromNested([
      [1, 0],
      [0.5, 0.5]
    ])
    const net = serial(dense(), erf, dense())
    const { nngp } = evaluateOn((t: Tensor) => net.kernel(t))(scaled(x, 1e100))
    // E sign(u) sign(v) = (2/π) arcsin c, and σ_w² is 2
    const correlated = (c: number): number => (4 / Math.PI) * Math.asin(c)
    const want = [1, Math.SQRT1_2, Math.SQRT1_2, 1].map(correlated)
    nngp.data.forEach((v, i) => expect(v).toBeCloseTo(want[i]!, 7))
  })
})
