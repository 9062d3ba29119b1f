import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Concrete, evaluateOn, key, ndarray, nn, normals, ntk, type Tensor } from 'tangentflow'
import { maxDifference } from '../support/networks.js'

const net = nn.serial(nn.dense(6), nn.tanh, nn.dense(3))
const x = ndarray.of([4, 2], normals(key(5), 8))
const outputs = (model: nn.Model<nn.Params>, params: Concrete<nn.Params>) =>
  evaluateOn((p: nn.Params, at: Tensor) => model(p)(at))(params, x)

describe('a centred model', () => {
  it('is 0 at its centre, and f(θ) − f(θ₀) elsewhere, with the same tangent kernel', () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.nat(1000), (first, second) => {
        const [start, other] = [first, second].map((seed) => net.init(key(seed), [2])) as [
          Concrete<nn.Params>,
          Concrete<nn.Params>
        ]
        const centred = nn.centred(net.apply, start)
        expect(Array.from(outputs(centred, start).data).every((value) => value === 0)).toBe(true)
        const [a, b] = [outputs(net.apply, other), outputs(net.apply, start)]
        const difference = ndarray.of(
          a.shape,
          Array.from(a.data, (value, i) => value - b.data[i]!)
        )
        expect(maxDifference(outputs(centred, other), difference)).toBeLessThan(1e-12)
        const kernel = (model: nn.Model<nn.Params>) =>
          evaluateOn((p: nn.Params, at: Tensor) => ntk.empiricalNtk(model)(p, at, at))(other, x)
        expect(maxDifference(kernel(centred), kernel(net.apply))).toBeLessThan(1e-12)
      }),
      { numRuns: 20 }
    )
  })
})
