import * as fc from 'fast-check'
import { type Concrete, evaluateOn, key, type Key, mask, ndarray, nn, type Tensor } from 'tangentflow'
import { describe, expect, it } from 'vitest'
import { cases } from '../support/networks.js'
import { runs } from '../support/runs.js'
import { two } from '../support/two.js'

const ones = (params: Concrete<nn.Params>): Concrete<nn.Weights> =>
  params.map(({ w }) => (w === undefined ? {} : { w: ndarray.full(w.shape, 1) }))

/** The kernel term of an objective where the clean images are the attacked ones. */
const value =
  (net: nn.Network, options: mask.ObjectiveOptions) =>
  (m: Concrete<nn.Weights>, params: Concrete<nn.Params>, data: nn.Dataset): number =>
    ndarray.toNumber(
      evaluateOn(
        (mk: nn.Weights, p: nn.Params, x: Tensor, noise: Key) =>
          mask.objective(net.apply, options)(mk, p, x, x, noise).kernel
      )(m, params, data.x, key(3))
    )

describe('an objective with a horizon', () => {
  it('counts a mode by what so many steps learn of it', () => {
    // Θ(X, X) = diag(9, 1), so η = 1/9, and t steps learn all of the first mode and 1 − (8/9)ᵗ of the second, which the
    // mask does not have
    const net = nn.serial(nn.dense(1, { bias: false }))
    const params = [{ w: ndarray.fromNested([[1], [1]]) }]
    const data = { x: ndarray.fromNested([[3, 0], [0, 1]]), y: ndarray.fromNested([0, 0]) } // prettier-ignore
    const first = [{ w: ndarray.fromNested([[1], [0]]) }]
    const missed = (t: number): number => (1 - (8 / 9) ** t) ** 2
    const at = (t: number): number => missed(t) / (1 + missed(t))
    for (const times of [[1], [1, 2], [1, 2, 4, 8]]) {
      const options = { kernel: 'explicit' as const, horizon: times.at(-1)! }
      const mean = times.reduce((sum, t) => sum + at(t), 0) / times.length
      expect(value(net, options)(first, params, data)).toBeCloseTo(mean, 12)
    }
  })

  it('of 1 compares the kernels, and of any is 0 at the all-ones mask', () =>
    fc.assert(
      fc.property(cases, ({ net, params, data, seed }) => {
        const explicit = { kernel: 'explicit' as const }
        expect(value(net, { ...explicit, horizon: 16 })(ones(params), params, data)).toBeLessThan(1e-20)
        const some = ones(params).map(({ w }) =>
          w === undefined
            ? {}
            : {
                w: ndarray.of(
                  w.shape,
                  w.data.map((_, i) => (i + seed) % 2)
                )
              }
        )
        const [kernels, one] = [explicit, { ...explicit, horizon: 1 }].map((options) =>
          value(net, options)(some, params, data)
        )
        expect(one).toBeCloseTo(kernels!, 9)
      }),
      { numRuns: runs(20) }
    ))

  it.each([
    [{ horizon: 0, kernel: 'explicit' as const }, /a whole number of at least 1/],
    [{ horizon: 6, kernel: 'explicit' as const }, /a power of 2/],
    [{ horizon: 4 }, /an explicit kernel, which steps are taken with/]
  ])('refuses %j', (options, message) =>
    expect(() => value(two.net, options)(ones(two.params), two.params, two.batch)).toThrow(message)
  )
})
