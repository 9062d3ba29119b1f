import * as E from 'fp-ts/lib/Either.js'
import {
  type Concrete,
  evaluateOn,
  key,
  ndarray,
  type NdArray,
  nn,
  spec,
  type Tensor,
  trace
} from 'tangentflow'
import { describe, expect, it } from 'vitest'
import { expectRefusal } from '../support/refusal.js'

const numbers = (array: NdArray): readonly number[] => Array.from(array.data)

/** That of numbers whose mean is known to be 0. */
const variance = (array: NdArray): number => numbers(array).reduce((s, x) => s + x * x, 0) / array.data.length

describe('dense', () => {
  it('is x·w + b in the standard parametrisation', () => {
    const net = nn.serial(nn.dense(2))
    const params: Concrete<nn.Params> = [
      {
        w: ndarray.fromNested([
          [1, 2],
          [3, 4],
          [5, 6]
        ]),
        b: ndarray.fromNested([10, 20])
      }
    ]
    const out = evaluateOn((p: nn.Params, x: Tensor) => net.apply(p)(x))(
      params,
      ndarray.fromNested([[1, 0, -1]])
    )
    expect(ndarray.toNested(out)).toEqual([[6, 16]])
  })

  it.each([[[28, 28]], [[2, 3, 4]], [[]]])(
    'refuses inputs %j by its name, and says how to mend it',
    (shape) => {
      const [params] = nn.serial(nn.dense(2)).init(key(0), [5])
      const forward = (p: nn.LayerParams, x: Tensor) => nn.dense(2).apply(p)(x)
      expectRefusal(
        () => evaluateOn(forward)(params!, ndarray.zeros(shape)),
        'ShapeError',
        'nn.dense',
        '[n, 5]: nn.flatten makes them of images',
        `[${shape.join(',')}]`
      )
    }
  )

  it('scales in the forward pass in the NTK parametrisation', () => {
    const net = nn.serial(nn.dense(1, { parametrisation: 'ntk', sigmaW: 3, sigmaB: 0.5 }))
    const params: Concrete<nn.Params> = [
      { w: ndarray.fromNested([[1], [1], [1], [1]]), b: ndarray.fromNested([4]) }
    ]
    const out = evaluateOn((p: nn.Params, x: Tensor) => net.apply(p)(x))(
      params,
      ndarray.fromNested([[1, 1, 1, 1]])
    )
    expect(ndarray.toNested(out)).toEqual([[8]])
  })

  it('starts with variance σ_w²/fan-in, or 1, and biases at 0', () => {
    const [standard] = nn.serial(nn.dense(200)).init(key(1), [300])
    const [ntk] = nn.serial(nn.dense(200, { parametrisation: 'ntk' })).init(key(1), [300])
    expect(variance(standard!.w!) * 150).toBeCloseTo(1, 1)
    expect(variance(ntk!.w!)).toBeCloseTo(1, 1)
    expect(numbers(standard!.b!).every((b) => b === 0)).toBe(true)
  })

  it('starts with variance σ_w² over the average of fan-in and fan-out where asked, in dense and convolutional layers', () => {
    const glorot = { fan: 'average', sigmaW: 1 } as const
    const [dense] = nn.serial(nn.dense(100, glorot)).init(key(1), [500])
    const [conv] = nn.serial(nn.conv2d(20, 5, glorot)).init(key(1), [60, 8, 8])
    // a mean of n squares of normals has a relative deviation of √(2/n): .6 % of 50,000, .8 % of 30,000
    expect(variance(dense!.w!) * 300).toBeCloseTo(1, 1)
    expect(variance(conv!.w!) * 40 * 25).toBeCloseTo(1, 1)
    const [wide] = nn.serial(nn.dense(300, { ...glorot, sigmaW: 3 })).init(key(2), [300])
    const [inward] = nn.serial(nn.dense(300, { sigmaW: 3 })).init(key(2), [300])
    expect(numbers(wide!.w!)).toEqual(numbers(inward!.w!))
  })

  it('has no average of fans in the NTK parametrisation', () => {
    expect(() => nn.dense(3, { parametrisation: 'ntk', fan: 'average' })).toThrow(/fan/)
  })

  it('gives the same parameters for the same key', () => {
    const net = nn.serial(nn.dense(5), nn.relu, nn.dense(2))
    expect(net.init(key(3), [4])).toEqual(net.init(key(3), [4]))
    expect(net.init(key(3), [4])).not.toEqual(net.init(key(4), [4]))
  })

  it('flattens examples, keeping the batch', () => {
    const net = nn.serial(nn.flatten, nn.dense(2))
    expect(net.init(key(0), [3, 4])[1]!.w!.shape).toEqual([12, 2])
    const out = evaluateOn((p: nn.Params, x: Tensor) => net.apply(p)(x))(
      net.init(key(0), [3, 4]),
      ndarray.zeros([5, 3, 4])
    )
    expect(out.shape).toEqual([5, 2])
  })

  it('refuses inputs that do not fit, with a typed error', () => {
    const net = nn.serial(nn.dense(2))
    const traced = trace((p: nn.Params, x: Tensor) => net.apply(p)(x), [net.init(key(0), [3]), spec([1, 4])])
    expect(E.isLeft(traced) && traced.left._tag).toBe('ShapeError')
    expect(() => net.init(key(0), [2, 3])).toThrow('ShapeError')
    expect(() => nn.dense(0)).toThrow('ArgumentError')
    expect(() => nn.dense(2, { sigmaW: NaN })).toThrow('ArgumentError')
    const short = trace((p: nn.Params, x: Tensor) => net.apply(p)(x), [[], spec([1, 4])])
    expect(E.isLeft(short) && short.left._tag).toBe('TreeError')
  })
})
