import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { evaluateOn, key, ndarray, type NdArray, nn, ops, spec, type Tensor } from 'tangentflow'
import { adjoint, checkGrad } from 'tangentflow/laws'
import { convolutions, convolved, type ConvolutionCase, placementOf } from '../../support/convolutions.js'
import { normalOf } from '../../support/images.js'
import { relativeError } from '../../support/networks.js'
import { runs } from '../../support/runs.js'

/** PyTorch's formula, element by element. */
const looped = (of: ConvolutionCase, x: NdArray, w: NdArray): NdArray => {
  const { stride, dilation, padding, groups } = of
  const [n, , height, width] = of.x
  const [out, inEach, kh, kw] = of.w
  const count = (size: number, k: number, axis: 0 | 1): number =>
    Math.floor((size + 2 * padding[axis] - dilation[axis] * (k - 1) - 1) / stride[axis]) + 1
  const [oh, ow] = [count(height, kh, 0), count(width, kw, 1)]
  const data: number[] = []
  for (let i = 0; i < n; i++)
    for (let o = 0; o < out; o++)
      for (let r = 0; r < oh; r++)
        for (let s = 0; s < ow; s++) {
          let sum = 0
          for (let c = 0; c < inEach; c++)
            for (let a = 0; a < kh; a++)
              for (let b = 0; b < kw; b++) {
                const row = r * stride[0] + a * dilation[0] - padding[0]
                const column = s * stride[1] + b * dilation[1] - padding[1]
                if (row < 0 || row >= height || column < 0 || column >= width) continue
                const channel = Math.floor(o / (out / groups)) * inEach + c
                const pixel = ((i * of.x[1] + channel) * height + row) * width + column
                sum += x.data[pixel]! * w.data[((o * inEach + c) * kh + a) * kw + b]!
              }
          data.push(sum)
        }
  return ndarray.of([n, out, oh, ow], data)
}

describe('conv2d with stride, padding, dilation and groups', () => {
  it('is the loop of its formula', () =>
    fc.assert(
      fc.property(convolutions, (of) => {
        const [x, w] = [normalOf(of.seed, of.x), normalOf(of.seed + 1, of.w)]
        const actual = evaluateOn(convolved(of))(x, w)
        const expected = looped(of, x, w)
        expect(actual.shape).toEqual(expected.shape)
        expect(relativeError(actual, expected)).toBeLessThan(1e-12)
      }),
      { numRuns: runs(80) }
    ))

  it('has exact transposes and derivatives', () =>
    fc.assert(
      fc.property(convolutions, (of) => {
        const [x, w] = [spec(of.x), spec(of.w)]
        adjoint(convolved(of), [x, w], { runs: 1 })
        adjoint((b: Tensor, a: Tensor) => convolved(of)(a, b), [w, x], { runs: 1 })
        const energy = (a: Tensor, b: Tensor): Tensor => ops.sum()(ops.sin(convolved(of)(a, b)))
        checkGrad(energy, [x, w], { runs: 1 })
        checkGrad((b: Tensor, a: Tensor) => energy(a, b), [w, x], { runs: 1 })
      }),
      { numRuns: runs(25) }
    ))

  it('a dilated convolution is one with zeros between the weights', () =>
    fc.assert(
      fc.property(convolutions, (of) => {
        const [x, w] = [normalOf(of.seed, of.x), normalOf(of.seed + 1, of.w)]
        const spread = evaluateOn((a: Tensor, b: Tensor) => {
          const wide = ops.pad([0, 0, 0, 0], [0, 0, 0, 0], {
            interior: [0, 0, of.dilation[0] - 1, of.dilation[1] - 1]
          })(b)
          return ops.conv2d(wide, { ...placementOf(of), dilation: 1 })(a)
        })(x, w)
        expect(relativeError(evaluateOn(convolved(of))(x, w), spread)).toBeLessThan(1e-12)
      }),
      { numRuns: runs(30) }
    ))

  it('as a layer is the same, with a bias, weights of a group and their fan-in', () => {
    const layer = nn.conv2d(6, 3, { dilation: 2, groups: 2, padding: 'same' })
    expect(layer.outputShape([4, 8, 9])).toEqual([6, 8, 9])
    const params = layer.init(key(0), [4, 8, 9])
    expect(params.w!.shape).toEqual([6, 2, 3, 3])
    const [x, b] = [normalOf(3, [2, 4, 8, 9]), normalOf(4, [6])]
    const both = evaluateOn((p: nn.LayerParams, t: Tensor) => ({
      layer: layer.apply(p)(t),
      op: ops.add(ops.reshape([6, 1, 1])(p.b!))(
        ops.conv2d(p.w!, { dilation: 2, groups: 2, padding: 'same' })(t)
      )
    }))({ ...params, b }, x)
    expect(both.layer).toEqual(both.op)
    const variance = (w: NdArray): number => Array.from(w.data).reduce((s, v) => s + v * v, 0) / w.data.length
    const depthwise = nn.conv2d(512, 3, { groups: 512 }).init(key(1), [512, 3, 3])
    expect(depthwise.w!.shape).toEqual([512, 1, 3, 3])
    expect(variance(depthwise.w!) * 9).toBeCloseTo(2, 0)
    expect(() => nn.conv2d(5, 3, { groups: 2 })).toThrow('a divisor of 5 channels')
    expect(() => nn.conv2d(4, 3, { groups: 2 }).init(key(0), [3, 5, 5])).toThrow('a multiple of 2 channels')
  })
})
