import * as E from 'fp-ts/lib/Either.js'
import { attack, ops, type Tensor, train } from 'tangentflow'
import { describe, expect, it } from 'vitest'
import { right } from '../support/either.js'
import { attemptFit, small } from '../support/training.js'

describe('a scheduled part', () => {
  /** Adds ε to every feature: an attack whose ε is a tensor. */
  const shift =
    (epsilon: Tensor): attack.Attack =>
    () =>
    (_params, { x }) => ({ x: ops.stopGradient(ops.add(epsilon)(x)) })

  it('takes its number from the schedule at every step: ε = 0 at first, then that of a fixed attack', async () => {
    const levels = (steps: number): train.FitOptions => ({
      ...small.options,
      epochs: 1,
      attack: { schedule: (step) => (step < steps ? 0 : 0.25), at: shift }
    })
    const plain = right(await attemptFit({ ...small.options, epochs: 1, attack: attack.none }))
    const fixed = right(await attemptFit({ ...small.options, epochs: 1, attack: shiftBy(0.25) }))
    const never = right(await attemptFit(levels(5)))
    const always = right(await attemptFit(levels(0)))
    const late = right(await attemptFit(levels(3)))
    expect(never.losses).toEqual(plain.losses)
    always.losses.forEach((loss, i) => expect(loss).toBeCloseTo(fixed.losses[i]!, 12))
    expect(late.losses.slice(0, 3)).toEqual(plain.losses.slice(0, 3))
    expect(late.losses[3]).not.toBe(plain.losses[3])
  })

  const shiftBy =
    (epsilon: number): attack.Attack =>
    () =>
    (_params, { x }) => ({ x: ops.add(epsilon)(x) })

  it('may be an objective, unrolled or not', async () => {
    const objective = {
      schedule: train.schedule.linear(0, 0.2, 3),
      at: (epsilon: Tensor) => train.adversarial(shift(epsilon))
    }
    const { optimiser, schedule, epochs, batch } = small.options
    const one = right(await attemptFit({ optimiser, schedule, epochs, batch, objective }))
    const many = right(await attemptFit({ optimiser, schedule, epochs, batch, objective, unroll: 4 }))
    many.losses.forEach((loss, i) => expect(loss).toBeCloseTo(one.losses[i]!, 9))
  })

  it('is refused where it is no finite number, and so is a rate, and an objective beside an attack', async () => {
    const wrong: readonly (readonly [string, Partial<train.FitOptions>])[] = [
      ['a scheduled attack or objective', { attack: { schedule: () => NaN, at: shift } }],
      ['schedule', { schedule: (step) => 1 / (3 - step) }],
      ['objective', { objective: train.adversarial() }]
    ]
    for (const [where, options] of wrong)
      expect(await attemptFit({ ...small.options, ...options })).toMatchObject({
        left: { _tag: 'ArgumentError', operation: 'train.fit', where }
      })
    expect(E.isRight(await attemptFit(small.options))).toBe(true)
  })
})
