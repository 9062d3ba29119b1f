import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import {
  evaluateOn,
  grad,
  hessian,
  type NdArray,
  ndarray,
  ntk,
  ops,
  run,
  TangentFailure,
  type Tensor,
  withEngine
} from 'tangentflow'
import { maxDifference, relativeError } from '../../support/networks.js'
import { runs } from '../../support/runs.js'
import { closedForms, kernelsOf, normalArray } from '../../support/infinite.js'

const { dense, elementwise, erf, relu, serial } = ntk.infinite

describe('closed forms and quadrature', () => {
  const pair = (layer: ntk.infinite.InfiniteLayer) =>
    kernelsOf(
      serial(dense({ sigmaW: 0.8, sigmaB: 0.3 }), layer, dense()),
      normalArray(11, [3, 4]),
      normalArray(12, [3, 4])
    )

  it.each(closedForms.filter(({ smooth }) => smooth))('$name, to 10⁻⁹ with 64 nodes', ({ layer, phi }) => {
    const [exact, summed] = [pair(layer), pair(elementwise(phi, { nodes: 64 }))]
    expect(relativeError(summed.nngp, exact.nngp)).toBeLessThan(1e-9)
    expect(relativeError(summed.ntk, exact.ntk)).toBeLessThan(1e-9)
  })

  // a quadrature converges at a kink of φ, or a step of φ′, as 1/n only
  const kinks = closedForms
    .filter(({ smooth }) => !smooth)
    .flatMap((form) => [8, 24, 64].map((nodes) => ({ ...form, nodes })))
  it.each(kinks)('$name, to 1/2n and 3/n with $nodes nodes', ({ layer, phi, nodes }) => {
    const [exact, summed] = [pair(layer), pair(elementwise(phi, { nodes }))]
    expect(relativeError(summed.nngp, exact.nngp)).toBeLessThan(0.5 / nodes)
    expect(relativeError(summed.ntk, exact.ntk)).toBeLessThan(3 / nodes)
  })

  it('a polynomial, by hand: E u²v² = qq′ + 2k² and E 2u 2v = 4k', () => {
    const { nngp, ntk: theta } = kernelsOf(
      serial(dense({ sigmaW: 1 }), elementwise(ops.square, { nodes: 3 })),
      ndarray.fromNested([[1, 2]]),
      ndarray.fromNested([[3, 1]])
    )
    const [q, r, k] = [5 / 2, 10 / 2, 5 / 2]
    expect(nngp.data[0]).toBeCloseTo(q * r + 2 * k * k, 12)
    expect(theta.data[0]).toBeCloseTo(4 * k * k, 12)
  })

  it('has both derivatives at a correlation of exactly 1, where √(1 − c²) has none', () => {
    // K = qq′ + 2k² with q = |x|²/2, k = x·y/2 and x = y: the gradient is 3q x, the Hessian q I + y yᵀ
    const net = serial(dense({ sigmaW: 1 }), elementwise(ops.square, { nodes: 3 }))
    const y = ndarray.fromNested([1, 2])
    const total = (x: Tensor): Tensor => {
      const row = ops.reshape([1, 2])
      return ops.sum()(net.kernel(row(x), row(ops.constant(y))).nngp)
    }
    const q = 5 / 2
    // c is known to rounding, and with it how far from 1 it is to the root of that
    expect(maxDifference(evaluateOn(grad(total))(y), ndarray.of([2], [3 * q, 6 * q]))).toBeLessThan(1e-6)
    const curvature = ndarray.of([2, 2], [q + 1, 2, 2, q + 4])
    expect(maxDifference(evaluateOn(hessian(total))(y), curvature)).toBeLessThan(1e-6)
  })

  it('is symmetric in its two sides for any φ and any number of nodes', () =>
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.nat({ max: 1e6 }), (nodes, seed) => {
        const net = serial(
          dense({ sigmaB: 0.2 }),
          elementwise((u) => ops.relu(ops.add(0.1)(u)), { nodes })
        )
        const [a, b] = [normalArray(seed, [2, 3]), normalArray(seed + 1, [2, 3])]
        for (const which of ['nngp', 'ntk'] as const) {
          const back = evaluateOn(ops.transpose())(kernelsOf(net, b, a)[which])
          expect(relativeError(kernelsOf(net, a, b)[which], back)).toBeLessThan(1e-12)
        }
      }),
      { numRuns: runs(20) }
    ))
})

describe.each(['onnx:native', 'gpujs:cpu'] as const)('in float32, on %s', (require) => {
  const computed = async (f: (a: Tensor, b: Tensor) => ntk.infinite.Kernels, a: NdArray, b: NdArray) => {
    const result = await withEngine({ require })((engine) => run(engine)(f)(a, b))()
    if (E.isLeft(result)) throw new TangentFailure(result.left)
    return result.right.value
  }

  const x = normalArray(21, [5, 8])

  it.each([
    ['relu', relu],
    ['erf', erf],
    ['tanh by quadrature', elementwise(ops.tanh, { nodes: 6 })]
  ] as const)('%s', async (_name, layer) => {
    const net = serial(dense({ sigmaB: 0.2 }), layer, dense(), layer, dense())
    const exact = kernelsOf(net, x)
    const once = await computed((a) => net.kernel(a), x, x)
    const twice = await computed((a, b) => net.kernel(a, b), x, x)
    for (const which of ['nngp', 'ntk'] as const) {
      expect(relativeError(once[which], exact[which])).toBeLessThan(5e-6)
      // that both batches are equal is not known: √ of the rounding, at the diagonal only
      expect(relativeError(twice[which], exact[which])).toBeLessThan(1e-3)
    }
  })
})
