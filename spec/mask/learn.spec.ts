import * as E from 'fp-ts/lib/Either.js'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  attack,
  type Concrete,
  evaluateOn,
  grad,
  key,
  type Key,
  mask,
  ndarray,
  nn,
  openEngine,
  ops,
  type Runner,
  type Tensor,
  tree
} from 'tangentflow'
import { right } from '../support/either.js'
import { batchOf } from '../support/networks.js'
import { numbers } from '../support/masks.js'

/** Scores of two layers that differ by at least .05 from one another. */
const scores: fc.Arbitrary<Concrete<nn.Weights>> = fc
  .uniqueArray(fc.integer({ min: -40, max: 40 }), { minLength: 4, maxLength: 12 })
  .chain((values) =>
    fc.integer({ min: 2, max: values.length - 2 }).map((cut) =>
      [values.slice(0, cut), values.slice(cut)].map((part) => ({
        w: ndarray.of(
          [part.length, 1],
          part.map((v) => v / 20)
        )
      }))
    )
  )

const keeps = fc.record({
  density: fc.double({ min: 0.3, max: 1, noNaN: true }),
  layers: fc.constantFrom('global' as const, 'uniform' as const)
})

const softAt = (made: mask.Parametrisation, s: Concrete<nn.Weights>, t: number, seed = 0) =>
  numbers(
    evaluateOn((scored: nn.Weights, progress: Tensor, k: Key) => made.soft(scored, progress, k))(
      s,
      ndarray.scalar(t),
      key(seed)
    )
  )

const hardOf = (made: mask.Parametrisation, s: Concrete<nn.Weights>) =>
  numbers(evaluateOn((scored: nn.Weights) => made.hard(scored))(s))

describe('parametrisations', () => {
  it('straight-through is the hard mask forward and the identity backward', () =>
    fc.assert(
      fc.property(scores, keeps, (s, keep) => {
        const made = mask.parametrisation.straightThrough(keep)
        expect(softAt(made, s, 0.5)).toEqual(hardOf(made, s))
        const weighted = (scored: nn.Weights, c: nn.Weights, t: Tensor, k: Key): Tensor =>
          tree
            .tensors(made.soft(scored, t, k))
            .map((m, l) => ops.dot(tree.tensors(c)[l]!)(m))
            .reduce((a, b) => ops.add(b)(a))
        expect(numbers(evaluateOn(grad(weighted))(s, s, ndarray.scalar(0), key(0)))).toEqual(numbers(s))
      })
    ))

  it.each(['sigmoid', 'hardConcrete'] as const)('%s tends to the hard mask as it cools', (name) =>
    fc.assert(
      fc.property(scores, keeps, fc.nat(), (s, keep, seed) => {
        const made = mask.parametrisation[name](keep, { from: 1, to: 1e-4 })
        const want = hardOf(made, s)
        softAt(made, s, 1, seed).forEach((m, i) => expect(m).toBeCloseTo(want[i]!, 6))
        const warm = softAt(made, s, 0, seed)
        for (const m of warm) expect(m >= 0 && m <= 1).toBe(true)
      })
    )
  )

  it('the expected density of hard concrete is the share that is not 0, over many draws', () => {
    const s = [{ w: ndarray.fromNested([[0.4, 0.1, -0.3, 1.2]]) }, { w: ndarray.fromNested([[0.2], [-0.9]]) }]
    const keep = { density: 0.5 }
    const made = mask.parametrisation.hardConcrete(keep)
    const draws = Array.from({ length: 400 }, (_, seed) => {
      const drawn = softAt(made, s, 0.25, seed)
      return drawn.filter((m) => m !== 0).length / drawn.length
    })
    const mean = draws.reduce((a, b) => a + b, 0) / draws.length
    const deviation = Math.sqrt(draws.reduce((a, b) => a + (b - mean) ** 2, 0) / (draws.length - 1))
    const expected = ndarray.toNumber(
      evaluateOn((scored: nn.Weights, t: Tensor) => mask.parametrisation.expectedDensity(keep)(scored, t))(
        s,
        ndarray.scalar(0.25)
      )
    )
    expect(Math.abs(mean - expected)).toBeLessThan(4 * (deviation / Math.sqrt(draws.length)))
  })

  it('refuse temperatures and constants that make no mask', () => {
    expect(() => mask.parametrisation.sigmoid({ density: 0.5 }, { to: 0 })).toThrow('to')
    expect(() => mask.parametrisation.hardConcrete({ density: 0.5 }, { gamma: 0.1 })).toThrow('γ < 0')
  })
})

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
