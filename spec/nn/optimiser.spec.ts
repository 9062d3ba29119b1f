import {
  evaluateOn,
  grad,
  ndarray,
  type NdArray,
  ops,
  run,
  type Tensor,
  train,
  withEngine
} from 'tangentflow'
import { describe, expect, it } from 'vitest'
import { right } from '../support/either.js'

describe('optimisers', () => {
  const gradients = [1, -2, 0.5, 3]
  const follow = (optimiser: train.Optimiser, rate: number): number => {
    const step = (from: train.TrainState<Tensor>, g: Tensor, r: Tensor): train.TrainState<Tensor> =>
      optimiser.step(r)(g)(from)
    const params = ndarray.scalar(1)
    const start = { params, state: train.initialState(optimiser)<Tensor>(params) }
    return ndarray.toNumber(
      gradients.reduce((from, g) => evaluateOn(step)(from, ndarray.scalar(g), ndarray.scalar(rate)), start)
        .params
    )
  }

  it('SGD, momentum and Adam take the steps of their papers', () => {
    let [sgd, heavy, velocity, adam, m, v] = [1, 1, 0, 1, 0, 0]
    gradients.forEach((g, i) => {
      sgd -= 0.1 * g
      velocity = 0.9 * velocity + g
      heavy -= 0.1 * velocity
      m = 0.9 * m + 0.1 * g
      v = 0.999 * v + 0.001 * g * g
      adam -= (0.1 * (m / (1 - 0.9 ** (i + 1)))) / (Math.sqrt(v / (1 - 0.999 ** (i + 1))) + 1e-8)
    })
    expect(follow(train.sgd, 0.1)).toBeCloseTo(sgd, 12)
    expect(follow(train.momentum(0.9), 0.1)).toBeCloseTo(heavy, 12)
    expect(follow(train.adam(), 0.1)).toBeCloseTo(adam, 9)
  })

  it.each(['reference', 'onnx:native', 'gpujs:cpu', 'gpujs:webasm'] as const)(
    'the first step of Adam is the rate, however long it remembers, on %s',
    async (engine) => {
      const steps = (params: Tensor, gradient: Tensor, rate: Tensor, count: Tensor): readonly Tensor[] =>
        [0, 0.9, 0.99, 0.999, 0.9999, 0.99999, 0.999999, 0.9999999, 0.99999999].map((beta2) => {
          const zero = ops.fill(0, params.shape)
          const from = { params, state: { slots: [zero, zero], count } }
          return train.adam({ beta1: beta2 / 2, beta2 }).step(rate)(gradient)(from).params
        })
      const given = [
        ndarray.zeros([2]),
        ndarray.fromNested([1, 0]),
        ndarray.scalar(1),
        ndarray.scalar(0)
      ] as const
      const { value, executed } = right(
        await withEngine({ require: engine })((runner) => run(runner)(steps)(...given))()
      )
      expect(executed.engine).toBe(engine)
      for (const { data } of value) {
        expect(Math.abs(data[0]! + 1)).toBeLessThan(1e-6)
        expect(data[1]).toBe(0)
      }
    }
  )

  it('AdamW and weight decay shrink the parameters first, as PyTorch documents them', () => {
    let [adam, sgd, m, v] = [1, 1, 0, 0]
    gradients.forEach((g, i) => {
      adam -= 0.1 * 0.3 * adam
      m = 0.9 * m + 0.1 * g
      v = 0.999 * v + 0.001 * g * g
      adam -= (0.1 * (m / (1 - 0.9 ** (i + 1)))) / (Math.sqrt(v / (1 - 0.999 ** (i + 1))) + 1e-8)
      sgd -= 0.1 * (g + 0.3 * sgd)
    })
    expect(follow(train.adamW({ weightDecay: 0.3 }), 0.1)).toBeCloseTo(adam, 9)
    expect(follow(train.weightDecay(0.3)(train.sgd), 0.1)).toBeCloseTo(sgd, 12)
    // a scalar has no two axes
    expect(follow(train.weightDecay(0.3, { biases: false })(train.momentum(0.9)), 0.1)).toBe(
      follow(train.momentum(0.9), 0.1)
    )
  })

  it('decays the weights only, where biases are not to', () => {
    const [w, b] = [ndarray.full([2, 3], 1), ndarray.full([3], 1)]
    type Layer = { readonly w: Tensor; readonly b: Tensor }
    const decayed = (optimiser: train.Optimiser) => {
      const step = (params: Layer, gradient: Layer, rate: Tensor): Layer =>
        optimiser.step(rate)(gradient)({ params, state: { slots: [], count: rate } }).params
      const zero = { w: ndarray.zeros([2, 3]), b: ndarray.zeros([3]) }
      const { w: weights, b: biases } = evaluateOn(step)({ w, b }, zero, ndarray.scalar(0.5))
      return [weights.data[0], biases.data[0]]
    }
    expect(decayed(train.weightDecay(0.5)(train.sgd))).toEqual([0.75, 0.75])
    expect(decayed(train.weightDecay(0.5, { biases: false })(train.sgd))).toEqual([0.75, 1])
  })

  it('clips a gradient by the norm of all its leaves, and has a derivative where that is 0', () => {
    type Pair = { readonly a: Tensor; readonly b: Tensor }
    const clipped = (most: number) =>
      evaluateOn((gradient: Pair): Pair => {
        const zero = { a: ops.fill(0, [2]), b: ops.fill(0, []) }
        const rate = ops.constant(-1)
        const from = { params: zero, state: { slots: [], count: rate } }
        return train.clipNorm(most)(train.sgd).step(rate)(gradient)(from).params
      })
    const gradient = { a: ndarray.fromNested([3, 0]), b: ndarray.scalar(4) }
    const numbers = ({ a, b }: { readonly a: NdArray; readonly b: NdArray }) => [...a.data, ...b.data]
    expect(numbers(clipped(6)(gradient))).toEqual([3, 0, 4])
    const factor = 1 / (5 + 1e-6)
    numbers(clipped(1)(gradient)).forEach((x, i) => expect(x).toBeCloseTo([3, 0, 4][i]! * factor, 12))
    const step = (g: Tensor): Tensor => {
      const from = { params: ops.constant(0), state: { slots: [], count: ops.constant(0) } }
      return train.clipNorm(2)(train.sgd).step(ops.constant(-1))(g)(from).params
    }
    expect(ndarray.toNumber(evaluateOn(grad(step))(ndarray.scalar(0)))).toBe(1)
    // no square of these is a number of float64, or of float32
    for (const size of [1e200, 1e25])
      numbers(clipped(1)({ a: ndarray.fromNested([3 * size, 0]), b: ndarray.scalar(4 * size) })).forEach(
        (x, i) => expect(x).toBeCloseTo([0.6, 0, 0.8][i]!, 12)
      )
    expect(() => train.clipNorm(0)).toThrow('train.clipNorm')
    expect(() => train.weightDecay(-1)).toThrow('train.weightDecay')
  })

  it('refuses a memory factor outside [0, 1)', () => {
    expect(() => train.momentum(1)).toThrow('ArgumentError')
    expect(() => train.adam({ beta1: NaN })).toThrow('ArgumentError')
    for (const epsilon of [-1, NaN, Infinity])
      for (const make of [train.adam, train.adamW]) expect(() => make({ epsilon })).toThrow('ArgumentError')
  })

  it('the cosine goes from the peak to 0', () => {
    const rate = train.schedule.cosine(0.2)
    expect([rate(0, 100), rate(50, 100), rate(100, 100)]).toEqual([0.2, 0.1, 0])
  })
})
