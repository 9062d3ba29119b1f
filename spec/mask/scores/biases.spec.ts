import * as fc from 'fast-check'
import { evaluateOn, key, type Key, mask, ndarray, nn } from 'tangentflow'
import { describe, expect, it } from 'vitest'
import { numbers } from '../../support/masks.js'
import { cases } from '../../support/networks.js'
import { runs } from '../../support/runs.js'
import { twoBiased } from '../../support/two.js'

type Scored = (p: nn.Params, b: nn.Batch, k: Key) => nn.Weights

const { net, params, batch } = twoBiased

const biases = true

const byHand = (score: Scored, expected: readonly number[]): void => {
  const found = numbers(evaluateOn(score)(params, batch, key(0)))
  expect(found).toHaveLength(expected.length)
  found.forEach((s, i) => expect(s).toBeCloseTo(expected[i]!, 10))
}

describe('scores of biases, by hand', () => {
  it('magnitude is |b|', () =>
    byHand((p) => mask.score.magnitude(p, { biases }), [1, 1, 1, 1, 1, 1, 1, 1, 2, 0, 1, 3]))

  it('SNIP is |b ∂L/∂b|', () => {
    // ∂L/∂f = (−q, q), ∂L/∂pre = W2 (−q, q) = (−2q, 2q)
    const q = 1 / (1 + Math.exp(2))
    const [first, last] = [
      [2, 2, 2, 2, 4, 4],
      [1, 1, 8, 0, 2, 6]
    ]
    byHand(
      mask.score.snip(net.apply, { biases }),
      [...first!, ...last!].map((s) => s * q)
    )
  })

  it('GraSP is b ⊙ Hg, with the gradient in weights and biases', () => {
    const temperature = 2
    // u = (v·h + b₁ − b₂) / T = 1 with v = (2, −2); |∇u|² = (6 v·v + 2 h·h + 2) / T², 6 = x·x + 1
    const q = 1 / (1 + Math.E)
    const [slope, bend] = [-q, q * (1 - q)]
    const [x, v, h] = [
      [1, 2],
      [2, -2],
      [4, 2]
    ]
    const hg = (first: number, second: number): number =>
      slope *
      (bend * ((6 * 8 + 2 * 20 + 2) / 4) * (first / temperature) + slope * (second / temperature ** 2))
    const curvature = [
      ...[0, 1].map((j) => hg(v[j]!, 2 * h[j]!)),
      ...[0, 1].flatMap((i) => [0, 1].map((j) => hg(x[i]! * v[j]!, 2 * x[i]! * h[j]!))),
      ...[1, -1].map((side) => hg(side, 0)),
      ...[0, 1].flatMap((j) => [1, -1].map((side) => hg(side * h[j]!, side * 6 * v[j]!)))
    ]
    const at = numbers(params)
    byHand(
      mask.score.grasp(net.apply, { temperature, biases }),
      curvature.map((c, i) => c * at[i]!)
    )
  })

  it('SynFlow lets the absolute biases flow', () => {
    // |W1| / 2 = ½ everywhere, |b1| / 2 = ½, so h = (1½, 1½); |W2| / 3 = [[⅔, 0], [⅓, 1]], |b2| / 6
    const [b1, w1] = [
      [1 / 3, 2 / 3],
      [1 / 3, 2 / 3, 1 / 3, 2 / 3]
    ]
    byHand(
      (p, b) => mask.score.synflow(net.apply, { biases })(p, b),
      [...b1!, ...w1!, 1 / 6, 1 / 6, 1, 0, 1 / 2, 3 / 2]
    )
  })

  it('kernel trace is |b| √(Σ (∂f/∂b)²) over the mean of all scores', () => {
    const [d1, d2] = [2, Math.sqrt(10)]
    const raw = [d1, d2, d1, d2, 2 * d1, 2 * d2, 1, 1, 2 * 4, 0, 2, 3 * 2]
    const mean = raw.reduce((a, b) => a + b, 0) / raw.length
    byHand(
      mask.score.kernelTrace(net, { biases }),
      raw.map((s) => s / mean)
    )
  })

  it('leaves the weights’ scores as they are, and biases at 0 last', () =>
    fc.assert(
      fc.property(cases, ({ net: some, params: p, data, seed }) => {
        const scores: Readonly<Record<string, (covering: nn.MaskedLeaves) => Scored>> = {
          random: (covering) => (q, _b, k) => mask.score.random(k, covering)(q),
          magnitude: (covering) => (q) => mask.score.magnitude(q, covering),
          snip: (covering) => mask.score.snip(some.apply, covering)
        }
        for (const [name, score] of Object.entries(scores)) {
          const at = (covering: nn.MaskedLeaves, q = p) => evaluateOn(score(covering))(q, data, key(seed))
          expect(nn.weightsOf(at({ biases }))).toEqual(at({}))
          const silent = p.map((layer) => (layer.b ? { ...layer, b: ndarray.zeros(layer.b.shape) } : layer))
          if (name !== 'random')
            for (const { b } of at({ biases }, silent))
              expect(b?.data.every((s) => s === 0) ?? true).toBe(true)
        }
      }),
      { numRuns: runs(30) }
    ))
})
