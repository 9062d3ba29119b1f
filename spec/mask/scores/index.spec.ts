import * as fc from 'fast-check'
import { evaluateOn, key, type Key, mask, ndarray, nn } from 'tangentflow'
import { describe, expect, it } from 'vitest'
import { numbers } from '../../support/masks.js'
import { batchOf } from '../../support/networks.js'
import { two, twoBiased } from '../../support/two.js'

const { net, params, batch } = two

describe('scores', () => {
  it('SynFlow does not see biases that are not scored', () => {
    const synflow = (p: typeof params) =>
      evaluateOn((q: nn.Params, b: nn.Batch) => mask.score.synflow(twoBiased.net.apply)(q, b))(p, batch)
    const unbiased = twoBiased.params.map(({ w, b }) =>
      w === undefined ? {} : { w, b: ndarray.full(b!.shape, 0) }
    )
    expect(numbers(synflow(twoBiased.params))).toEqual(numbers(synflow(unbiased)))
  })

  it('magnitude is |w|', () => {
    const scores = evaluateOn((p: nn.Params) => mask.score.magnitude(p))(params)
    expect(numbers(scores)).toEqual([1, 1, 1, 1, 2, 0, 1, 3])
  })

  it('SNIP is |w ∂L/∂w|', () => {
    const scores = evaluateOn((p: nn.Params, b: nn.Batch, k: Key) => mask.score.snip(net.apply)(p, b, k))(
      params,
      batch,
      key(0)
    )
    const q = 1 / (1 + Math.exp(4)) // softmax of class 1; ∂L/∂f = (−q, q)
    const delta = [-2 * q, -q + 3 * q] // W2 (−q, q)
    const expected = [
      1 * delta[0]!,
      1 * delta[1]!,
      2 * delta[0]!,
      2 * delta[1]!,
      2 * 3 * -q,
      0,
      1 * -q,
      3 * q
    ]
    numbers(scores).forEach((s, i) => expect(s).toBeCloseTo(Math.abs(expected[i]!), 10))
  })

  it('kernel trace is |w| d h over its mean', () => {
    const scores = evaluateOn((p: nn.Params, b: nn.Batch, k: Key) => mask.score.kernelTrace(net)(p, b, k))(
      params,
      batch,
      key(0)
    )
    // d of the first layer: rows of W2, (2, 0) and (1, 3); of the last: 1 and 1
    const [d1, d2] = [2, Math.sqrt(10)]
    const raw = [d1, d2, 2 * d1, 2 * d2, 2 * 3, 0, 1, 3]
    const mean = raw.reduce((a, b) => a + b, 0) / raw.length
    numbers(scores).forEach((s, i) => expect(s).toBeCloseTo(raw[i]! / mean, 10))
  })

  it('kernel trace takes the root mean square of an input over the examples', () => {
    const line = nn.serial(nn.dense(1, { bias: false }))
    const scores = evaluateOn((p: nn.Params, b: nn.Batch, k: Key) => mask.score.kernelTrace(line)(p, b, k))(
      [{ w: ndarray.fromNested([[1], [1]]) }],
      { x: ndarray.fromNested([[3, 1], [1, 1]]), y: ndarray.fromNested([0, 0]) }, // prettier-ignore
      key(0)
    )
    const [first, second] = numbers(scores)
    expect(first! / second!).toBeCloseTo(Math.sqrt(5), 6)
  })

  it('a weight on a dead input scores 0', () => {
    const dead = { x: ndarray.fromNested([[1, 0]]), y: ndarray.fromNested([0]) }
    const scores = evaluateOn((p: nn.Params, b: nn.Batch, k: Key) => mask.score.kernelTrace(net)(p, b, k))(
      params,
      dead,
      key(0)
    )
    expect(numbers(scores).slice(2, 4)).toEqual([0, 0])
  })
})

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
