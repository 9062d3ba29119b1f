import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { evaluateOn, type NdArray, ndarray, nn, ntk, ops, type Tensor } from 'tangentflow'
import {
  left,
  type LinearCase,
  linearCases,
  right,
  setting,
  stable,
  times,
  workedKernel
} from '../../support/kernels.js'
import { maxDifference, relativeError } from '../../support/networks.js'
import { runs } from '../../support/runs.js'

describe('predictOde', () => {
  // its outputs fall from 0.2 to 0.001, where the error of the first steps is a millionth
  const fading: LinearCase = {
    examples: 3,
    outputs: 1,
    features: 1,
    train: ndarray.of([3, 1, 1], [1.6844191551208496, -1.5433852672576904, -1.3597841262817383]),
    test: ndarray.of([2, 1, 1], [1.9621366262435913, 0.3495391309261322]),
    targets: ndarray.of([3, 1], [0.6683973670005798, -0.26872357726097107, 1.1291619539260864]),
    params: ndarray.of([1], [-0.1337466984987259]),
    seed: 999992
  }

  it('is the closed form for squared error, to tolerance, with momentum and without', () =>
    fc.assert(
      fc.property(linearCases, times, fc.constantFrom(0, 0.5), (one, t, momentum) => {
        const { kernel, start, test } = setting(one)
        const options = { rate: stable(kernel, 0.5, 0), momentum, times: [t / 2, t], start, test }
        const closed = right(ntk.predictMse(kernel, one.targets, options))
        const solved = right(ntk.predictOde(kernel, nn.mse, one.targets, options))
        const loose = right(
          ntk.predictOde(kernel, nn.mse, one.targets, { ...options, relative: 1e-3, absolute: 1e-3 })
        )
        // tolerances hold for each step, so that what is left of its error is to be seen beside where the outputs came from
        const error = (found: NdArray, wanted: NdArray, from: NdArray): number =>
          maxDifference(found, wanted) /
          Math.max(...[wanted, from].flatMap(({ data }) => Array.from(data, Math.abs)))
        for (const i of [0, 1]) {
          expect(error(solved.train[i]!, closed.train[i]!, start)).toBeLessThan(1e-6)
          expect(error(solved.test[i]!, closed.test[i]!, test.start)).toBeLessThan(1e-5)
          expect(error(loose.train[i]!, closed.train[i]!, start)).toBeLessThan(0.1)
        }
      }),
      { numRuns: runs(50), examples: [[fading, 4.304569656656312, 0]] }
    ))

  it('moves logits by the softmax: one example of two classes, in closed form', () => {
    // z = f_1 − f_0 obeys ż = 2σ(−z), so z + e^z = 1 + 2t from z = 0
    const kernel = ndarray.fromNested([[1]])
    const start = ndarray.fromNested([[0, 0]])
    const { train } = right(
      ntk.predictOde(kernel, nn.crossEntropy, ndarray.fromNested([1]), { start, times: [0, 1, 7, 50] })
    )
    ;[0, 1, 7, 50].forEach((t, i) => {
      const z = train[i]!.data[1]! - train[i]!.data[0]!
      expect(z + Math.exp(z)).toBeCloseTo(1 + 2 * t, 5)
    })
  })

  it('lowers any loss along the way', () =>
    fc.assert(
      fc.property(linearCases, (one) => {
        const { kernel, start } = setting({ ...one, outputs: one.outputs })
        const labels = ndarray.of(
          [one.examples],
          Float64Array.from({ length: one.examples }, (_, i) => i % one.outputs)
        )
        const found = right(
          ntk.predictOde(kernel, nn.crossEntropy, labels, { start, rate: 0.3, times: [0, 1, 2, 4, 8] })
        )
        const loss = (f: Tensor, y: Tensor): Tensor => nn.crossEntropy(y)(f)
        const losses = found.train.map((f) => ndarray.toNumber(evaluateOn(loss)(f, labels)))
        losses.slice(1).forEach((value, i) => expect(value).toBeLessThanOrEqual(losses[i]! + 1e-9))
      }),
      { numRuns: runs(50) }
    ))

  it('refuses what it cannot reach in the steps allowed', () => {
    const start = ndarray.fromNested([0, 0])
    const error = left(
      ntk.predictOde(workedKernel, nn.mse, ndarray.fromNested([[1], [0]]), {
        start: ndarray.fromNested([[0], [0]]),
        times: [1e4],
        maxSteps: 50
      })
    )
    expect(error._tag).toBe('ArgumentError')
    expect(error.where).toBe('maxSteps')
    expect(error.received).toContain('after 50 steps')
    // a loss that grows without bound runs into an infinity, not into a loop
    const explode = () => (f: Tensor) => ops.neg(ops.sum()(ops.exp(f)))
    const blown = left(ntk.predictOde(workedKernel, explode, start, { start, times: [100] }))
    expect(blown._tag).toBe('ArgumentError')
  })
})

describe('predictDescent', () => {
  it('is the closed form for squared error, and small steps of it are the flow for any loss', () =>
    fc.assert(
      fc.property(
        linearCases,
        fc.integer({ min: 0, max: 20 }),
        fc.constantFrom(0, 0.7),
        (one, steps, momentum) => {
          const { kernel, start, test } = setting(one)
          const rate = stable(kernel, 0.5, momentum)
          const options = { rate, momentum, times: [steps, steps + 3], start, test }
          const closed = right(ntk.predictMse(kernel, one.targets, { ...options, dynamics: 'descent' }))
          const stepped = right(ntk.predictDescent(kernel, nn.mse, one.targets, options))
          for (const i of [0, 1]) {
            expect(relativeError(stepped.train[i]!, closed.train[i]!)).toBeLessThan(1e-8)
            expect(relativeError(stepped.test[i]!, closed.test[i]!)).toBeLessThan(1e-7)
          }
          const labels = ndarray.zeros([one.examples])
          const flow = right(
            ntk.predictOde(kernel, nn.crossEntropy, labels, { rate: 0.1, times: [2], start, test })
          )
          const errorAt = (h: number): number =>
            maxDifference(
              right(
                ntk.predictDescent(kernel, nn.crossEntropy, labels, {
                  rate: 0.1 * h,
                  times: [Math.round(2 / h)],
                  start,
                  test
                })
              ).test[0]!,
              flow.test[0]!
            )
          expect(errorAt(1 / 128)).toBeLessThanOrEqual(errorAt(1 / 16) / 4 + 1e-6)
        }
      ),
      { numRuns: runs(30) }
    ))
})
