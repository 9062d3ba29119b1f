import * as fc from 'fast-check'
import { data, evaluateOn, ndarray, type NdArray, nn, type Tensor } from 'tangentflow'
import { describe, expect, it } from 'vitest'
import { right } from '../support/either.js'

const numbers = (array: NdArray): readonly number[] => Array.from(array.data)

describe('standardise', () => {
  it('takes the mean of all elements to 0 and their mean square to 1, whatever the shape of the examples', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -50, max: 50, noNaN: true }), { minLength: 12, maxLength: 12 }),
        fc.constantFrom([3, 4], [2, 6], [3, 2, 2]),
        (values, shape) => {
          fc.pre(values.some((v) => Math.abs(v - values[0]!) > 1e-3))
          const set = right(data.labelled(ndarray.of(shape, values), ndarray.zeros([shape[0]!]), 1))
          const { mean, deviation } = data.moments(set)
          const net = nn.serial(nn.standardise(mean, deviation))
          const out = evaluateOn((x: Tensor) => net.apply([{}])(x))(set.x)
          expect(out.shape).toEqual(shape)
          const z = numbers(out)
          expect(z.reduce((s, v) => s + v, 0) / 12).toBeCloseTo(0, 9)
          expect(z.reduce((s, v) => s + v * v, 0) / 12).toBeCloseTo(1, 9)
        }
      )
    )
  })

  it('refuses a deviation that nothing can be divided by, and a mean that is no number', () => {
    expect(() => nn.standardise(0, 0)).toThrow(/deviation/)
    expect(() => nn.standardise(0, Infinity)).toThrow(/deviation/)
    expect(() => nn.standardise(NaN, 1)).toThrow(/mean/)
  })
})
