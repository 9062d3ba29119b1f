import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type Concrete,
  evaluateOn,
  type HostKey,
  key,
  type Key,
  mask,
  ndarray,
  nn,
  type Tensor
} from 'tangentflow'
import { batchOf, cases } from '../support/networks.js'
import { runs } from '../support/runs.js'
import { two } from '../support/two.js'
import { numbers } from '../support/masks.js'

const ones = (params: Concrete<nn.Params>): Concrete<nn.Weights> =>
  params.map(({ w }) => (w === undefined ? {} : { w: ndarray.full(w.shape, 1) }))

describe('SNIP over mini-batches', () => {
  const scored = (batch?: number) => (p: nn.Params, b: nn.Batch, k: Key) =>
    mask.score.snip(two.net.apply, batch === undefined ? {} : { batch })(p, b, k)
  const pair = (first: nn.Dataset, second: nn.Dataset): nn.Dataset => ({
    x: ndarray.of([2, 2], [...first.x.data, ...second.x.data]),
    y: ndarray.of([2], [...first.y.data, ...second.y.data])
  })

  it('is the mean of what each of them scores, and all together the score of one batch', () => {
    const [a, b] = [1, 2].map((seed) => batchOf(seed, 1, 2, 2))
    const [one, other] = [a!, b!].map((batch) => numbers(evaluateOn(scored())(two.params, batch, key(0))))
    const both = pair(a!, b!)
    numbers(evaluateOn(scored(1))(two.params, both, key(0))).forEach((score, i) =>
      expect(score).toBeCloseTo((one![i]! + other![i]!) / 2, 12)
    )
    expect(numbers(evaluateOn(scored(2))(two.params, both, key(0)))).toEqual(
      numbers(evaluateOn(scored())(two.params, both, key(0)))
    )
  })

  it('is never below the score of the whole batch', () =>
    fc.assert(
      fc.property(fc.nat({ max: 1e6 }), (seed) => {
        const batch = batchOf(seed, 4, 2, 2)
        const [whole, parts] = [undefined, 2].map((size) =>
          numbers(evaluateOn(scored(size))(two.params, batch, key(0)))
        )
        parts!.forEach((score, i) => expect(score).toBeGreaterThanOrEqual(whole![i]! - 1e-12))
      }),
      { numRuns: runs(50) }
    ))

  it('refuses mini-batches that leave examples over', () =>
    expect(() => evaluateOn(scored(2))(two.params, batchOf(0, 3, 2, 2), key(0))).toThrow(
      /mini-batches into which 3 divides/
    ))
})

describe('the objective', () => {
  const value =
    (net: nn.Network, options: mask.ObjectiveOptions) =>
    (m: Concrete<nn.Weights>, params: Concrete<nn.Params>, data: nn.Dataset, k: HostKey): number =>
      ndarray.toNumber(
        evaluateOn(
          (mk: nn.Weights, p: nn.Params, x: Tensor, noise: Key) =>
            mask.objective(net.apply, options)(mk, p, x, x, noise).kernel
        )(m, params, data.x, k)
      )

  it('with a power is 0 at the all-ones mask', () =>
    fc.assert(
      fc.property(cases, ({ net, params, data }) => {
        expect(value(net, { power: 2 })(ones(params), params, data, key(3))).toBeLessThan(1e-20)
      }),
      { numRuns: runs(20) }
    ))

  it('comes, with its power, to the share of the leading eigenspace that the mask loses', () => {
    // f(x) = w∘x summed, so Θ(X, X) = X Xᵀ and the masked kernel X diag(m) Xᵀ: with x = (3, 0), (0, 1) the leading
    // eigenvector is the first example, and a mask that keeps the first weight loses nothing of it
    const net = nn.serial(nn.dense(1, { bias: false }))
    const params = [{ w: ndarray.fromNested([[1], [1]]) }]
    const data = { x: ndarray.fromNested([[3, 0], [0, 1]]), y: ndarray.fromNested([0, 0]) } // prettier-ignore
    const first = [{ w: ndarray.fromNested([[1], [0]]) }]
    // T = (81 a, b) after p applications of diag(9, 1) to (±1, ±1): the lost part is 1 / (9^(2p + 2) + 1) of ‖T‖²
    for (const power of [0, 1, 3])
      expect(value(net, { power })(first, params, data, key(5))).toBeCloseTo(
        1 / (9 ** (2 * power + 2) + 1),
        12
      )
  })

  it.each([
    [{ power: -1 }, /a whole number of at least 0/],
    [{ power: 1, kernel: 'explicit' as const }, /probes, which a power is taken of/]
  ])('refuses %j', (options, message) =>
    expect(() => value(two.net, options)(ones(two.params), two.params, two.batch, key(0))).toThrow(message)
  )
})

describe('matching along a training', () => {
  it('is the mean of the matching at each of its times', () =>
    fc.assert(
      fc.property(cases, ({ net, params, data, seed }) => {
        const later = params.map((layer) =>
          layer.w === undefined
            ? layer
            : {
                ...layer,
                w: ndarray.of(
                  layer.w.shape,
                  Array.from(layer.w.data, (v) => 1.5 * v + 0.1)
                )
              }
        )
        const m = params.map(({ w }) =>
          w === undefined
            ? {}
            : {
                w: ndarray.of(
                  w.shape,
                  Array.from(w.data, (_, i) => (i + seed) % 2)
                )
              }
        )
        const lossAt = (dense: Concrete<nn.Params>, along: readonly Concrete<nn.Params>[]): number =>
          ndarray.toNumber(
            evaluateOn(
              (mk: nn.Weights, d: nn.Params, a: readonly nn.Params[], b: Required<nn.Batch>, k: Key) =>
                mask.matching(net)({
                  mask: mk,
                  params: d,
                  dense: d,
                  trajectory: a,
                  clean: b.x,
                  adversarial: b,
                  key: k
                }).loss
            )(
              m,
              dense,
              along,
              {
                ...data,
                ids: ndarray.of(
                  data.y.shape,
                  Array.from(data.y.data, (_, i) => i)
                )
              },
              key(seed)
            )
          )
        const [now, then] = [lossAt(params, []), lossAt(later, [])]
        fc.pre(Number.isFinite(now!) && Number.isFinite(then!)) // all units dead: nothing to be relative to
        expect(lossAt(params, [later])).toBeCloseTo((now! + then!) / 2, 9)
      }),
      { numRuns: runs(20) }
    ))
})

describe('the cost of a mask', () => {
  it('counts a kept weight of a convolution at every place of its output', () => {
    const net = nn.serial(nn.conv2d(2, 3, { padding: 'same' }), nn.relu, nn.flatten, nn.dense(3))
    const params = net.init(key(0), [1, 4, 4])
    const dense = mask.cost(net, [1, 4, 4])(params, [])
    expect(dense.flops).toBe(2 * (18 * 16 + 32 * 3))
    expect(dense.bytes).toBe(4 * (18 + 2 + 96 + 3))
    expect([dense.denseFlops, dense.denseBytes]).toEqual([dense.flops, dense.bytes])
    const one = params.map(({ w }) =>
      w === undefined
        ? {}
        : {
            w: ndarray.of(
              w.shape,
              Array.from(w.data, (_, i) => (i === 0 ? 1 : 0))
            )
          }
    )
    expect(mask.cost(net, [1, 4, 4])(params, one)).toMatchObject({
      flops: 2 * (16 + 1),
      bytes: 4 * (1 + 2 + 1 + 3) + 3 + 12
    })
  })

  it('of the all-ones mask is the dense one', () =>
    fc.assert(
      fc.property(cases, ({ net, params, data }) => {
        const { flops, bytes, denseFlops, denseBytes } = mask.cost(net, data.x.shape.slice(1))(
          params,
          ones(params)
        )
        expect([flops, bytes]).toEqual([denseFlops, denseBytes])
      }),
      { numRuns: runs(30) }
    ))
})

describe('distance', () => {
  it('is 0 for weights that have moved nowhere, and not where they have', () => {
    const near = (at: Concrete<nn.Params>) =>
      evaluateOn((p: nn.Params, m: nn.Weights, x: Tensor, b: nn.Batch, k: Key, moved: nn.Params) =>
        mask.distance(two.net.apply, (_) => (_p, { x: same }) => ({ x: same }))(p, m, x, b, k, moved)
      )(two.params, ones(two.params), two.batch.x, two.batch, key(0), at)
    expect(ndarray.toNumber(near(two.params).kernel)).toBe(0)
    const doubled = two.params.map(({ w }) =>
      w === undefined
        ? {}
        : {
            w: ndarray.of(
              w.shape,
              Array.from(w.data, (v) => 2 * v)
            )
          }
    )
    // f is of degree 2 in the weights: 4 f, and each layer's block of J Jᵀ grows 4 times
    expect(ndarray.toNumber(near(doubled).output)).toBeCloseTo(3, 9)
    expect(ndarray.toNumber(near(doubled).kernel)).toBeCloseTo(3, 9)
  })
})

describe('the kernel-trace score', () => {
  it('is the same in either parametrisation of the same function', () =>
    fc.assert(
      fc.property(fc.nat({ max: 1e6 }), fc.integer({ min: 1, max: 6 }), (seed, width) => {
        const [sigmaW, inputs] = [1.7, 4]
        const build = (options: nn.DenseOptions): nn.Network =>
          nn.serial(nn.dense(width, options), nn.tanh, nn.dense(3, options))
        const [ntk, standard] = [build({ parametrisation: 'ntk', sigmaW, sigmaB: 0.3 }), build({})]
        const params = ntk.init(key(seed), [inputs])
        const same = params.map(({ w, b }) =>
          w === undefined || b === undefined
            ? {}
            : {
                w: ndarray.of(
                  w.shape,
                  Float64Array.from(w.data, (v) => (sigmaW / Math.sqrt(w.shape[0]!)) * v)
                ),
                b: ndarray.of(
                  b.shape,
                  Float64Array.from(b.data, (v) => 0.3 * v)
                )
              }
        )
        const data = batchOf(seed, 5, inputs, 3)
        const scored = (net: nn.Network, p: Concrete<nn.Params>): readonly number[] =>
          numbers(
            evaluateOn((at: nn.Params, batch: nn.Batch, k: Key) => mask.score.kernelTrace(net)(at, batch, k))(
              p,
              data,
              key(0)
            )
          )
        const want = scored(standard, same)
        scored(ntk, params).forEach((value, i) => expect(value).toBeCloseTo(want[i]!, 5))
      }),
      { numRuns: runs(30) }
    ))
})
