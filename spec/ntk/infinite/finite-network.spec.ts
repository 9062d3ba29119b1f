import { describe, expect, it } from 'vitest'
import { type Concrete, evaluateOn, key, type NdArray, nn, ntk, ops, type Tensor } from 'tangentflow'
import { relativeError } from '../../support/networks.js'
import { expectRefusal } from '../../support/refusal.js'
import { closedForms, normalArray } from '../../support/infinite.js'

const { avgPool, conv2d, dense, elementwise, flatten, identity, relu, residual, serial } = ntk.infinite

const outputs = (net: nn.Network, params: Concrete<nn.Params>, x: NdArray) =>
  evaluateOn((p: nn.Params, t: Tensor) => net.apply(p)(t))(params, x)

describe('the finite network', () => {
  const x = normalArray(1, [3, 4])

  it('of a stack is nn.serial in NTK parametrisation, with the same parameters for the same key', () => {
    const net = serial(dense({ sigmaW: 1.5, sigmaB: 0.3 }), relu, dense({ width: 2 })).network(7)
    const scales = { parametrisation: 'ntk' } as const
    const same = nn.serial(
      nn.dense(7, { ...scales, sigmaW: 1.5, sigmaB: 0.3 }),
      nn.relu,
      nn.dense(2, { ...scales, bias: false })
    )
    expect(net.init(key(3), [4])).toEqual(same.init(key(3), [4]))
    expect(net.layers.length).toBe(3)
    const params = same.init(key(3), [4])
    expect(outputs(net, params, x)).toEqual(outputs(same, params, x))
  })

  it('takes one width for all open layers, or one for each', () => {
    const net = serial(dense(), relu, dense({ width: 3 }), relu, dense())
    const shapes = (widths: number | readonly number[]) =>
      net
        .network(widths)
        .init(key(0), [4])
        .flatMap(({ w }) => (w === undefined ? [] : [w.shape]))
    expect(shapes(5)).toEqual([
      [4, 5],
      [5, 3],
      [3, 5]
    ])
    expect(shapes([6, 2])).toEqual([
      [4, 6],
      [6, 3],
      [3, 2]
    ])
  })

  it('has the activation that its kernel is of', () => {
    for (const { name, layer, phi } of closedForms) {
      const got = outputs(serial(layer).network([]), [{}], x)
      expect(relativeError(got, evaluateOn(phi)(x)), name).toBeLessThan(1e-12)
    }
    const cube = (u: Tensor): Tensor => ops.mul(u)(ops.square(u))
    expect(outputs(serial(elementwise(cube)).network([]), [{}], x)).toEqual(evaluateOn(cube)(x))
  })

  it('of a residual is x + branch(x), with one record of parameters for each layer in order', () => {
    const net = serial(dense(), residual(relu, dense({ sigmaB: 0.5 })), dense({ width: 2 })).network(5)
    const params = net.init(key(4), [4])
    expect(params.map((record) => Object.keys(record))).toEqual(
      [['w'], [], ['b', 'w'], ['w']].map((k) => k.reverse())
    )
    const by = (p: nn.Params, t: Tensor): Tensor => {
      const affine = (at: number, sigmaW: number, h: Tensor): Tensor =>
        ops.scale(sigmaW / Math.sqrt(h.shape[1]!))(ops.matmul(p[at]!.w!)(h))
      const stem = affine(0, Math.SQRT2, t)
      const branch = ops.add(ops.scale(0.5)(p[2]!.b!))(affine(2, Math.SQRT2, ops.relu(stem)))
      return affine(3, Math.SQRT2, ops.add(branch)(stem))
    }
    expect(relativeError(outputs(net, params, x), evaluateOn(by)(params, x))).toBeLessThan(1e-12)
  })

  it('of convolutions has their windows', () => {
    const body = [conv2d(3, { padding: 'same', sigmaB: 0.1 }), relu, avgPool(2), identity, flatten]
    const net = serial(...body, dense({ width: 3 })).network(5)
    const params = net.init(key(5), [2, 4, 4])
    expect(params.map(({ w }) => w?.shape)).toEqual([
      [5, 2, 3, 3],
      undefined,
      undefined,
      undefined,
      undefined,
      [20, 3]
    ])
    expect(outputs(net, params, normalArray(6, [2, 2, 4, 4])).shape).toEqual([2, 3])
  })

  it('refuses branches of two shapes, foreign parameters, and to be a list of layers where it is none', () => {
    const net = serial(dense(), residual(relu, dense())).network([4, 5])
    const where = 'infinite.sum'
    expectRefusal(() => net.init(key(0), [3]), 'ShapeError', where, 'one shape [4]', '[5]')
    expectRefusal(() => net.apply([]), 'TreeError', 'infinite.network', 'parameters of 3 layers', '0')
    expectRefusal(() => net.layers, 'ArgumentError', 'network.layers', 'stack', 'residual')
  })
})
