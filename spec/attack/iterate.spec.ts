import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { attack, evaluateOn, key, ndarray, nn, type Tensor } from 'tangentflow'
import { batchOf } from '../support/networks.js'
import { norms, numbers, small } from './support.js'

const model = small([5], 3)
const batch = batchOf(4, 6, 5, 3)

describe('path', () => {
  it('visits the points whose losses the attack tells, and ends where it does', () => {
    const options = fc.record({
      norm: fc.constantFrom(...norms),
      steps: fc.integer({ min: 0, max: 4 }),
      freeze: fc.boolean()
    })
    fc.assert(
      fc.property(options, fc.nat(99), (some, seed) => {
        const parts = attack.pgdIteration({ ...some, epsilon: 0.3, stepSize: 0.1, keep: 'last' })
        const points = evaluateOn(attack.path(parts)(model))({}, batch, key(seed))
        const { x, losses } = evaluateOn(attack.iterate(parts)(model))({}, batch, key(seed))
        expect(points.shape).toEqual([some.steps + 1, ...batch.x.shape])
        const size = x.data.length
        const pointAt = (step: number) =>
          ndarray.of(x.shape, numbers(points).slice(step * size, (step + 1) * size))
        const lossOf = evaluateOn((at: Tensor, y: Tensor) => nn.crossEntropyEach(y)(model()(at)))
        const told = Array.from({ length: some.steps + 1 }, (_, step) =>
          numbers(lossOf(pointAt(step), batch.y))
        )
        expect(told.flat()).toEqual(numbers(losses))
        expect(numbers(pointAt(some.steps))).toEqual(numbers(x))
      })
    )
  })
})
