import { describe, expect, it } from 'vitest'
import { attack, evaluateOn, type Key, key, ndarray, nn, type Tensor, train, withEngine } from 'tangentflow'
import { everyAttack, labelled, norms, right, small } from './support.js'
import { batchOf } from '../support/networks.js'

describe.each(norms)('a radius that is a scalar tensor, in %s', (norm) => {
  const model = small([2, 3], 4)
  const batch = labelled(3, [3, 2, 3], 4)

  it.each(everyAttack(norm, 0.2).map(([name], i) => [name, i] as const))(
    'attacks as the number does: %s',
    (_, i) => {
      // a fixed step stays a number
      const at = (epsilon: number): attack.TracedAttack => everyAttack(norm, epsilon)[i]![1]
      const own = (radius: number): readonly number[] =>
        Array.from(
          evaluateOn((e: Tensor, b: attack.AttackBatch, k: Key) =>
            at(0.2)(model)({}, { ...b, epsilon: e }, k)
          )(ndarray.scalar(radius), batch, key(1)).x.data
        )
      const fixed = Array.from(evaluateOn(at(0.2)(model))({}, batch, key(1)).x.data)
      own(0.2).forEach((value, j) => expect(value).toBeCloseTo(fixed[j]!, 12))
      expect(own(0)).toEqual(Array.from(batch.x.data))
    }
  )
})

describe('ε warm-up', () => {
  const net = nn.serial(nn.dense(5), nn.relu, nn.dense(3))
  const data = batchOf(1, 24, 4, 3)
  const pgd = (epsilon: number | Tensor): attack.TracedAttack =>
    attack.pgd({ epsilon, steps: 3, relativeStep: 2 })
  const fitted = async (how: train.TrainStepOptions['attack']): Promise<train.FitResult> =>
    right(
      await withEngine({ require: 'reference' })(
        train.fit(net.apply, {
          epochs: 2,
          batch: 8,
          optimiser: train.sgd,
          schedule: train.schedule.constant(0.1),
          ...(how === undefined ? {} : { attack: how })
        })(net.init(key(0), [4]), data, key(1))
      )()
    )

  it('trains at the radius of each step: constant is the number, and none at the start is no attack', async () => {
    const [number, constant, rising, plain] = [
      await fitted(pgd(0.2)),
      await fitted({ schedule: train.schedule.constant(0.2), at: pgd }),
      await fitted({ schedule: train.schedule.linear(0, 0.2, 3), at: pgd }),
      await fitted(undefined)
    ]
    constant.losses.forEach((loss, i) => expect(loss).toBeCloseTo(number.losses[i]!, 6))
    expect(rising.losses[0]).toBeCloseTo(plain.losses[0]!, 12)
    expect(rising.losses[2]).not.toBeCloseTo(plain.losses[2]!, 4)
  })
})
