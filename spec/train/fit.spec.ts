import * as E from 'fp-ts/lib/Either.js'
import { attack, data, key, mask, ndarray, nn, openEngine, train } from 'tangentflow'
import { describe, expect, it } from 'vitest'
import { right } from '../support/either.js'
import { batchOf, withoutThirds } from '../support/networks.js'
import { memoryStore } from '../support/training.js'

const net = nn.serial(nn.dense(10), nn.relu, nn.dense(3))

const params = net.init(key(2), [6])

const set = batchOf(9, 21, 6, 3)

const pgd = attack.pgd({ epsilon: 0.1, steps: 2, stepSize: 0.1 })

const base: train.FitOptions = {
  epochs: 3,
  batch: 4,
  optimiser: train.momentum(0.9),
  schedule: train.schedule.cosine(0.1),
  attack: pgd
}

const fit = async (options: train.FitOptions, seed = 1): Promise<train.FitResult> => {
  const engine = right(await openEngine({ require: 'reference' })())
  return right(await train.fit(net.apply, options)(params, set, key(seed))(engine)())
}

const halfMask = withoutThirds(params)

describe('fit', () => {
  it.each([train.sgd, train.momentum(0.9), train.adam()])(
    'never moves a pruned weight, and moves the others and the biases (%#)',
    async (optimiser) => {
      const fitted = await fit({ ...base, optimiser, mask: halfMask })
      fitted.params.forEach(({ w, b }, l) => {
        w?.data.forEach((value, i) => {
          if (halfMask[l]!.w!.data[i] === 0) expect(value === 0).toBe(true)
        })
        if (w !== undefined)
          expect(w.data.some((value, i) => value !== 0 && value !== params[l]!.w!.data[i])).toBe(true)
        if (b !== undefined) expect(b.data.some((value) => value !== 0)).toBe(true)
      })
    }
  )

  it('gives the same run for the same key, another for another', async () => {
    expect(await fit(base)).toEqual(await fit(base))
    expect((await fit(base)).losses).not.toEqual((await fit(base, 2)).losses)
  })

  it('leaves a ragged last batch out of each epoch', async () => {
    const { losses } = await fit(base)
    expect(losses).toHaveLength(3 * 5)
  })

  it('takes the same steps however many are unrolled in a program', async () => {
    const record = { x: set.x, times: 4 }
    const single = await fit({ ...base, record })
    for (const unroll of [2, 4, 100]) {
      const unrolled = await fit({ ...base, record, unroll })
      expect(unrolled.losses).toHaveLength(single.losses.length)
      unrolled.losses.forEach((loss, i) => expect(loss).toBeCloseTo(single.losses[i]!, 9))
      expect(unrolled.recorded.map(({ step }) => step)).toEqual([4, 8, 11, 15])
      expect(Math.max(...train.distances(unrolled.recorded, single.recorded))).toBeLessThan(1e-9)
    }
  })

  it('takes the steps that suit the engine in a program, if there are many, and ends in the same bits', async () => {
    const engine = right(await openEngine({ require: 'reference' })())
    const programs = async (options: Partial<train.FitOptions>, unroll?: number, loops?: boolean) => {
      const seen: number[] = []
      const plain = { batch: 4, epochs: 100, optimiser: train.momentum(0.9), schedule: base.schedule }
      const runner = { compile: engine.compile, ...(unroll && { unroll }), ...(loops && { loops }) }
      const fitted = right(
        await train.fit(net.apply, {
          ...plain,
          ...options,
          observe:
            ({ step }) =>
            () =>
              void seen.push(step)
        })(
          params,
          set,
          key(1)
        )(runner)()
      )
      return { fitted, seen }
    }
    const [one, four] = [await programs({}), await programs({}, 4)]
    expect([one.seen.length, four.seen.length]).toEqual([500, 125])
    expect(four.fitted).toEqual(one.fitted)
    expect((await programs({ unroll: 1 }, 4)).seen).toHaveLength(500)
    expect((await programs({ epochs: 99 }, 4)).seen).toHaveLength(495)
    const checkpoint = { store: memoryStore(), steps: 6 }
    const kept = (await programs({ checkpoint }, 4)).seen
    expect(kept.slice(0, 4)).toEqual([4, 6, 10, 12])
    const attacked = { attack: attack.pgd({ epsilon: 0.1, steps: 1, stepSize: 0.1 }) }
    const written = await programs(attacked, 4)
    expect(written.seen).toHaveLength(500)
    const looped = await programs(attacked, 4, true)
    expect(looped.seen).toHaveLength(125)
    expect(looped.fitted).toEqual(written.fitted)
  })

  it('tells of every program, and of finished epochs', async () => {
    const seen: train.FitEvent[] = []
    await fit({ ...base, unroll: 5, observe: (event) => () => void seen.push(event) })
    expect(seen.map(({ step, epoch }) => [step, epoch])).toEqual([
      [5, 1],
      [10, 2],
      [15, 3]
    ])
  })

  it.each([
    ['epochs', { epochs: 0 }],
    ['batch', { batch: 2.5 }],
    ['unroll', { unroll: 0 }],
    ['record.times', { record: { x: set.x, times: 0 } }]
  ])('refuses bad %s with a typed error', async (where, bad) => {
    const engine = right(await openEngine({ require: 'reference' })())
    const result = await train.fit(net.apply, { ...base, ...bad })(params, set, key(1))(engine)()
    expect(E.isLeft(result) && [result.left._tag, result.left.where]).toEqual(['ArgumentError', where])
  })

  it('refuses a batch larger than the set, and a mask that does not fit', async () => {
    const engine = right(await openEngine({ require: 'reference' })())
    const large = await train.fit(net.apply, { ...base, batch: 22 })(params, set, key(1))(engine)()
    expect(E.isLeft(large) && large.left._tag).toBe('ArgumentError')
    const stray = await train.fit(net.apply, { ...base, mask: [{ w: ndarray.zeros([1]) }] })(
      params,
      set,
      key(1)
    )(engine)()
    expect(E.isLeft(stray) && stray.left._tag).toBe('TreeError')
  })

  it('learns the digits in three epochs', async () => {
    const engine = right(await openEngine({ require: 'reference' })())
    const { train: digits, test } = data.digitsSplit()
    const small = nn.serial(nn.dense(32), nn.relu, nn.dense(10))
    const fitted = right(
      await train.fit(small.apply, {
        epochs: 3,
        batch: 32,
        optimiser: train.momentum(0.9),
        schedule: train.schedule.cosine(0.1)
      })(
        small.init(key(0), [64]),
        digits,
        key(1)
      )(engine)()
    )
    const result = right(
      await attack.evaluate(small.apply, { attack: attack.none })(fitted.params, test, key(2))(engine)()
    )
    expect(result.clean).toBeGreaterThan(0.85)
    expect(mask.density(halfMask)).toBeLessThan(0.7)
  })
})
