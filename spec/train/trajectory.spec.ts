import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ndarray, train } from 'tangentflow'

describe('the distance of training runs', () => {
  it('there is none of runs recorded at other steps', () => {
    const run = [{ step: 1, outputs: ndarray.zeros([2]) }]
    expect(() => train.distances(run, [])).toThrow('ArgumentError')
    expect(() => train.distances(run, [{ step: 1, outputs: ndarray.zeros([2, 1]) }])).toThrow('ArgumentError')
  })

  it('is 0 of runs whose outputs are all 0, as those of a centred network are at its start', () => {
    const run = [{ step: 0, outputs: ndarray.zeros([2]) }]
    expect(train.distances(run, run)).toEqual([0])
    expect(train.distances([{ step: 0, outputs: ndarray.full([2], 1) }], run)).toEqual([Infinity])
  })

  it('has no unit: outputs that are larger or smaller by a power of 2 are as far apart', () => {
    const outputs = fc.array(fc.integer({ min: -100, max: 100 }), { minLength: 3, maxLength: 3 })
    fc.assert(
      fc.property(outputs, outputs, fc.integer({ min: -900, max: 1000 }), (a, b, exponent) => {
        const at = (unit: number): readonly number[] => {
          const [run, reference] = [a, b].map((values) => [
            {
              step: 1,
              outputs: ndarray.of(
                [3],
                Float64Array.from(values, (v) => v * unit)
              )
            }
          ])
          return train.distances(run!, reference!)
        }
        expect(at(2 ** exponent)).toEqual(at(1))
      })
    )
  })
})
