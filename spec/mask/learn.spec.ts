import * as E from 'fp-ts/lib/Either.js'
import { attack, type Concrete, key, mask, nn, openEngine, type Runner } from 'tangentflow'
import { describe, expect, it } from 'vitest'
import { right } from '../support/either.js'
import { batchOf } from '../support/networks.js'

const open = async (): Promise<Runner> => right(await openEngine({ require: 'reference' })())

const net = nn.serial(nn.dense(8), nn.relu, nn.dense(3))

const params = net.init(key(1), [5])

const data = batchOf(2, 24, 5, 3)

const start: Concrete<nn.Weights> = mask.hydraStart(nn.weightsOf(params))

const learning: mask.LearnOptions = {
  objective: mask.trainingLoss(net),
  parametrisation: mask.parametrisation.straightThrough({ density: 0.5, layers: 'uniform' }),
  start,
  attack: attack.none,
  steps: 30,
  batch: 12,
  rate: 0.05
}

const learnt = async (options: Partial<mask.LearnOptions>): Promise<mask.LearnResult> =>
  right(await mask.learn(net, { ...learning, ...options })(params, data, key(3))(await open())())

describe('learning a mask', () => {
  it('lowers the training loss of a network whose weights are frozen, by edge-popup and by HYDRA', async () => {
    const popup = mask.edgePopupStart(key(7))(nn.weightsOf(params))
    for (const from of [popup, start]) {
      const { history, mask: found, params: kept } = await learnt({ start: from })
      const losses = history.map(({ terms }) => terms.loss!)
      const mean = (some: readonly number[]): number => some.reduce((a, b) => a + b, 0) / some.length
      expect(mean(losses.slice(-5))).toBeLessThan(mean(losses.slice(0, 5)))
      expect(mask.countKept(found).map((layer) => layer.kept)).toEqual([20, 12])
      expect(kept).toBe(params)
    }
  })

  it('starts HYDRA in the order of the magnitudes, each layer’s largest at √(6 / fan-in)', () => {
    start.forEach(({ w }, l) => {
      const weights = params[l]?.w
      if (w === undefined || weights === undefined) return
      const order = (values: ArrayLike<number>): readonly number[] =>
        Array.from({ length: values.length }, (_, i) => i).sort((a, b) => values[a]! - values[b]!)
      expect(order(w.data)).toEqual(order(weights.data.map(Math.abs)))
      expect(Math.max(...w.data)).toBeCloseTo(Math.sqrt(6 / weights.shape[0]!), 6)
    })
  })

  it('attacks the network it is told to', async () => {
    const pgd = attack.pgd({ epsilon: 0.3, steps: 3, stepSize: 0.1, randomStart: false })
    const losses = async (attackTarget: 'dense' | 'sparse'): Promise<number> =>
      (await learnt({ attack: pgd, attackTarget, steps: 1 })).history[0]!.terms.loss!
    // the sparse network's own attack raises its loss further
    expect(await losses('sparse')).toBeGreaterThan(await losses('dense'))
  })

  it('moves weights within their trust region, and not at all at radius or rate 0', async () => {
    const far = (moved: Concrete<nn.Params>): readonly number[] =>
      moved.flatMap(({ w }, l) => {
        const from = params[l]?.w
        if (w === undefined || from === undefined) return []
        const square = (f: (i: number) => number): number =>
          Math.sqrt(Array.from(w.data).reduce((sum, _, i) => sum + f(i) ** 2, 0))
        return [square((i) => w.data[i]! - from.data[i]!) / square((i) => from.data[i]!)]
      })
    const free = far((await learnt({ weights: { rate: 1 } })).params)
    const held = far((await learnt({ weights: { rate: 1, radius: 0.05 } })).params)
    free.forEach((distance) => expect(distance).toBeGreaterThan(0.1))
    held.forEach((distance) => expect(distance).toBeLessThan(0.05 * (1 + 1e-9)))
    for (const weights of [{ rate: 0 }, { rate: 1, radius: 0 }])
      expect(Math.max(...far((await learnt({ weights, steps: 3 })).params))).toBe(0)
  })

  it('stops when told to, with the mask so far', async () => {
    let seen = 0
    const { history, mask: found } = await learnt({ stop: () => ++seen === 5 })
    expect(history).toHaveLength(4)
    const four = await learnt({ steps: 4, rate: () => 0.05 })
    const stopped = await learnt({ stop: () => true, rate: () => 0.05 })
    expect(stopped.history).toHaveLength(0)
    expect(mask.density(found)).toBe(mask.density(four.mask))
  })

  it('is the same for the same key', async () => {
    const options = { parametrisation: mask.parametrisation.hardConcrete({ density: 0.4 }), steps: 4 }
    expect(await learnt(options)).toEqual(await learnt(options))
  })

  it('refuses what makes no search', async () => {
    for (const bad of [{ steps: -1 }, { batch: 0 }, { rate: NaN }, { weights: { rate: -1 } }]) {
      const result = await mask.learn(net, { ...learning, ...bad })(params, data, key(3))(await open())()
      expect(E.isLeft(result) && result.left._tag).toBe('ArgumentError')
    }
  })
})
