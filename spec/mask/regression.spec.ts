import * as E from 'fp-ts/lib/Either.js'
import { attack, key, mask, ndarray, nn, normals } from 'tangentflow'
import { describe, expect, it } from 'vitest'
import { right } from '../support/either.js'
import { openReference } from '../support/masks.js'
import { batchOf } from '../support/networks.js'

// Masks of networks that are trained on targets: only what reads labels asks for them.

const net = nn.serial(nn.dense(8), nn.relu, nn.dense(2))
const params = net.init(key(1), [5])
const labelled = batchOf(2, 24, 5, 2)
const data = { ...labelled, y: ndarray.of([24, 2], normals(key(3), 48)) }
const robust = attack.pgd({ epsilon: 0.1, steps: 2, stepSize: 0.05, loss: nn.mseEach })

const learning: mask.LearnOptions = {
  objective: mask.trainingLoss(net, nn.mse),
  parametrisation: mask.parametrisation.straightThrough({ density: 0.5 }),
  start: mask.hydraStart(nn.weightsOf(params)),
  attack: robust,
  steps: 30,
  batch: 12,
  rate: 0.05
}
const search = { density: 0.5, epsilon: 0.1, steps: 2, batch: 4 } as const

const runsOn = async (set: nn.Dataset) => {
  const runner = await openReference()
  return {
    learn: () => mask.learn(net, learning)(params, set, key(4))(runner)(),
    search: (options: Partial<mask.SearchOptions>) =>
      mask.search(net, { ...search, ...options })(params, set, key(4))(runner)(),
    transfer: () =>
      mask.transfer(net, { density: 0.5, steps: 2, batch: 4, attack: robust })(params, set, key(4))(runner)(),
    oneShot: (method: mask.OneShotMethod) =>
      mask.oneShot(net, { method, density: 0.5, epsilon: 0 })(params, set, key(4))(runner)()
  }
}

describe('with targets [n, outputs]', () => {
  it('a mask is learnt by a loss of theirs', async () => {
    const { history } = right(await (await runsOn(data)).learn())
    const losses = history.map(({ terms }) => terms.loss!)
    const mean = (some: readonly number[]): number => some.reduce((a, b) => a + b, 0) / some.length
    expect(mean(losses.slice(-5))).toBeLessThan(mean(losses.slice(0, 5)))
  })

  it('searches and scores that read no labels are those of any labels', async () => {
    const [on, as] = [await runsOn(data), await runsOn(labelled)]
    const start = mask.hydraStart(nn.weightsOf(params))
    expect(right(await on.search({ epsilon: 0 }))).toEqual(right(await as.search({ epsilon: 0 })))
    expect(E.isRight(await on.search({ start, attack: robust }))).toBe(true)
    expect(E.isRight(await on.transfer())).toBe(true)
    for (const method of ['random', 'magnitude', 'synflow', 'kernelTrace'] as const)
      expect(right(await on.oneShot(method))).toEqual(right(await as.oneShot(method)))
  })

  it('what reads labels says so', async () => {
    const { oneShot, search: searched } = await runsOn(data)
    for (const result of [await oneShot('snip'), await oneShot('grasp'), await searched({})])
      expect(result).toMatchObject({ left: { _tag: 'ShapeError', operation: 'nn.crossEntropy' } })
  })
})

it('labels that are no classes are refused as ever, and targets without a place', async () => {
  for (const [y, left] of [
    [ndarray.of([24], new Float32Array(24).fill(2)), { _tag: 'DataError', where: 'y[0]' }],
    [ndarray.of([23, 2], new Float32Array(46)), { _tag: 'DataError' }]
  ] as const) {
    const runs = await runsOn({ ...data, y })
    for (const result of [
      await runs.learn(),
      await runs.search({}),
      await runs.transfer(),
      await runs.oneShot('kernelTrace')
    ])
      expect(result).toMatchObject({ left })
  }
})
