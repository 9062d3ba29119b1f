import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  admitted,
  choice,
  initial,
  points,
  range,
  seed,
  stateFrom,
  textLine,
  textOf
} from '../../../docs/lessons/frame/controls.js'

const controls = {
  rate: range('rate', { min: 0, max: 1, step: 0.1 }, 0.3),
  width: range('width', [8, 16, 64], 16),
  form: choice('form', { relu: 'ReLU', erf: 'erf' }, 'relu'),
  at: points('points', { min: -2, max: 2, step: 0.05 }, [0, 1]),
  seed: seed(7),
  line: textLine('f', { identity: 'x', none: '' })
}

describe('the state of a lesson', () => {
  it('starts at the values of its controls', () =>
    expect(initial(controls)).toEqual({ rate: 0.3, width: 16, form: 'relu', at: [0, 1], seed: 7, line: 'x' }))

  it('is the same once it has been text', () =>
    fc.assert(
      fc.property(
        fc.record({
          rate: fc.constantFrom(...controls.rate.values),
          width: fc.constantFrom(...controls.width.values),
          form: fc.constantFrom('relu', 'erf'),
          at: fc.tuple(fc.integer({ min: -40, max: 40 }), fc.integer({ min: -40, max: 40 })),
          seed: fc.nat(999_999),
          line: fc.string({ maxLength: 200 })
        }),
        ({ at, ...rest }) => {
          const state: Readonly<Record<string, number | string | readonly number[]>> = {
            ...rest,
            at: at.map((steps) => Number((steps * 0.05).toPrecision(12)))
          }
          expect(stateFrom(controls, (name) => textOf(state[name]!))).toEqual(state)
        }
      )
    ))

  it('is one that its controls can have, whatever the text', () =>
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.double().map(String), fc.constantFrom('', ',', 'NaN', '1,2', 'constructor')),
        (text) => {
          const { rate, width, form, at, seed: key } = stateFrom(controls, () => text)
          expect(controls.rate.values).toContain(rate)
          expect(controls.width.values).toContain(width)
          expect(['relu', 'erf']).toContain(form)
          expect(at).toHaveLength(2)
          expect(at.every((one) => one >= -2 && one <= 2)).toBe(true)
          expect(Number.isInteger(key) && key >= 0).toBe(true)
        }
      )
    ))

  it('takes the nearest value', () => {
    expect(admitted(controls.rate, 0.36)).toBe(0.4)
    expect(admitted(controls.width, 1000)).toBe(64)
    expect(admitted(controls.at, [0.02, 9])).toEqual([0, 2])
    expect(admitted(controls.seed, -1)).toBe(7)
    expect(admitted(controls.line, 'x'.repeat(201))).toBe('x')
  })
})
