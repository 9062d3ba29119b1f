import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { fraction } from '../../../docs/lessons/frame/plots.js'

it('writes fractions as one learns them, and other numbers with a few digits', () => {
  expect([17 / 4, 1, 1 / 2, -2 / 3, 0, 8 / 9, Math.PI].map(fraction)).toEqual([
    '17/4',
    '1',
    '1/2',
    '−2/3',
    '0',
    '8/9',
    '3.142'
  ])
})

it('writes quarters so that they can be read back', () =>
  fc.assert(
    fc.property(fc.integer({ min: -400, max: 400 }), (quarters) => {
      const [over, under = '1'] = fraction(quarters / 4)
        .replace('−', '-')
        .split('/')
      expect(Number(over) / Number(under)).toBe(quarters / 4)
    })
  ))
