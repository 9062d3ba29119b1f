import { evaluateOn, ndarray, type Tensor, train } from 'tangentflow'
import { describe, expect, it } from 'vitest'

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

  it('refuses a memory factor outside [0, 1)', () => {
    expect(() => train.momentum(1)).toThrow('ArgumentError')
    expect(() => train.adam({ beta1: NaN })).toThrow('ArgumentError')
  })

  it('the cosine goes from the peak to 0', () => {
    const rate = train.schedule.cosine(0.2)
    expect([rate(0, 100), rate(50, 100), rate(100, 100)]).toEqual([0.2, 0.1, 0])
  })
})
