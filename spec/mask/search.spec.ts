import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import {
  attack,
  type Concrete,
  evaluateOn,
  key,
  type Key,
  mask,
  ndarray,
  nn,
  openEngine,
  ops,
  permutation,
  type Tensor,
  train,
  tree
} from 'tangentflow'
import { describe, expect, it } from 'vitest'
import { right } from '../support/either.js'
import { numbers, openReference } from '../support/masks.js'
import { batchOf, cases, relativeError } from '../support/networks.js'
import { runs } from '../support/runs.js'
import { memoryStore } from '../support/store.js'

const onesLike = (params: Concrete<nn.Params>): Concrete<nn.Weights> =>
  params.map(({ w }) => (w === undefined ? {} : { w: ndarray.full(w.shape, 1) }))

// What a search or a score does unless told otherwise, and what it tells of its steps.

const net = nn.serial(nn.dense(6), nn.relu, nn.dense(3))

const params = net.init(key(1), [4])

const data = batchOf(2, 12, 4, 3)

const searched = async (options: Partial<mask.SearchOptions>): Promise<mask.Ticket> =>
  right(
    await mask.search(net, { density: 0.5, epsilon: 0.2, steps: 3, batch: 4, samples: 6, ...options })(
      params,
      data,
      key(3)
    )(await openReference())()
  )

const learnt = async (options: Partial<mask.LearnOptions>): Promise<mask.LearnResult> =>
  right(
    await mask.learn(net, {
      objective: mask.trainingLoss(net),
      parametrisation: mask.parametrisation.straightThrough({ density: 0.5 }),
      start: mask.hydraStart(nn.weightsOf(params)),
      attack: attack.none,
      steps: 4,
      batch: 6,
      rate: 0.3,
      ...options
    })(
      params,
      data,
      key(3)
    )(await openReference())()
  )

describe('search and one-shot masks', () => {
  const net = nn.serial(nn.dense(12), nn.relu, nn.dense(3))
  const params = net.init(key(2), [6])
  const data = batchOf(9, 40, 6, 3)
  const base: mask.SearchOptions = { density: 0.3, epsilon: 0.1, steps: 3, batch: 8, samples: 20 }
  const run = async (options: mask.SearchOptions, seed = 1): Promise<E.Either<unknown, mask.Ticket>> => {
    const engine = right(await openEngine({ require: 'reference' })())
    return mask.search(net, options)(params, data, key(seed))(engine)()
  }
  const k = Math.round(0.3 * (72 + 36))

  it('keeps exactly round(density · weights), the same for the same key, and tells of every step', async () => {
    const seen: mask.SearchEvent[] = []
    const one = right(await run({ ...base, c: 1, observe: (event) => () => void seen.push(event) }))
    const two = right(await run({ ...base, c: 1 }))
    expect(numbers(one.mask).reduce((a, b) => a + b, 0)).toBe(k)
    expect(one).toEqual(two)
    expect(seen).toEqual(one.history)
    expect(seen.map(({ step }) => step)).toEqual([0, 1, 2])
    expect(seen.every(({ loss, kernel, output }) => [loss, kernel, output].every(Number.isFinite))).toBe(true)
  })

  it('with γ = c = 0, or without steps, leaves the scores where they start', async () => {
    const still = right(await run({ ...base, gamma: 0, c: 0 }))
    const none = right(await run({ ...base, steps: 0 }))
    expect(still.scores.map(({ w }) => w?.data)).toEqual(none.scores.map(({ w }) => w?.data))
    expect(none.history).toEqual([])
    const engine = right(await openEngine({ require: 'reference' })())
    const trace_ = right(
      await mask.oneShot(net, { method: 'kernelTrace', density: 0.3, epsilon: 0.1, samples: 20 })(
        params,
        data,
        key(1)
      )(engine)()
    )
    expect(trace_.mask).toHaveLength(3)
    expect(mask.density(trace_.mask)).toBeCloseTo(k / 108, 12)
  })

  it('lowers its objective with the explicit kernel', async () => {
    const { history } = right(await run({ ...base, kernel: 'explicit', steps: 40, rate: 0.05 }))
    const mean = (part: readonly mask.SearchEvent[]): number =>
      part.reduce((s, e) => s + e.loss, 0) / part.length
    expect(mean(history.slice(-10))).toBeLessThan(mean(history.slice(0, 5)))
  })

  it.each([
    ['density', 0],
    ['density', 1.2],
    ['density', NaN],
    ['density', 1e-4],
    ['epsilon', -1],
    ['gamma', Infinity],
    ['c', NaN],
    ['loss', -1],
    ['steps', 2.5],
    ['batch', 0],
    ['rate', NaN]
  ])('refuses %s = %s with a typed error', async (name, value) => {
    const result = await run({ ...base, [name]: value })
    expect(E.isLeft(result) && result.left).toMatchObject({ _tag: 'ArgumentError', where: name })
  })

  it('one-shot masks keep their counts, by every method', async () => {
    const engine = right(await openEngine({ require: 'reference' })())
    for (const method of mask.oneShotMethods) {
      const options = { method, density: 0.3, epsilon: 0.1, samples: 20 }
      const one = right(await mask.oneShot(net, options)(params, data, key(1))(engine)())
      const counts = mask.countKept(one.mask).map(({ kept }) => kept)
      expect(counts.reduce((a, b) => a + b, 0)).toBe(
        method === 'magnitude' ? Math.round(0.3 * 72) + Math.round(0.3 * 36) : k
      )
      expect(right(await mask.oneShot(net, options)(params, data, key(1))(engine)())).toEqual(one)
    }
    for (const bad of [0, 2, NaN]) {
      const result = await mask.oneShot(net, { method: 'snip', density: bad, epsilon: 0.1 })(
        params,
        data,
        key(1)
      )(engine)()
      expect(E.isLeft(result) && result.left._tag).toBe('ArgumentError')
    }
  })

  it('are at distance 0 from dense when nothing is masked, and above it otherwise', () => {
    const measure = (p: nn.Params, m: nn.Weights, x: Tensor, b: nn.Batch, kk: Key): mask.MaskDistance =>
      mask.distance(net.apply, attack.pgd({ epsilon: 0.1, steps: 2, stepSize: 0.05 }))(p, m, x, b, kk)
    const batch = batchOf(3, 4, 6, 3)
    const ones = onesLike(params)
    const all = evaluateOn(measure)(params, ones, batchOf(5, 4, 6, 3).x, batch, key(0))
    expect(ndarray.toNumber(all.kernel)).toBeLessThan(1e-12)
    expect(ndarray.toNumber(all.output)).toBe(0)
    const half: Concrete<nn.Weights> = ones.map(({ w }) =>
      w === undefined
        ? {}
        : {
            w: ndarray.of(
              w.shape,
              w.data.map((_, i) => i % 2)
            )
          }
    )
    const some = evaluateOn(measure)(params, half, batchOf(5, 4, 6, 3).x, batch, key(0))
    expect(ndarray.toNumber(some.kernel)).toBeGreaterThan(0.1)
  })

  it('masks concrete and symbolic parameters alike', () => {
    const order = permutation(key(3), 72)
    const m: Concrete<nn.Weights> = [
      {
        w: ndarray.of(
          [6, 12],
          Array.from(order, (i) => i % 2)
        )
      },
      {},
      {}
    ]
    const symbolic = evaluateOn((mm: nn.Weights, p: nn.Params) => mask.apply(mm)(p))(m, params)
    const concrete = mask.applyConcrete(m)(params)
    symbolic.forEach(({ w }, l) => {
      if (w !== undefined) expect(relativeError(w, concrete[l]!.w!)).toBe(0)
    })
    expect(() => mask.applyConcrete([{ w: ndarray.zeros([2, 2]) }])(params)).toThrow('TreeError')
  })
})

describe('a search', () => {
  // in L2, where other steps end elsewhere; in L∞ all that are long enough end in the same corners
  it('attacks by PGD-7 with step 2.5 ε/7', async () => {
    const norm = 'l2'
    const by = (stepSize: number) =>
      searched({ norm, attack: attack.pgd({ norm, epsilon: 0.2, steps: 7, stepSize }) })
    const own = await searched({ norm })
    expect(await by(0.5 / 7)).toEqual(own)
    expect((await by(2.5 / 0.2 / 7)).history).not.toEqual(own.history)
  })

  it('tells distances whose squares make up the loss', async () => {
    for (const { loss, kernel, output } of (await searched({ gamma: 2, c: 3 })).history)
      expect(2 * kernel ** 2 + 3 * output ** 2).toBeCloseTo(loss, 9)
  })

  it('tells how many weights of each layer entered or left', async () => {
    const rate = (): number => 0.3
    const masks = await Promise.all([0, 1, 2, 3].map(async (steps) => (await learnt({ steps, rate })).mask))
    const { history } = await learnt({ rate })
    const changed = (step: number): readonly number[] =>
      masks[step]!.flatMap(({ w }, l) =>
        w === undefined ? [] : [w.data.filter((m, i) => m !== masks[step - 1]![l]!.w!.data[i]).length]
      )
    expect(history.map(({ flips }) => flips)).toEqual([[0, 0], changed(1), changed(2), changed(3)])
    expect(changed(1).some((n) => n > 0)).toBe(true)
  })

  it('lets its rate fall along a cosine, and its progress rise from 0 to 1', async () => {
    expect(await learnt({ rate: 0.3 })).toEqual(await learnt({ rate: train.schedule.cosine(0.3) }))
    const { history } = await learnt({
      steps: 3,
      parametrisation: {
        ...mask.parametrisation.straightThrough({ density: 0.5 }),
        soft: (scores, progress) => tree.map((s) => ops.mul(progress)(ops.ones(s.shape)))(scores)
      },
      objective: ({ mask: m }) => ({ loss: ops.mean()(tree.tensors(m)[0]!) })
    })
    expect(history.map(({ terms }) => terms.loss)).toEqual([0, 0.5, 1])
  })

  it('has the dense network where it was while the weights under the mask move', async () => {
    const size = (p: nn.Params): Tensor => ops.sum()(p[0]!.w!)
    const { history } = await learnt({
      weights: { rate: 1 },
      objective: (trial) => ({
        ...mask.trainingLoss(net)(trial),
        dense: size(trial.dense),
        at: size(trial.params)
      })
    })
    expect(new Set(history.map(({ terms }) => terms.dense)).size).toBe(1)
    expect(new Set(history.map(({ terms }) => terms.at)).size).toBe(4)
  })

  it('cools geometrically', () => {
    const soft = evaluateOn((s: nn.Weights, t: Tensor, k: Key) =>
      mask.parametrisation.sigmoid({ density: 0.5 }, { from: 4, to: 0.25 }).soft(s, t, k)
    )([{ w: ndarray.fromNested([3, 1]) }], ndarray.scalar(0.5), key(0))
    // T = 1 half-way, and the score is 1 above the threshold
    expect(numbers(soft)[0]).toBeCloseTo(1 / (1 + Math.exp(-1)), 9)
  })
})

describe('a search with γ = c = 0', () => {
  it('leaves whatever scores it starts from as they are', async () => {
    const runner = await openReference()
    await fc.assert(
      fc.asyncProperty(cases, fc.boolean(), async ({ net, params, data, seed }, biases) => {
        fc.pre(data.y.data.length >= 2)
        const start = evaluateOn((p: nn.Params, k: Key) => mask.score.random(k, { biases })(p))(
          params,
          key(seed)
        )
        const options = { density: 0.6, epsilon: 0.1, steps: 3, batch: 1, start, gamma: 0, c: 0 }
        const found = right(await mask.search(net, options)(params, data, key(seed))(runner)())
        expect(numbers(found.scores)).toEqual(numbers(start))
        expect(numbers(found.mask)).toEqual(
          numbers(mask.topKMaskOf({ layers: 'global', density: 0.6 })(start))
        )
      }),
      { numRuns: runs(12) }
    )
  })
})

it('goes on from a checkpoint as if it had never stopped', async () => {
  const whole = await learnt({})
  for (const steps of [1, 3]) {
    const store = memoryStore()
    let taken = 0
    const stopped = await learnt({
      checkpoint: { store, steps: 1 },
      observe: () => () => {
        taken++
      },
      stop: () => taken >= steps
    })
    expect(stopped.history).toHaveLength(steps)
    expect(await learnt({ checkpoint: { store, steps: 1 } })).toEqual(whole)
  }
})
