import { describe, expect, it } from 'vitest'
import {
  attack,
  type Concrete,
  evaluateOn,
  key,
  type Key,
  mask,
  ndarray,
  nn,
  ntk,
  ops,
  type Tensor,
  train,
  tree
} from 'tangentflow'
import { right } from '../support/either.js'
import { batchOf } from '../support/networks.js'
import { numbers, openReference } from '../support/masks.js'

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

describe('a search', () => {
  it('attacks by PGD-7 with step 2.5 ε/7', async () =>
    expect(await searched({})).toEqual(
      await searched({ attack: attack.pgd({ epsilon: 0.2, steps: 7, stepSize: 0.5 / 7 }) })
    ))

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

  it('of GraSP divides logits by 200', () => {
    const grasp = (options: mask.score.GraspOptions) =>
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

describe('a transfer', () => {
  // all examples are one, so that every draw of them is the same
  const same = { x: ndarray.full([4, 4], 0.5), y: ndarray.zeros([4]) }
  const first = async (options: Partial<mask.TransferOptions>): Promise<mask.TransferEvent> =>
    right(
      await mask.transfer(net, { density: 0.25, steps: 1, batch: 2, ...options })(params, same, key(1))(
        await openReference()
      )()
    ).history[0]!

  it('weighs its terms as told: outputs, γ kernel entries, and λ / density of the kept weights’ square', async () => {
    const student = mask.applyConcrete(
      mask.topKMaskOf({ layers: 'uniform', density: 0.25 })(mask.magnitudes(params))
    )(params)
    const square = numbers(student).reduce((sum, w) => sum + w * w, 0)
    const { loss, kernel, output } = await first({ gamma: 2, lambda: 3 })
    expect(loss).toBeCloseTo(output + 2 * kernel + (3 / 0.25) * square, 6)
    const theta = (p: Concrete<nn.Params>): readonly number[] =>
      Array.from(
        evaluateOn((q: nn.Params, x: Tensor) => ntk.empiricalNtk(net.apply)(q, x))(
          p,
          ndarray.full([1, 4], 0.5)
        ).data
      )
    const dense = theta(params)
    const squares = theta(student).map((t, i) => (t - dense[i]!) ** 2)
    expect(kernel).toBeCloseTo(squares.reduce((a, b) => a + b, 0) / squares.length, 6)
  })

  it('sees the attack it is given', async () => {
    const pgd = attack.pgd({ epsilon: 0.3, steps: 2, stepSize: 0.2 })
    expect((await first({ attack: pgd })).kernel).not.toBeCloseTo((await first({})).kernel, 6)
  })
})
