import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type NdArray, ndarray, ntk } from 'tangentflow'
import { left, productOf, randomArray, right } from '../../support/kernels.js'
import { maxDifference, relativeError } from '../../support/networks.js'

/** A kernel [n, m] as the product of features [n, 1, r] and [m, 1, r]. */
const between = (a: NdArray, b: NdArray): NdArray =>
  ndarray.of([a.shape[0]!, b.shape[0]!], productOf(a, b).data)

const ensembles = fc
  .record({
    n: fc.integer({ min: 1, max: 4 }),
    features: fc.integer({ min: 1, max: 6 }),
    seed: fc.nat({ max: 1e6 })
  })
  .map(({ n, features, seed }) => {
    const [f, g] = [randomArray(seed, [n, 1, features]), randomArray(seed + 1, [3, 1, features])]
    const [s, t] = [randomArray(seed + 2, [n, 1, 5]), randomArray(seed + 3, [3, 1, 5])]
    return {
      kernels: { ntk: between(f, f), nngp: between(s, s) },
      test: {
        cross: { ntk: between(g, f), nngp: between(t, s) },
        own: { nngp: between(t, t) }
      },
      /** Columns of the prior's square root: f₀ at X and at x for one standard normal each. */
      draws: Array.from({ length: 5 }, (_, k) =>
        [s, t].map((root) =>
          ndarray.of(
            [root.shape[0]!],
            Float64Array.from({ length: root.shape[0]! }, (_r, i) => root.data[i * 5 + k]!)
          )
        )
      ),
      y: randomArray(seed + 4, [n, 2]),
      n
    }
  })

const times = [0, 0.7, 5, Infinity]

describe('predictEnsemble', () => {
  it('is predictMse of every draw: its mean, and its covariance', () =>
    fc.assert(
      fc.property(
        ensembles,
        fc.constantFrom('flow' as const, 'descent' as const),
        ({ kernels, test, draws, y, n }, dynamics) => {
          const rate = Math.min(10, 0.4 * right(ntk.maxLearningRate(kernels.ntk)))
          const options = { dynamics, rate, times: dynamics === 'flow' ? times : [0, 1, 7, Infinity] }
          const found = right(ntk.predictEnsemble(kernels, y, { ...options, test }))
          const mean = right(ntk.predictMse(kernels.ntk, y, { ...options, test: { kernel: test.cross.ntk } }))
          // with targets of zero what is left of each draw is a column of the covariance's square root
          const parts = draws.map(([train, fresh]) =>
            right(
              ntk.predictMse(kernels.ntk, ndarray.zeros([n]), {
                ...options,
                start: train!,
                test: { kernel: test.cross.ntk, start: fresh! }
              })
            )
          )
          for (const place of ['train', 'test'] as const)
            found[place].forEach(({ mean: m, covariance }, i) => {
              expect(relativeError(m, mean[place][i]!)).toBeLessThan(1e-7)
              const size = m.shape[0]!
              const expected = Float64Array.from({ length: size * size }, (_, at) =>
                parts.reduce(
                  (sum, part) =>
                    sum + part[place][i]!.data[Math.floor(at / size)]! * part[place][i]!.data[at % size]!,
                  0
                )
              )
              const scale = Math.max(1, ...expected)
              expect(maxDifference(covariance, ndarray.of([size, size], expected)) / scale).toBeLessThan(1e-7)
            })
        }
      )
    ))

  it('starts at the prior, and with K for Θ ends at the posterior', () => {
    // K(X, X) = 2, K(x, X) = 1, K(x, x) = 3 and y = 4: mean 4/2, variance 3 − 1/2
    const kernel = ndarray.fromNested([[2]])
    const cross = ndarray.fromNested([[1]])
    const found = right(
      ntk.predictEnsemble({ ntk: kernel, nngp: kernel }, ndarray.fromNested([4]), {
        times: [0, Infinity],
        test: { cross: { ntk: cross, nngp: cross }, own: { nngp: ndarray.fromNested([[3]]) } }
      })
    )
    expect(found.test.map(({ mean, covariance }) => [mean.data[0]! + 0, covariance.data[0]])).toEqual([
      [0, 3],
      [2, 2.5]
    ])
    expect(found.train.map(({ mean, covariance }) => [mean.data[0]! + 0, covariance.data[0]])).toEqual([
      [0, 2],
      [4, 0]
    ])
  })

  it('refuses kernels that do not go together', () => {
    const kernel = ndarray.fromNested([[2]])
    const y = ndarray.fromNested([4])
    const refuse = (kernels: ntk.LimitKernels, options: Partial<ntk.EnsembleOptions> = {}) =>
      left(ntk.predictEnsemble(kernels, y, { times: [1], ...options }))
    const square = ndarray.fromNested([
      [1, 0],
      [0, 1]
    ])
    expect(refuse({ ntk: kernel, nngp: square })).toMatchObject({ _tag: 'ShapeError', where: 'kernels.nngp' })
    expect(refuse({ ntk: ndarray.zeros([1, 1, 1, 1]), nngp: kernel })).toMatchObject({ where: 'kernels.ntk' })
    const good = { ntk: kernel, nngp: kernel }
    const test = { cross: good, own: { nngp: square } }
    expect(refuse(good, { test })).toMatchObject({ _tag: 'ShapeError', where: 'test.own.nngp' })
    expect(refuse(good, { test: { cross: { ntk: square, nngp: square }, own: test.own } })).toMatchObject({
      _tag: 'ShapeError',
      where: 'test.cross.ntk'
    })
    expect(refuse(good, { times: [-1] })).toMatchObject({ _tag: 'ArgumentError', where: 'times[0]' })
    expect(refuse(good, { dynamics: 'descent', rate: 1, times: [Infinity] })).toMatchObject({ where: 'rate' })
  })
})
