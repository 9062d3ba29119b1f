import * as fc from 'fast-check'
import { attack, evaluateOn, key, ndarray, nn, openEngine, train } from 'tangentflow'
import { describe, expect, it } from 'vitest'
import { right } from '../support/either.js'
import { left } from '../support/kernels.js'
import { batchOf } from '../support/networks.js'

const net = nn.serial(nn.dense(5), nn.tanh, nn.dense(3))
const params = net.init(key(2), [6])
const set = batchOf(9, 21, 6, 3)
const open = async () => right(await openEngine({ require: 'reference' })())

describe('meanLoss', () => {
  it('is the loss of the whole set, however it is divided', async () => {
    const engine = await open()
    const whole = ndarray.toNumber(
      evaluateOn((p: nn.Params, batch: nn.Batch) => nn.crossEntropy(batch.y)(net.apply(p)(batch.x)))(
        params,
        set
      )
    )
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 30 }), async (batch) => {
        const loss = right(await train.meanLoss(net.apply, { batch })(params, set, key(0))(engine)())
        expect(loss).toBeCloseTo(whole, 10)
      }),
      { numRuns: 10 }
    )
  })

  it('is that of the next step of a training of whole batches, under its attack', async () => {
    const engine = await open()
    const pgd = attack.pgd({ epsilon: 0.1, steps: 2, stepSize: 0.1, randomStart: false })
    const recipe = { batch: 21, optimiser: train.sgd, schedule: train.schedule.constant(0.1), attack: pgd }
    const fit = async (epochs: number) =>
      right(await train.fit(net.apply, { ...recipe, epochs })(params, set, key(1))(engine)())
    const [three, four] = [await fit(3), await fit(4)]
    const after = right(await train.meanLoss(net.apply, { attack: pgd })(three.params, set, key(5))(engine)())
    expect(after).toBeCloseTo(four.losses[3]!, 10)
    expect(after).toBeLessThan(three.losses[2]!)
  })

  it('takes any loss and targets, and an objective', async () => {
    const engine = await open()
    const targets = { x: set.x, y: ndarray.full([21, 3], 0) }
    const squares = right(
      await train.meanLoss(net.apply, { loss: nn.mse, batch: 4 })(params, targets, key(0))(engine)()
    )
    const outputs = evaluateOn((p: nn.Params, batch: nn.Batch) => net.apply(p)(batch.x))(params, set)
    expect(squares).toBeCloseTo(Array.from(outputs.data).reduce((sum, f) => sum + f * f, 0) / 42, 10)
  })

  it('refuses an option that there is not, no examples at once, labels that are none', async () => {
    const engine = await open()
    const misspelt: object = { batches: 4 }
    expect(left(await train.meanLoss(net.apply, misspelt)(params, set, key(0))(engine)())).toMatchObject({
      _tag: 'ArgumentError',
      received: 'batches'
    })
    expect(left(await train.meanLoss(net.apply, { batch: 0 })(params, set, key(0))(engine)()).where).toBe(
      'batch'
    )
    const wrong = { x: set.x, y: ndarray.full([21], 7) }
    expect(left(await train.meanLoss(net.apply)(params, wrong, key(0))(engine)())._tag).toBe('DataError')
  })
})
