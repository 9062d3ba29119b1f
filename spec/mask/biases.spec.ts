import * as E from 'fp-ts/lib/Either.js'
import * as fc from 'fast-check'
import {
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
  tree
} from 'tangentflow'
import { describe, expect, it } from 'vitest'
import { right } from '../support/either.js'
import { numbers, openReference } from '../support/masks.js'
import { batchOf, cases, relativeError } from '../support/networks.js'
import { runs } from '../support/runs.js'
import { twoBiased } from '../support/two.js'

const { net, params, batch } = twoBiased

const biases = true

/** Ones over the leaves of a layer. */
const onesOf = ({ w, b }: Concrete<nn.LayerParams>): Concrete<nn.LayerParams> => ({
  ...(w === undefined ? {} : { w: ndarray.full(w.shape, 1) }),
  ...(b === undefined ? {} : { b: ndarray.full(b.shape, 1) })
})

describe('masks of weights and biases', () => {
  const halves = (p: Concrete<nn.Params>, seed: number): Concrete<nn.Weights> =>
    mask.topKMaskOf({ layers: 'uniform', density: 0.5 })(
      evaluateOn((q: nn.Params, k: Key) => mask.score.random(k, { biases })(q))(p, key(seed))
    )

  it('keep exactly what is asked for of both, and tell of both', () => {
    const scores = [
      { w: ndarray.fromNested([[5, 1], [2, 2]]), b: ndarray.fromNested([2, 0]) }, // prettier-ignore
      {},
      { w: ndarray.fromNested([[3], [2]]) }
    ]
    const kept = mask.topKMaskOf({ layers: 'global', density: 0.5 })(scores)
    // of the equal scores, 2, the bias comes first, then the weights in order
    expect(numbers(kept)).toEqual([1, 0, 1, 0, 1, 0, 1, 0])
    expect(numbers(evaluateOn((s: nn.Weights) => mask.topK(4)(s))(scores))).toEqual(numbers(kept))
    expect(mask.countKept(kept)).toEqual([
      { kept: 1, total: 2 },
      { kept: 2, total: 4 },
      { kept: 1, total: 2 }
    ])
    expect(mask.density(kept)).toBe(0.5)
    expect(() => mask.density([{}, {}])).toThrow('TreeError in mask.density')
    expect(mask.weightShapes(scores)).toEqual([[2], [2, 2], [2, 1]])
    expect(numbers(mask.topKMaskOf({ layers: [1, 1, 2], density: 1 })(scores))).toEqual([
      1, 0, 1, 0, 0, 0, 1, 1
    ])
  })

  it('empty a layer when none of its weights is left, whatever its biases', () => {
    const kept = [{ w: ndarray.zeros([2, 1]), b: ndarray.full([1], 1) }, { w: ndarray.full([1, 1], 1), b: ndarray.zeros([1]) }] // prettier-ignore
    expect(mask.emptyLayers(kept)).toEqual([0])
  })

  it('have Erdős–Rényi densities as if biases were weights of one constant input', () => {
    const shapes = [[10], [40, 10]]
    // (1 + 10) / 10 against (40 + 10) / 400: 11 : 50 of what is kept, and whole as soon as that is 10
    expect(mask.erkCounts(50 / 410)(shapes)).toEqual([9, 41])
    expect(mask.erkCounts(0.2)(shapes)).toEqual([10, 72])
  })

  it('cost the biases that are kept, and a bit for each where some are not', () => {
    const one = nn.serial(nn.dense(2))
    const half = [{ w: ndarray.fromNested([[1, 0], [1, 0]]), b: ndarray.fromNested([1, 0]) }] // prettier-ignore
    expect(mask.cost(one, [2])(one.init(key(0), [2]), half)).toMatchObject({
      flops: 4,
      bytes: 8 + 1 + 4 + 1,
      denseBytes: 24
    })
  })

  it('stand in the kernel where the Jacobian has the biases, in every form', () =>
    fc.assert(
      fc.property(
        cases,
        fc.constantFrom(['restricted', 2] as const, ['linear', 1] as const, ['ambient', 0] as const),
        ({ net: some, params: p, data, seed }, [form, power]) => {
          const soft = evaluateOn((q: nn.Params, k: Key) => mask.score.random(k, { biases })(q))(p, key(seed))
          const kernel = (q: nn.Params, x: Tensor, m: nn.Weights): Tensor =>
            ntk.empiricalNtk(some.apply, { mask: form })(q, x, x, m)
          const byJacobians = (q: nn.Params, x: Tensor, m: nn.Weights): Tensor => {
            const masks = tree.tensors(m)
            return tree
              .tensors(ntk.jacobians(some.apply, mask.apply(m)(q), x))
              .map((j, l) => {
                const [n, o, ...rest] = j.shape
                const size = rest.reduce((a, b) => a * b, 1)
                const flat = ops.reshape([n! * o!, size])(j)
                const weight = ops.reshape([size])(masks[l]!)
                const weighted = Array.from({ length: power }).reduce<Tensor>((y) => ops.mul(weight)(y), flat)
                const product = ops.reshape([n!, o!, n!, o!])(ops.matmul(ops.transpose()(flat))(weighted))
                return ops.transpose([0, 2, 1, 3])(product)
              })
              .reduce((a, b) => ops.add(b)(a))
          }
          const [a, b] = [kernel, byJacobians].map((f) => evaluateOn(f)(p, data.x, soft))
          expect(relativeError(a!, b!)).toBeLessThan(1e-9)
        }
      ),
      { numRuns: runs(40) }
    ))

  it.each(['straightThrough', 'sigmoid', 'hardConcrete'] as const)('are learnt through %s', (name) => {
    const made = mask.parametrisation[name]({ density: 0.5 })
    const scores = evaluateOn((q: nn.Params) => mask.score.magnitude(q, { biases }))(params)
    const hard = evaluateOn((s: nn.Weights) => made.hard(s))(scores)
    expect(numbers(hard)).toEqual(numbers(mask.topKMaskOf({ layers: 'global', density: 0.5 })(scores)))
    const soft = evaluateOn((s: nn.Weights, t: Tensor, k: Key) => made.soft(s, t, k))(
      scores,
      ndarray.scalar(0),
      key(0)
    )
    expect(soft.map((layer) => Object.keys(layer).sort())).toEqual([['b', 'w'], [], ['b', 'w']])
  })

  it('draw gates of biases that are not the weights’', () => {
    const same = [{ w: ndarray.full([4], 1), b: ndarray.full([4], 1) }]
    const drawn = evaluateOn((s: nn.Weights, t: Tensor, k: Key) =>
      mask.parametrisation.hardConcrete({ density: 1 }, { from: 2 }).soft(s, t, k)
    )(same, ndarray.scalar(0), key(0))[0]!
    expect(Array.from(drawn.b!.data)).not.toEqual(Array.from(drawn.w!.data))
  })

  it('start where edge-popup and HYDRA do, with the fan-in of their layer', () => {
    const wide = nn.serial(nn.dense(50)).init(key(0), [9])
    const biased = [{ ...wide[0], b: ndarray.full([50], 2) }]
    const popup = mask.edgePopupStart(key(1))(biased)
    expect(Math.max(...popup[0]!.b!.data)).toBeLessThan(1 / 3)
    expect(Math.max(...popup[0]!.b!.data)).toBeGreaterThan(0.3)
    expect(nn.weightsOf(popup)).toEqual(mask.edgePopupStart(key(1))(nn.weightsOf(biased)))
    expect(mask.hydraStart(biased)[0]!.b!.data[0]).toBeCloseTo(Math.sqrt(6 / 9), 6)
    expect(Array.from(mask.hydraStart(wide)[0]!.b!.data)).toEqual(new Array(50).fill(0))
  })

  it('leave what the kernel and outputs are at ones', () => {
    const ones = params.map(onesOf)
    const { kernel, output } = evaluateOn((p: nn.Params, m: nn.Weights, x: Tensor, b: nn.Batch, k: Key) =>
      mask.distance(net.apply, () => (_p, { x: same }) => ({ x: same }))(p, m, x, b, k)
    )(params, ones, batch.x, batch, key(0))
    expect([kernel, output].map(ndarray.toNumber)).toEqual([0, 0])
    const pruned = evaluateOn((p: nn.Params, m: nn.Weights) => mask.apply(m)(p))(params, halves(params, 1))
    // −0 is 0
    expect(numbers(pruned).map((v) => v + 0)).toEqual(
      numbers(mask.applyConcrete(halves(params, 1))(params)).map((v) => v + 0)
    )
    expect(numbers(pruned).filter((v) => v !== 0).length).toBeLessThanOrEqual(6)
  })
})

describe('pipelines with biases in the mask', () => {
  const wide = nn.serial(nn.dense(12, { sigmaB: 0.3 }), nn.relu, nn.dense(3, { sigmaB: 0.3 }))
  const start = wide.init(key(2), [6])
  const data = batchOf(9, 40, 6, 3)
  const k = Math.round(0.3 * (72 + 12 + 36 + 3))

  it.each(mask.oneShotMethods)('%s keeps exactly k of both, in one round and in several', async (method) => {
    const options = { method, density: 0.3, epsilon: 0.1, samples: 20, layers: 'global', biases } as const
    for (const rounds of [1, 3]) {
      const made = await mask.oneShot(wide, { ...options, rounds })(start, data, key(1))(
        await openReference()
      )()
      expect(mask.countKept(right(made).mask).map(({ total }) => total)).toEqual([12, 72, 3, 36])
      expect(numbers(right(made).mask).reduce((a, b) => a + b, 0)).toBe(k)
    }
  })

  it('a search keeps exactly k of both, moves the biases’ scores, and starts as it is told', async () => {
    const options = { density: 0.3, epsilon: 0.1, steps: 3, batch: 8, samples: 20, biases } as const
    const search = async (more: Partial<mask.SearchOptions>) =>
      right(await mask.search(wide, { ...options, ...more })(start, data, key(1))(await openReference())())
    const found = await search({})
    expect(numbers(found.mask).reduce((a, b) => a + b, 0)).toBe(k)
    expect(found.history[0]!.flips).toHaveLength(4)
    const still = await search({ gamma: 0, c: 0 })
    expect(numbers(still.scores)).toEqual(numbers((await search({ steps: 0 })).scores))
    expect(Array.from(found.scores[0]!.b!.data)).not.toEqual(Array.from(still.scores[0]!.b!.data))
    const given = await search({ start: still.scores, biases: false, steps: 0 })
    expect(given.mask).toEqual(still.mask)
  })

  it('a transfer keeps the largest of each layer’s biases too', async () => {
    const { mask: kept, params: student } = right(
      await mask.transfer(wide, { density: 0.5, steps: 3, batch: 4, refresh: 2, biases })(
        start,
        data,
        key(1)
      )(await openReference())()
    )
    expect(mask.countKept(kept).map((leaf) => leaf.kept)).toEqual([6, 36, 2, 18])
    expect(kept).toEqual(
      mask.topKMaskOf({ layers: 'uniform', density: 0.5 })(mask.magnitudes(student, { biases }))
    )
  })

  it('refuses a score that covers other leaves than the mask', async () => {
    const score: mask.Score = (p) => mask.score.magnitude(p, { biases })
    const rounds = (covering: nn.MaskedLeaves, own: mask.Score) => async () =>
      mask.iterative(wide, { score: own, density: 0.5, rounds: 1, ...covering })(start, data, key(0))(
        await openReference()
      )()
    for (const run of [rounds({}, score), rounds({ biases }, (p) => mask.score.magnitude(p))]) {
      const result = await run()
      expect(E.isLeft(result) && result.left).toMatchObject({
        _tag: 'TreeError',
        operation: 'mask.iterative',
        where: '[0].b'
      })
    }
  })
})
