import { describe, expect, it } from 'vitest'
import { attack, evaluateOn, key, mask, ndarray, nn, split } from 'tangentflow'
import { right } from '../support/either.js'
import { openReference } from '../support/masks.js'
import { batchOf } from '../support/networks.js'

const net = nn.serial(nn.dense(8), nn.relu, nn.dense(3))
const params = net.init(key(1), [5])
// one example, so that a sample of it has one order
const data = batchOf(2, 1, 5, 3)
const epsilon = 0.4
const norms: readonly attack.Norm[] = ['linf', 'l2', 'l1']

describe('the norm of what a mask is chosen under', () => {
  it.each(norms)('%s: scores are taken under PGD-10 of that norm', async (norm) => {
    const { scores } = right(
      await mask.oneShot(net, { method: 'snip', density: 0.5, epsilon, norm })(params, data, key(3))(
        await openReference()
      )()
    )
    const [, noise] = split(2)(key(3))
    const pgd = attack.pgd({ norm, epsilon, steps: 10, stepSize: epsilon / 4 })
    // noise follows the place of an example in its set
    const batch = { ...data, ids: ndarray.of([1], [0]) }
    const wanted = evaluateOn(mask.score.snip(net.apply, { attack: pgd }))(params, batch, noise)
    expect(scores).toEqual(wanted)
  })

  it.each(norms)('%s: a search starts there, and attacks with PGD-7 of that norm', async (norm) => {
    const options = { density: 0.5, epsilon, steps: 3, batch: 1 }
    const pgd = attack.pgd({ norm, epsilon, steps: 7, stepSize: (2.5 * epsilon) / 7 })
    const found = async (more: Partial<mask.SearchOptions>): Promise<mask.Ticket> =>
      right(
        await mask.search(net, { ...options, ...more })(params, batchOf(2, 4, 5, 3), key(3))(
          await openReference()
        )()
      )
    const told = await found({ norm })
    expect(told).toEqual(await found({ norm, attack: pgd }))
    if (norm !== 'linf') expect(told.scores).not.toEqual((await found({})).scores)
  })
})
