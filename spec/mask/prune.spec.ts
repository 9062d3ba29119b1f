import * as E from 'fp-ts/lib/Either.js'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { attack, type Concrete, evaluateOn, key, type Key, mask, ndarray, nn, ops, tree } from 'tangentflow'
import { batchOf, cases } from '../support/networks.js'
import { right } from '../support/either.js'
import { two } from '../support/two.js'
import { numbers, openReference } from '../support/masks.js'

const { net, params, batch } = two

describe('scores by hand', () => {
  it('GraSP is w ⊙ Hg', () => {
    const temperature = 4
    const scores = evaluateOn((p: nn.Params, b: nn.Batch, k: Key) =>
      mask.score.grasp(net.apply, { temperature })(p, b, k)
    )(params, batch, key(0))
    // L = log(1 + exp(−u)) with u = Σⱼ vⱼ hⱼ / 4 = 1, vⱼ = W2[j, 0] − W2[j, 1] = (2, −2), hⱼ = Σᵢ W1[i, j] xᵢ.
    // Hg = L′ (L″ |∇u|² ∇u + L′ ∇²u ∇u) with |∇u|² = (5 v·v + 2 h·h) / 16 = 3.75.
    const q = 1 / (1 + Math.E)
    const [slope, bend] = [-q, q * (1 - q)]
    const [x, v, h] = [
      [1, 2],
      [2, -2],
      [3, 1]
    ]
    const product = (first: number, second: number): number => slope * (bend * 3.75 * first + slope * second)
    const expected = [
      ...[0, 1].flatMap((i) =>
        [0, 1].map((j) => product((x[i]! * v[j]!) / temperature, (2 * x[i]! * h[j]!) / 16))
      ),
      ...[0, 1].flatMap((j) =>
        [1, -1].map((side) => product((side * h[j]!) / temperature, (side * 5 * v[j]!) / 16))
      )
    ].map((hg, i) => hg * numbers(params.map(({ w }) => (w ? { w } : {})))[i]!)
    numbers(scores).forEach((s, i) => expect(s).toBeCloseTo(expected[i]!, 10))
  })

  it('SynFlow is |w ∂R/∂w| of the network of absolute weights, each layer by its mean and fan-in', () => {
    const scores = evaluateOn((p: nn.Params, b: nn.Batch) => mask.score.synflow(net.apply)(p, b))(
      params,
      batch
    )
    // |W1| / 2 = ½ everywhere, |W2| / 3 = [[⅔, 0], [⅓, 1]]; for ones, h = (1, 1) and R = 2
    const expected = [1 / 3, 2 / 3, 1 / 3, 2 / 3, 2 / 3, 0, 1 / 3, 1]
    numbers(scores).forEach((s, i) => expect(s).toBeCloseTo(expected[i]!, 10))
  })

  it('SynFlow is conserved: every layer of a network without biases has the same sum, R', () =>
    fc.assert(
      fc.property(fc.nat({ max: 1e6 }), (seed) => {
        const deep = nn.serial(
          ...[5, 4, 3].flatMap((width) => [nn.dense(width, { bias: false }), nn.relu]),
          nn.dense(2, { bias: false })
        )
        const p = deep.init(key(seed), [3])
        const scores = evaluateOn((q: nn.Params, b: nn.Batch) => mask.score.synflow(deep.apply)(q, b))(
          p,
          batchOf(seed, 1, 3, 2)
        )
        const sums = scores.flatMap(({ w }) =>
          w === undefined ? [] : [Array.from(w.data).reduce((a, b) => a + b, 0)]
        )
        sums.forEach((sum) => expect(sum / sums[0]!).toBeCloseTo(1, 9))
      })
    ))
})

describe('choosing on the host', () => {
  const scored = fc.record({
    values: fc.array(fc.integer({ min: -2, max: 2 }), { minLength: 4, maxLength: 20 }),
    cut: fc.nat(),
    density: fc.double({ min: 0.3, max: 1, noNaN: true })
  })
  const split = (values: readonly number[], cut: number): Concrete<nn.Weights> => {
    const at = 2 + (cut % (values.length - 3))
    return [values.slice(0, at), values.slice(at)].map((part) => ({ w: ndarray.of([part.length, 1], part) }))
  }

  it('keeps what the program keeps, at any density, under ties', () =>
    fc.assert(
      fc.property(scored, ({ values, cut, density }) => {
        const scores = split(values, cut)
        const total = Math.round(density * values.length)
        expect(numbers(mask.topKMaskOf({ layers: 'global', density })(scores))).toEqual(
          numbers(evaluateOn((s: nn.Weights) => mask.topK(total)(s))(scores))
        )
        const counts = mask.uniformCounts(density)(scores.map(({ w }) => w!.shape))
        for (const layers of ['uniform' as const, counts])
          expect(numbers(mask.topKMaskOf({ layers, density })(scores))).toEqual(
            numbers(evaluateOn((s: nn.Weights) => mask.topKPerLayer(counts)(s))(scores))
          )
      })
    ))

  it('names the layers that it empties', () => {
    const scores = split([5, 6, 1, 2], 0)
    expect(mask.emptyLayers(mask.topKMaskOf({ layers: 'global', density: 0.5 })(scores))).toEqual([1])
    expect(mask.emptyLayers(mask.topKMaskOf({ layers: 'uniform', density: 0.5 })(scores))).toEqual([])
  })

  it('refuses scores that are no numbers, and counts that do not fit', () => {
    const scores = split([5, 6, NaN, 2], 0)
    expect(() => mask.topKMaskOf({ layers: 'global', density: 0.5 })(scores)).toThrow('[1].w, 0')
    for (const layers of [[1], [0, 1], [3, 1], [1.5, 1]])
      expect(() => mask.topKMaskOf({ layers, density: 0.5 })(split([5, 6, 1, 2], 0))).toThrow('ArgumentError')
  })
})

describe('pruning round by round', () => {
  it('with one round is the one-shot mask', async () => {
    const runner = await openReference()
    await fc.assert(
      fc.asyncProperty(cases, fc.constantFrom(...mask.oneShotMethods), async (example, method) => {
        const options = {
          method,
          density: 0.5,
          epsilon: 0.1,
          samples: 3,
          layers: 'global',
          rounds: 1
        } as const
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
        const once = await mask.oneShot(example.net, options)(...at)(runner)()
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
