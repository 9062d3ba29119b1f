import { evaluateOn, key, type Key, mask, ndarray, nn, ops, tree } from 'tangentflow'
import { describe, expect, it } from 'vitest'
import { right } from '../support/either.js'
import { numbers, openReference } from '../support/masks.js'
import { batchOf } from '../support/networks.js'

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
