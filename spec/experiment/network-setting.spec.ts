import { describe, expect, it } from 'vitest'
import {
  type Concrete,
  data,
  evaluateOn,
  key,
  type NdArray,
  ndarray,
  type nn,
  type Tensor
} from 'tangentflow'
import { networkOf, type NetworkSetting } from '../../lib/experiment/network-setting.js'

const digits = data.take([0, 1, 2, 3, 4])(data.digits())

const outputsOf = (net: nn.Network, params: Concrete<nn.Params>, x: NdArray): NdArray =>
  evaluateOn((p: nn.Params, z: Tensor) => net.apply(p)(z))(params, x)

describe('the network of an experiment', () => {
  it('standardises its inputs by the training images where asked', () => {
    const setting: NetworkSetting = { kind: 'mlp', hidden: [6] }
    const { mean, deviation } = data.moments(digits)
    const plain = networkOf(setting, digits)
    const asked = networkOf({ ...setting, standardise: true }, digits)
    const params = plain.init(key(1), [64])
    const byHand = ndarray.of(
      digits.x.shape,
      Array.from(digits.x.data, (v) => (v - mean) / deviation)
    )
    const [found, wanted] = [outputsOf(asked, [{}, ...params], digits.x), outputsOf(plain, params, byHand)]
    found.data.forEach((v, i) => expect(v).toBeCloseTo(wanted.data[i]!, 10))
    expect(outputsOf(networkOf({ ...setting, standardise: false }, digits), params, digits.x)).toEqual(
      outputsOf(plain, params, digits.x)
    )
  })

  it('starts its layers as told, of whatever kind it is', () => {
    const start = { fan: 'average', sigmaW: 1, sigmaB: 0.5 } as const
    const rms = (array: NdArray): number =>
      Math.sqrt(Array.from(array.data).reduce((sum, v) => sum + v * v, 0) / array.data.length)
    const of = (setting: NetworkSetting, shape: readonly number[]) =>
      networkOf(setting, digits)
        .init(key(1), shape)
        .find(({ w }) => w !== undefined)!
    const mlp = of({ kind: 'mlp', hidden: [500], ...start }, [64])
    expect(rms(mlp.w!)).toBeCloseTo(Math.sqrt(2 / 564), 2)
    expect(rms(mlp.b!)).toBeCloseTo(0.5, 1)
    const conv = of({ kind: 'conv16Conv32Fc100', ...start }, [784])
    expect(rms(conv.w!)).toBeCloseTo(Math.sqrt(2 / (9 + 16 * 9)), 1)
    const vgg = of({ kind: 'vgg32', widths: [40], ...start }, [3072])
    expect(vgg.w!.shape).toEqual([40, 3, 3, 3])
    expect(rms(vgg.w!)).toBeCloseTo(Math.sqrt(2 / (27 + 360)), 2)
  })
})
