import { describe, expect, it } from 'vitest'
import { key, mask, ndarray, nn, openEngine, train } from 'tangentflow'
import { takeRows } from '../../lib/core/ndarray.js'
import { right } from '../support/either.js'

describe('float64 on the reference', () => {
  it('stays float64 in rows, and float32 stays float32', () => {
    const wide = takeRows('spec', ndarray.fromNested([[0.1], [0.2]]), [1])
    expect(wide.data).toEqual(Float64Array.of(0.2))
    expect(takeRows('spec', ndarray.full([2, 1], 0.1), [1]).data).toEqual(Float32Array.of(0.1))
  })

  it('stays float64 in magnitudes and starts of scores', () => {
    const layers = [{ w: ndarray.fromNested([[-0.1, 0.3]]) }]
    expect(mask.magnitudes(layers)[0]!.w!.data).toEqual(Float64Array.of(0.1, 0.3))
    expect(mask.hydraStart(layers)[0]!.w!.data).toEqual(
      Float64Array.of((Math.sqrt(6 / 1) / 0.3) * 0.1, (Math.sqrt(6 / 1) / 0.3) * 0.3)
    )
    expect(mask.magnitudes([{ w: ndarray.full([1, 1], -0.1) }])[0]!.w!.data).toEqual(Float32Array.of(0.1))
  })

  it('is what a training computes in: data, rates and parameters', async () => {
    const engine = right(await openEngine({ require: 'reference' })())
    const [x, y, rate] = [ndarray.fromNested([[0.1], [0.7]]), ndarray.fromNested([0, 1]), 0.3]
    const net = nn.serial(nn.dense(2, { bias: false }))
    const start = [{ w: ndarray.fromNested([[0.1, -0.2]]) }]
    const options: train.FitOptions = { epochs: 2, batch: 2, optimiser: train.sgd, schedule: () => rate }
    const { params } = right(await train.fit(net.apply, options)(start, { x, y }, key(1))(engine)())
    // cross-entropy by hand: ∂L/∂w_k = mean x (p_k − [y = k])
    const w = [0.1, -0.2]
    for (let step = 0; step < 2; step++) {
      const slopes = [0, 0]
      for (const [i, at] of [0.1, 0.7].entries()) {
        const odds = w.map((v) => Math.exp(v * at))
        for (const k of [0, 1])
          slopes[k]! += (at * (odds[k]! / (odds[0]! + odds[1]!) - (y.data[i] === k ? 1 : 0))) / 2
      }
      for (const k of [0, 1]) w[k]! -= rate * slopes[k]!
    }
    params[0]!.w!.data.forEach((value, k) => expect(value).toBeCloseTo(w[k]!, 14))
    await engine.dispose()
  })
})
