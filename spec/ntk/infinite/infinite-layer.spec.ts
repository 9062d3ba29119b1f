import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { evaluateOn, grad, type NdArray, ndarray, ntk, ops, spec, type Tensor, vmap } from 'tangentflow'
import { checkGrad, isSymmetricPsd } from 'tangentflow/laws'
import { maxDifference, relativeError } from '../../support/networks.js'
import { expectRefusal } from '../../support/refusal.js'
import { runs } from '../../support/runs.js'
import { denseCases, kernelsOf, normalArray } from '../../support/infinite.js'

const { abs, dense, elementwise, erf, identity, leakyRelu, relu, residual, serial, sin, sum } = ntk.infinite

const deep = (hidden: number): ntk.infinite.InfiniteNetwork =>
  serial(...Array.from({ length: hidden }, () => [dense(), relu]).flat(), dense())

describe('laws of dense networks', () => {
  it('both kernels of one batch are symmetric and positive semi-definite', () =>
    fc.assert(
      fc.property(denseCases, ({ net, x }) => {
        const { nngp, ntk: theta } = kernelsOf(net, x)
        expect(isSymmetricPsd(nngp, 1e-9).holds).toBe(true)
        expect(isSymmetricPsd(theta, 1e-9).holds).toBe(true)
      }),
      { numRuns: runs(60) }
    ))

  it('Θ(X, Y) = Θ(Y, X)ᵀ, and blocks of the joint kernel are the kernels of the parts', () =>
    fc.assert(
      fc.property(denseCases, ({ net, x, y }) => {
        const forth = kernelsOf(net, x, y)
        const back = kernelsOf(net, y, x)
        const joint = kernelsOf(net, evaluateOn((a: Tensor, b: Tensor) => ops.concat(0)([a, b]))(x, y))
        const [n, m] = [x.shape[0]!, y.shape[0]!]
        for (const which of ['nngp', 'ntk'] as const) {
          expect(relativeError(forth[which], evaluateOn(ops.transpose())(back[which]))).toBeLessThan(1e-9)
          const corner = evaluateOn(ops.slice([0, n], [n, n + m]))(joint[which])
          expect(relativeError(forth[which], corner)).toBeLessThan(1e-9)
        }
      }),
      { numRuns: runs(60) }
    ))

  it('bias-free piecewise linear networks are homogeneous: K(sx, ty) = st K(x, y), Θ alike', () =>
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(relu, abs, leakyRelu(0.3), identity), { minLength: 1, maxLength: 3 }),
        fc.double({ min: 0.1, max: 10, noNaN: true }),
        fc.double({ min: 0.1, max: 10, noNaN: true }),
        fc.nat({ max: 1e6 }),
        (hidden, s, t, seed) => {
          const net = serial(...hidden.flatMap((layer) => [dense(), layer]), dense())
          const [x, y] = [normalArray(seed, [2, 3]), normalArray(seed + 1, [2, 3])]
          const times = (factor: number, of: NdArray): NdArray => evaluateOn(ops.scale(factor))(of)
          const scaled = kernelsOf(net, times(s, x), times(t, y))
          const straight = kernelsOf(net, x, y)
          for (const which of ['nngp', 'ntk'] as const)
            expect(relativeError(scaled[which], times(s * t, straight[which]))).toBeLessThan(1e-10)
        }
      ),
      { numRuns: runs(40) }
    ))

  it('leakyRelu is relu at slope 0, the identity at 1 and abs at −1', () => {
    const [x, y] = [normalArray(1, [3, 4]), normalArray(2, [2, 4])]
    for (const [slope, layer] of [
      [0, relu],
      [1, identity],
      [-1, abs]
    ] as const) {
      const net = (middle: ntk.infinite.InfiniteLayer) =>
        serial(dense({ sigmaB: 0.4 }), middle, dense({ sigmaB: 0.2 }), middle, dense())
      for (const which of ['nngp', 'ntk'] as const) {
        const [got, wanted] = [leakyRelu(slope), layer].map((l) => kernelsOf(net(l), x, y)[which])
        expect(relativeError(got!, wanted!)).toBeLessThan(1e-12)
      }
    }
  })

  it('the gradient in the inputs is that of differences', () => {
    // a quadrature that is exact, so that its derivative is that of the value
    const quadratic = elementwise((u) => ops.add(u)(ops.scale(0.3)(ops.square(u))), { nodes: 4 })
    for (const layer of [relu, erf, sin, quadratic]) {
      const net = serial(dense({ sigmaB: 0.3 }), layer, dense({ sigmaB: 0.1 }), layer, dense())
      const energy = (x: Tensor, y: Tensor): Tensor => {
        const { nngp, ntk: theta } = net.kernel(x, y)
        return ops.sum()(ops.add(ops.square(theta))(nngp))
      }
      checkGrad(energy, [spec([2, 3]), spec([2, 3])], { runs: runs(15) })
      // both sides move: the diagonal stays a diagonal
      checkGrad((x: Tensor) => ops.sum()(ops.square(net.kernel(x).ntk)), [spec([2, 3])], { runs: runs(15) })
    }
  })

  it('maps over examples like any traced function', () => {
    const [x, y] = [normalArray(7, [3, 4]), normalArray(8, [2, 4])]
    for (const layer of [relu, erf, elementwise(ops.tanh, { nodes: 5 })]) {
      const net = serial(dense({ sigmaB: 0.2 }), layer, dense(), layer, dense())
      const theta = (a: Tensor, b: Tensor): Tensor => net.kernel(a, b).ntk
      const rows = vmap((row: Tensor, b: Tensor) => ops.squeeze(0)(theta(ops.expandDims(0)(row), b)), {
        axes: [0, null]
      })
      const slopes = (of: typeof theta) => grad((a: Tensor, b: Tensor) => ops.sum()(ops.square(of(a, b))))
      expect(relativeError(evaluateOn(rows)(x, y), evaluateOn(theta)(x, y))).toBeLessThan(1e-12)
      expect(relativeError(evaluateOn(slopes(rows))(x, y), evaluateOn(slopes(theta))(x, y))).toBeLessThan(
        1e-10
      )
    }
  })

  it('is finite, with finite gradients, at equal, opposite and zero inputs', () => {
    const x = ndarray.fromNested([
      [1, 2],
      [1, 2],
      [-1, -2],
      [0, 0]
    ])
    for (const layer of [relu, abs, erf, sin, elementwise(ops.tanh, { nodes: 6 })]) {
      const net = serial(dense(), layer, dense(), layer, dense())
      for (const shared of [true, false]) {
        const total = (a: Tensor, b: Tensor): Tensor => {
          const { nngp, ntk: theta } = net.kernel(a, shared ? a : b)
          return ops.sum()(ops.add(theta)(nngp))
        }
        const slope = evaluateOn(grad(total))(x, x)
        expect([...slope.data].every(Number.isFinite)).toBe(true)
      }
      // K(x, x) of one batch is the K(x, y) of two equal ones
      expect(maxDifference(kernelsOf(net, x).ntk, kernelsOf(net, x, x).ntk)).toBeLessThan(1e-6)
    }
  })
})

describe('sums', () => {
  const x = normalArray(5, [3, 4])
  const stem = [dense({ sigmaB: 0.3 })]
  const branch = [relu, dense({ sigmaW: 1.2, sigmaB: 0.1 })]

  it('a residual adds the branch to the input, for K and Θ', () => {
    const whole = kernelsOf(serial(...stem, residual(...branch)), x)
    for (const which of ['nngp', 'ntk'] as const) {
      const parts = [serial(...stem), serial(...stem, ...branch)].map((net) => kernelsOf(net, x)[which])
      const added = evaluateOn((a: Tensor, b: Tensor) => ops.add(b)(a))(parts[0]!, parts[1]!)
      expect(relativeError(whole[which], added)).toBeLessThan(1e-12)
    }
  })

  it('a residual of the identity is twice the input, so four times its kernel', () => {
    const plainKernel = kernelsOf(serial(...stem), x)
    for (const twice of [residual(identity), sum(identity, identity), residual()])
      for (const which of ['nngp', 'ntk'] as const) {
        const four = evaluateOn(ops.scale(4))(plainKernel[which])
        expect(relativeError(kernelsOf(serial(...stem, twice), x)[which], four)).toBeLessThan(1e-12)
      }
  })

  it('refuses branches that are correlated, and no branches', () => {
    const expected = 'all but one end in dense or conv2d'
    expectRefusal(() => residual(dense(), relu), 'ArgumentError', 'infinite.sum', expected, 'same, other')
    expectRefusal(() => sum(relu, abs), 'ArgumentError', 'infinite.sum', expected, 'other, other')
    expectRefusal(() => sum(), 'ArgumentError', 'infinite.sum', expected, 'none')
  })
})

describe('refusals', () => {
  const x = ndarray.zeros([2, 3])

  it('an activation of what is not Gaussian', () => {
    for (const net of [serial(relu), serial(dense(), relu, erf), serial(residual(dense()), relu)])
      expect(() => kernelsOf(net, x)).toThrow('expected Gaussian units')
  })

  it('inputs that do not pair up, and inputs of another rank', () => {
    const net = serial(dense())
    const of = 'infinite.kernel'
    expectRefusal(() => kernelsOf(net, x, ndarray.zeros([2, 4])), 'ShapeError', of, '[3]', '[4]', 'x2')
    expectRefusal(() => kernelsOf(net, ndarray.zeros([3])), 'ShapeError', of, '[n, features]', '[3]', 'x1')
  })

  it('scales, slopes, nodes and widths that are none', () => {
    expectRefusal(() => dense({ sigmaW: -1 }), 'ArgumentError', 'nn.dense', 'at least 0', '-1', 'sigmaW')
    expectRefusal(
      () => leakyRelu(NaN),
      'ArgumentError',
      'infinite.leakyRelu',
      'a finite number',
      'NaN',
      'slope'
    )
    expectRefusal(
      () => ntk.infinite.rbf(0),
      'ArgumentError',
      'infinite.rbf',
      'a finite number above 0',
      '0',
      'γ'
    )
    expectRefusal(
      () => elementwise(ops.tanh, { nodes: 0 }),
      'ArgumentError',
      'infinite.elementwise',
      '[1, 100]',
      '0',
      'nodes'
    )
    expectRefusal(() => deep(2).network([3]), 'ArgumentError', 'infinite.network', '3 widths', '1')
  })
})

describe('copies of a biased layer', () => {
  const biased = (times: number) => dense({ sigmaW: 1.3 * times, sigmaB: 0.8 * times })
  const endings = {
    'a layer': [biased(1), relu, dense()],
    'an activation': [relu, biased(1), relu, dense()],
    'a residual': [residual(relu, biased(1)), relu, dense()],
    'another sum': [sum(identity, identity, biased(1)), relu, dense()]
  }
  it.each(Object.entries(endings))('are one of larger weights, before %s', (_, ending) => {
    const [x, y] = [normalArray(3, [2, 3]), normalArray(4, [3, 3])]
    for (const copies of [2, 3]) {
      const added = kernelsOf(
        serial(biased(1), sum(...new Array<typeof identity>(copies).fill(identity)), ...ending),
        x,
        y
      )
      const larger = kernelsOf(serial(biased(copies), ...ending), x, y)
      for (const which of ['nngp', 'ntk'] as const)
        expect(relativeError(added[which], larger[which])).toBeLessThan(1e-12)
    }
  })
})
