import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { train } from 'tangentflow'
import { expectRefusal } from '../support/refusal.js'

const { schedule } = train
const values = (rate: (step: number, total: number) => number, total: number): readonly number[] =>
  Array.from({ length: total }, (_, step) => rate(step, total))
const close = (got: readonly number[], wanted: readonly number[]): void => {
  expect(got).toHaveLength(wanted.length)
  got.forEach((value, i) => expect(value).toBeCloseTo(wanted[i]!, 12))
}

describe('schedules', () => {
  it('are what they say, step by step', () => {
    close(values(schedule.constant(0.1), 3), [0.1, 0.1, 0.1])
    close(values(schedule.cosine(1), 4), [1, 0.5 + Math.SQRT1_2 / 2, 0.5, 0.5 - Math.SQRT1_2 / 2])
    close(values(schedule.linear(0, 1), 4), [0, 0.25, 0.5, 0.75])
    close(values(schedule.linear(0, 1, 2), 4), [0, 0.5, 1, 1])
    close(values(schedule.steps(1, [0.5, 0.75]), 8), [1, 1, 1, 1, 0.1, 0.1, 0.01, 0.01])
    close(values(schedule.warmUp(2, schedule.linear(1, 0)), 6), [0.5, 1, 1, 0.75, 0.5, 0.25])
    close(values(schedule.cyclic(0, 1), 4), [0, 0.5, 1, 0.5])
    close(values(schedule.cyclic(1, 3, 2), 8), [1, 2, 3, 2, 1, 2, 3, 2])
  })

  it('one cycle is that of PyTorch: OneCycleLR(max_lr=1, total_steps=10) of torch 1.13', () =>
    close(
      values(schedule.oneCycle(1), 10),
      [
        0.04, 0.52, 1, 0.9504846320134737, 0.8117456539497631, 0.6112620219362893, 0.38874197806371075,
        0.18825834605023697, 0.049519367986526286, 4e-6
      ]
    ))

  it('drop at their milestones, at any share of any number of steps', () => {
    for (const total of [7, 100, 300])
      for (let step = 1; step < total; step++) {
        const rate = schedule.steps(1, [step / total], 0.5)
        expect([rate(step - 1, total), rate(step, total)]).toEqual([1, 0.5])
      }
    expect(schedule.steps(1, [0.55], 0.5)(55, 100)).toBe(0.5)
  })

  it('stay between their ends', () =>
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 0, max: 20 }), (total, count) => {
        for (const rate of [
          schedule.cosine(1),
          schedule.linear(0, 1),
          schedule.steps(1, [0.3, 0.6]),
          schedule.cyclic(0, 1, 3),
          schedule.oneCycle(1),
          schedule.warmUp(count, schedule.cosine(1))
        ])
          for (const value of values(rate, total)) {
            expect(value).toBeGreaterThanOrEqual(0)
            expect(value).toBeLessThanOrEqual(1 + 1e-12)
          }
      })
    ))

  it.each([
    ['linear', 'steps', (n: number) => schedule.linear(0, 1, n), 'a finite number above 0', [0, -5, NaN]],
    ['cyclic', 'cycles', (n: number) => schedule.cyclic(0, 1, n), 'a finite number above 0', [0, -1]],
    ['oneCycle', 'summit', (n: number) => schedule.oneCycle(1, n), 'a number in [0, 1]', [2, -0.1]]
  ] as const)('%s refuses %s that would leave its ends', (name, where, make, expected, values) => {
    for (const value of values)
      expectRefusal(() => make(value), 'ArgumentError', `train.schedule.${name}`, expected, `${value}`, where)
  })

  it('refuse a milestone that is no number', () =>
    expectRefusal(
      () => schedule.steps(1, [0.5, NaN]),
      'ArgumentError',
      'train.schedule.steps',
      'a number in [0, 1]',
      'NaN',
      'milestones[1]'
    ))

  it('refuse a warm-up of no whole number of steps', () =>
    expectRefusal(
      () => schedule.warmUp(1.5, schedule.constant(1)),
      'ArgumentError',
      'train.schedule.warmUp',
      'a whole number',
      '1.5',
      'count'
    ))

  it('oneCycle ends at its end, however short the way down', () => {
    for (const summit of [0, 0.3, 0.7, 0.95])
      for (const total of [1, 2, 3, 10, 100])
        expect(schedule.oneCycle(1, summit)(total - 1, total)).toBeCloseTo(1 / 250_000, 12)
    expect(schedule.oneCycle(1, 1)(9, 10)).toBe(1)
  })

  it('milestones of steps are parts of the run: epochs are refused', () => {
    expectRefusal(
      () => schedule.steps(0.1, [30]),
      'ArgumentError',
      'train.schedule.steps',
      'a number in [0, 1]',
      '30',
      'milestones[0]'
    )
  })
})
