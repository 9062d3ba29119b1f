import * as E from 'fp-ts/lib/Either.js'
import * as fc from 'fast-check'
import { attack, evaluateOn, key, type Key, mask, ndarray, nn, ops, tree } from 'tangentflow'
import { describe, expect, it } from 'vitest'
import { sampleOf, scoreOf } from '../../lib/mask/one-shot.js'
import { right } from '../support/either.js'
import { numbers, openReference } from '../support/masks.js'
import { batchOf, cases } from '../support/networks.js'
import { two } from '../support/two.js'

// What a search or a score does unless told otherwise, and what it tells of its steps.

const net = nn.serial(nn.dense(6), nn.relu, nn.dense(3))

const params = net.init(key(1), [4])

const data = batchOf(2, 12, 4, 3)

describe('a score', () => {
  it('is taken on a sample that the key draws', async () => {
    const runner = await openReference()
    const scored = async (seed: number, samples: number): Promise<readonly number[]> => {
      const options = { method: 'snip', density: 0.5, epsilon: 0, samples } as const
      return numbers(right(await mask.oneShot(net, options)(params, data, key(seed))(runner)()).scores)
    }
    expect(await scored(1, 2)).not.toEqual(await scored(2, 2))
    const [all, whole] = [await scored(1, 12), await scored(2, 100)]
    all.forEach((s, i) => expect(s).toBeCloseTo(whole[i]!, 9))
  })

  it('is taken on so many examples, or on all there are', () => {
    const sampled = (samples: number): number =>
      right(sampleOf('spec', net, mask.score.snip(net.apply), samples, params, data, key(0))).x.shape[0]!
    expect([1, 5, 12, 100].map(sampled)).toEqual([1, 5, 12, 12])
  })

  it('of SNIP is taken in mini-batches where they are asked for', () => {
    const scored = (score: mask.Score) =>
      numbers(
        evaluateOn((p: nn.Params, b: Required<nn.Batch>, k: Key) => score(p, b, k))(
          params,
          {
            ...data,
            ids: ndarray.of(
              [12],
              Array.from({ length: 12 }, (_, i) => i)
            )
          },
          key(0)
        )
      )
    const snip = { method: 'snip', epsilon: 0 } as const
    expect(scored(scoreOf(net, { ...snip, batch: 3 }))).toEqual(
      scored(mask.score.snip(net.apply, { batch: 3 }))
    )
    expect(scored(scoreOf(net, snip))).toEqual(scored(mask.score.snip(net.apply)))
    expect(scored(scoreOf(net, snip))).not.toEqual(scored(scoreOf(net, { ...snip, batch: 3 })))
  })

  it('of GraSP divides logits by 200', () => {
    const grasp = (options: mask.GraspOptions) =>
      evaluateOn((p: nn.Params, b: nn.Batch, k: Key) => mask.score.grasp(net.apply, options)(p, b, k))(
        params,
        data,
        key(0)
      )
    expect(grasp({})).toEqual(grasp({ temperature: 200 }))
  })

  it('is taken anew in rounds on the best ρ^(k/n)', async () => {
    const row = nn.serial(nn.dense(1, { bias: false }))
    const start = [{ w: ndarray.full([16, 1], 1) }]
    // the first are the best, unless exactly 8 = 16 · ¼^½ are left: then the last
    const score: mask.Score = (p) =>
      tree.map((w) => {
        const off = ops.square(ops.sub(8)(ops.sum()(w)))
        return ops.reshape(w.shape)(ops.mul(ops.sub(off)(ops.scale(0.5)(ops.ones([16]))))(ops.iota([16])))
      })(nn.weightsOf(p))
    const options = { score, density: 0.25, rounds: 2 }
    const found = await mask.iterative(row, options)(start, batchOf(1, 2, 16, 1), key(0))(
      await openReference()
    )()
    expect(numbers(right(found).mask)).toEqual(
      Array.from({ length: 16 }, (_, i) => (i >= 4 && i < 8 ? 1 : 0))
    )
  })
})

describe('pruning round by round', () => {
  const { net, params, batch } = two

  it('with one round is the one-shot mask', async () => {
    const runner = await openReference()
    await fc.assert(
      fc.asyncProperty(cases, fc.constantFrom(...mask.oneShotMethods), async (example, method) => {
        const options = { density: 0.5, samples: 3, layers: 'global', rounds: 1 } as const
        const score: mask.Score = (p, b, k) => {
          const attacked = { attack: attack.pgd({ epsilon: 0.1, steps: 10, stepSize: 0.025 }) }
          return {
            random: () => mask.score.random(k)(p),
            magnitude: () => mask.score.magnitude(p),
            snip: () => mask.score.snip(example.net.apply, attacked)(p, b, k),
            grasp: () => mask.score.grasp(example.net.apply, attacked)(p, b, k),
            synflow: () => mask.score.synflow(example.net.apply)(p, b),
            kernelTrace: () => mask.score.kernelTrace(example.net, attacked)(p, b, k)
          }[method]()
        }
        const at = [example.params, example.data, key(example.seed)] as const
        const once = await mask.oneShot(example.net, { ...options, method, epsilon: 0.1 })(...at)(runner)()
        const rounds = await mask.iterative(example.net, { ...options, score })(...at)(runner)()
        // a network with dead outputs has no kernel trace to divide by
        fc.pre(numbers(right(once).scores).every(Number.isFinite))
        const values = (made: mask.OneShot) => [numbers(made.mask), numbers(made.scores)]
        expect(values(right(rounds))).toEqual(values(right(once)))
      }),
      { numRuns: 12 }
    )
  })

  it('keeps exactly the density, and what is removed stays removed', async () => {
    const runner = await openReference()
    const wide = nn.serial(nn.dense(8), nn.relu, nn.dense(4))
    const start = wide.init(key(1), [6])
    // the smallest weights are kept, so that a removed one, now 0, would come back as the best
    const score: mask.Score = (p) => tree.map(ops.neg)(mask.score.magnitude(p))
    const smallest = mask.topKMaskOf({ layers: 'global', density: 0.1 })(
      start.map(({ w }) =>
        w === undefined
          ? {}
          : {
              w: ndarray.of(
                w.shape,
                Float64Array.from(w.data, (v) => -Math.abs(v))
              )
            }
      )
    )
    for (const rounds of [1, 2, 4]) {
      const options = { score, density: 0.1, rounds }
      const found = await mask.iterative(wide, options)(start, batchOf(1, 4, 6, 4), key(2))(runner)()
      expect(numbers(right(found).mask)).toEqual(numbers(smallest))
      expect(mask.density(right(found).mask)).toBe(0.1)
    }
  })

  it('brings nothing back where rounding would give a layer a weight more of a smaller total', async () => {
    const shapes = [
      [20, 8],
      [8, 8],
      [8, 3]
    ]
    const density = 32 / 248
    // of 33 weights and of 32: the last layer would have 6, then 7
    expect(mask.erkCounts(density ** (65 / 66))(shapes)).toEqual([17, 10, 6])
    expect(mask.erkCounts(density)(shapes)).toEqual([16, 9, 7])
    const net = nn.serial(nn.dense(8), nn.relu, nn.dense(8), nn.relu, nn.dense(3))
    const options = { density, rounds: 66, layers: 'erk' } as const
    const negative: mask.Score = (p) => tree.map(ops.neg)(mask.score.magnitude(p))
    const found = await mask.iterative(net, { ...options, score: negative })(
      net.init(key(0), [20]),
      batchOf(1, 4, 20, 3),
      key(1)
    )(await openReference())()
    const { mask: kept, scores } = right(found)
    // what was removed has a score of −|0|, the best there is
    kept.forEach(({ w }, l) =>
      w?.data.forEach((m, i) => {
        if (m === 1) expect(scores[l]?.w?.data[i]).toBeLessThan(0)
      })
    )
    expect(mask.countKept(kept).map((layer) => layer.kept)).toEqual([16, 9, 7])
  })

  it('never empties a layer where one-shot SynFlow’s order would', async () => {
    const runner = await openReference()
    const narrow = nn.serial(nn.dense(40), nn.relu, nn.dense(2), nn.relu, nn.dense(40), nn.relu, nn.dense(3))
    const start = narrow.init(key(3), [20])
    const at = [start, batchOf(3, 2, 20, 3), key(0)] as const
    const options = { method: 'synflow', density: 0.02, epsilon: 0 } as const
    const rounds = right(await mask.oneShot(narrow, options)(...at)(runner)())
    expect(mask.emptyLayers(rounds.mask)).toEqual([])
  })

  it('refuses no rounds, and a density that keeps nothing, before anything runs', async () => {
    const runner = await openReference()
    const score: mask.Score = (p) => mask.score.magnitude(p)
    for (const options of [
      { score, density: 0.5, rounds: 0 },
      { score, density: 0, rounds: 2 },
      { score, density: 0.01, rounds: 2 }
    ]) {
      const result = await mask.iterative(net, options)(params, batch, key(0))(runner)()
      expect(E.isLeft(result) && result.left._tag).toBe('ArgumentError')
    }
  })
})

describe('scores that are all 0, or no numbers', () => {
  it('refuses scores that no order is of, as weights that are NaN have', async () => {
    const engine = await openReference()
    const broken = params.map((layer, l) => (l === 2 ? { ...layer, w: ndarray.full([6, 3], NaN) } : layer))
    const pipelines = [
      ...(['snip', 'grasp', 'kernelTrace', 'magnitude'] as const).map((method) =>
        mask.oneShot(net, { method, density: 0.3, epsilon: 0.1, samples: 8 })(broken, data, key(1))
      ),
      mask.search(net, { density: 0.3, epsilon: 0.1, steps: 1, batch: 2 })(broken, data, key(1))
    ]
    for (const pipeline of pipelines)
      expect(await pipeline(engine)()).toMatchObject({
        left: { _tag: 'ArgumentError', expected: 'scores that are numbers', received: 'NaN' }
      })
  })

  it('scores a layer of zeros 0, and goes on from one', async () => {
    const engine = await openReference()
    const silent = params.map((layer, l) => (l === 2 ? { ...layer, w: ndarray.zeros([6, 3]) } : layer))
    for (const method of ['synflow', 'kernelTrace'] as const)
      for (const rounds of [1, 4]) {
        const options = { method, density: 0.1, epsilon: 0.1, samples: 8, rounds }
        const { scores } = right(await mask.oneShot(net, options)(silent, data, key(1))(engine)())
        expect(numbers(scores).every((score) => score === 0)).toBe(true)
      }
    // one weight left: every other layer is empty, and no score is NaN
    const narrow = { method: 'synflow', density: 1 / 42, epsilon: 0 } as const
    const { emptyLayers } = right(await mask.oneShot(net, narrow)(params, data, key(1))(engine)())
    expect(emptyLayers).toHaveLength(1)
  })

  it('of a search do not see what has no weight: outputs that are 0, of a head that starts at 0', async () => {
    const silent = params.map((layer, l) => (l === 2 ? { ...layer, w: ndarray.zeros([6, 3]) } : layer))
    const engine = await openReference()
    for (const kernel of ['probes', 'explicit'] as const) {
      const options = {
        density: 0.3,
        epsilon: 0.1,
        steps: 3,
        batch: 4,
        kernel,
        start: mask.magnitudes(params)
      }
      const { history } = right(await mask.search(net, options)(silent, data, key(1))(engine)())
      for (const { loss, kernel: distance, output } of history) {
        expect(loss).toBeCloseTo(distance ** 2, 10)
        expect(output).toBe(0)
      }
    }
  })
})
