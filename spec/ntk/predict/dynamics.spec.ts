import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ndarray, nn, ntk } from 'tangentflow'
import {
  descend,
  type LinearCase,
  linearCases,
  outputsOf,
  right,
  setting,
  workedKernel
} from '../../support/kernels.js'
import { runs } from '../../support/runs.js'

describe('momentum under flow', () => {
  it('solves θ̈ = −(1 − β)θ̇ − η∇L: under, at, near and over critical damping', () => {
    const beta = 0.6
    const y = ndarray.fromNested([[1]])
    const start = ndarray.fromNested([[0]])
    const critical = (1 - beta) ** 2 / 4
    for (const square of [
      1e-9,
      critical / 3,
      critical * 0.5,
      critical * 0.50001,
      critical * 0.999999,
      critical,
      critical * (1 + 1e-12),
      critical * 1.000001,
      critical * 40
    ]) {
      const kernel = ndarray.fromNested([[square]])
      const options = { times: [0.5, 3, 40], momentum: beta }
      const closed = right(ntk.predictMse(kernel, y, options))
      const solved = right(
        ntk.predictOde(kernel, nn.mse, y, { ...options, start, relative: 1e-11, absolute: 1e-13 })
      )
      closed.train.forEach((outputs, i) => {
        expect(Math.abs(outputs.data[0]! - solved.train[i]!.data[0]!)).toBeLessThan(1e-9)
      })
    }
  })
})

describe('maxLearningRate', () => {
  it('is 2(1 + β)N / λ_max', () => {
    expect(right(ntk.maxLearningRate(workedKernel))).toBeCloseTo(4 / 4.5, 12)
    expect(right(ntk.maxLearningRate(workedKernel, { momentum: 0.9, examples: 10 }))).toBeCloseTo(
      38 / 4.5,
      12
    )
    expect(right(ntk.maxLearningRate(ndarray.zeros([3, 3])))).toBe(Infinity)
  })

  it('parts real descent that converges from descent that diverges, with momentum and without', () =>
    fc.assert(
      fc.property(linearCases, fc.constantFrom(0, 0.5, 0.9), (one, momentum) => {
        const { kernel } = setting(one)
        const most = right(ntk.maxLearningRate(kernel, { momentum }))
        // the residual lies along the top mode alone
        const { vectors } = right(ntk.spectrum(kernel))
        const start = outputsOf(one.train, one.params.data)
        const size = start.data.length
        const along: LinearCase = {
          ...one,
          targets: ndarray.of(
            start.shape,
            start.data.map((f, i) => f - vectors.data[i]!)
          )
        }
        const residual = (rate: number): number => {
          const params = descend(along, { rate, momentum, steps: 400 })
          const end = outputsOf(one.train, params)
          let sum = 0
          for (let i = 0; i < size; i++) sum += (end.data[i]! - along.targets.data[i]!) ** 2
          return Math.sqrt(sum)
        }
        expect(residual(0.97 * most)).toBeLessThan(0.5)
        expect(residual(1.03 * most)).toBeGreaterThan(2)
      }),
      { numRuns: runs(50) }
    ))
})
