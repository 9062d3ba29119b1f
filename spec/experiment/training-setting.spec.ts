import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { data, evaluateOn, ndarray, ops, type Tensor, train } from 'tangentflow'
import { decode } from '../../lib/format/codec.js'
import { fitOptionsOf, TrainingSetting } from '../../lib/experiment/training-setting.js'
import { runs } from '../support/runs.js'
import { right } from '../support/either.js'

const digits = data.take([0, 1, 2])(data.digits())
const common = { epochs: 2, batch: 2, schedule: { kind: 'constant', rate: 0.1 } }

const read = (optimiser: unknown) => decode('training', TrainingSetting)({ ...common, optimiser })

/** Parameters after two steps along θ + g, which an optimiser's memory tells apart. */
const after = (optimiser: train.Optimiser, at: readonly number[], g: readonly number[]): unknown => {
  const steps = (start: Tensor, direction: Tensor) => {
    const slots = Array.from({ length: optimiser.slots }, () => ops.fill(0, start.shape))
    const step = (from: train.TrainState<Tensor>) =>
      optimiser.step(ops.constant(0.1))(ops.add(direction)(from.params))(from)
    return step(step({ params: start, state: { slots, count: ops.constant(0) } })).params
  }
  return ndarray.toNested(evaluateOn(steps)(ndarray.fromNested(at), ndarray.fromNested(g)))
}

const rows: readonly (readonly [setting: Readonly<Record<string, unknown>>, optimiser: train.Optimiser])[] = [
  [{ kind: 'momentum', decay: 0.9 }, train.momentum(0.9)],
  [{ kind: 'momentum', decay: 0.9, clipNorm: 0.5 }, train.clipNorm(0.5)(train.momentum(0.9))],
  [{ kind: 'adam' }, train.adam()],
  [{ kind: 'adam', clipNorm: 2 }, train.clipNorm(2)(train.adam())],
  [{ kind: 'adamw' }, train.adamW({ weightDecay: 0.01 })],
  [{ kind: 'adamw', weightDecay: 0.3, clipNorm: 1 }, train.clipNorm(1)(train.adamW({ weightDecay: 0.3 }))]
]

const vectors = fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: 3, maxLength: 3 })

describe('the optimiser of an experiment', () => {
  it.each(rows)('%j takes the steps of the one in train', (setting, optimiser) => {
    const built = fitOptionsOf(right(read(setting)), 2, digits).optimiser
    fc.assert(
      fc.property(vectors, vectors, (at, g) => {
        expect(after(built, at, g)).toEqual(after(optimiser, at, g))
      }),
      { numRuns: runs(20) }
    )
  })

  it.each([
    [{ kind: 'momentum', decay: 1 }, 'a number in [0, 1)', '1', 'decay'],
    [{ kind: 'momentum', decay: 0.9, clipNorm: 0 }, 'a finite number above 0', '0', 'clipNorm'],
    [{ kind: 'adam', clipNorm: 'short' }, 'a finite number above 0', '"short"', 'clipNorm'],
    [{ kind: 'adamw', weightDecay: -1 }, 'a finite number of at least 0', '-1', 'weightDecay'],
    [
      { kind: 'adam', weightDecay: 0.1 },
      'no setting of this name; those there are: kind, clipNorm',
      '0.1',
      'weightDecay'
    ]
  ])('%j is refused with its place', (setting, expected, received, field) => {
    expect(read(setting)).toMatchObject({
      left: { _tag: 'ConfigError', expected, received, where: `optimiser.${field}` }
    })
  })
})

describe('the attack of an experiment', () => {
  it('has no warm-up of 0 steps', () => {
    const attack = { kind: 'pgd', epsilon: 0.1, steps: 1, relativeStep: 1 }
    const optionsOf = (more: object) =>
      fitOptionsOf(
        right(
          decode(
            'training',
            TrainingSetting
          )({
            ...common,
            optimiser: { kind: 'adam' },
            attack: { ...attack, ...more }
          })
        ),
        2,
        digits
      )
    expect(typeof optionsOf({}).attack).toBe('function')
    expect(typeof optionsOf({ warmUp: 0 }).attack).toBe('function')
    expect(typeof optionsOf({ warmUp: 3 }).attack).toBe('object')
  })
})
