import * as fc from 'fast-check'
import {
  type Concrete,
  evaluateOn,
  grad,
  type HostKey,
  key,
  type Key,
  mask,
  ndarray,
  type NdArray,
  nn,
  normals,
  type ntk,
  ops,
  type Tensor,
  uniforms
} from 'tangentflow'
import { describe, expect, it } from 'vitest'
import { numbers } from '../support/masks.js'
import { batchOf, cases, maxDifference } from '../support/networks.js'
import { runs } from '../support/runs.js'
import { two } from '../support/two.js'

const onesLike = (params: Concrete<nn.Params>): Concrete<nn.Weights> =>
  params.map(({ w }) => (w === undefined ? {} : { w: ndarray.full(w.shape, 1) }))

const objectiveOf =
  (net: nn.Network, options: mask.ObjectiveOptions) =>
  (m: nn.Weights, p: nn.Params, x: Tensor, adversarial: Tensor, k: Key): Tensor =>
    mask.objective(net.apply, options)(m, p, x, adversarial, k).loss

const ones = (params: Concrete<nn.Params>): Concrete<nn.Weights> =>
  params.map(({ w }) => (w === undefined ? {} : { w: ndarray.full(w.shape, 1) }))

describe('the search’s objective', () => {
  it('is 0 with gradient 0 at the all-ones mask', () =>
    fc.assert(
      fc.property(
        cases,
        fc.constantFrom('probes' as const, 'explicit' as const),
        ({ net, params, data, seed }, kernel) => {
          const loss = objectiveOf(net, { gamma: 1, c: 1, kernel })
          const other = batchOf(seed + 5, data.y.data.length, data.x.shape[1]!, 2).x
          const args = [onesLike(params), params, data.x, other, key(seed)] as const
          const value = ndarray.toNumber(evaluateOn(loss)(...args))
          // a network with dead outputs has no relative distance
          fc.pre(Number.isFinite(value))
          // the order of a product's factors may cost a rounding
          expect(value).toBeLessThan(1e-20)
          expect(numbers(evaluateOn(grad(loss))(...args)).every((g) => Math.abs(g) < 1e-9)).toBe(true)
        }
      )
    ))

  it('does not see a kernel without weight, NaN as it may be', () => {
    const rooted = (w: Tensor) => (x: Tensor) => ops.sqrt(ops.matmul(w)(x))
    const terms = (m: Tensor, w: Tensor, x: Tensor, k: Key) =>
      mask.objective(rooted, { gamma: 0, c: 1, relative: false })(m, w, x, x, k)
    const [ones, zeros] = [ndarray.full([3, 2], 1), ndarray.zeros([3, 2])]
    const { loss, kernel } = evaluateOn(terms)(ones, zeros, ndarray.full([4, 3], 1), key(0))
    expect(ndarray.toNumber(kernel)).toBeNaN()
    expect(ndarray.toNumber(loss)).toBe(0)
  })

  it.each<ntk.MaskForm>(['linear', 'restricted', 'ambient'])(
    'with probes has the explicit kernel’s value as its mean, within 4 standard errors (%s)',
    (form) => {
      const net = nn.serial(nn.dense(6), nn.relu, nn.dense(3))
      const params = net.init(key(1), [4])
      const [x, other] = [batchOf(1, 3, 4, 3).x, batchOf(2, 3, 4, 3).x]
      const m: Concrete<nn.Weights> = params.map(({ w }, l) =>
        w === undefined ? {} : { w: ndarray.of(w.shape, uniforms(key(l), w.data.length).map(Math.round)) }
      )
      // numerators only: a ratio of two estimates is biased
      const difference =
        (kernel: 'probes' | 'explicit') =>
        (mm: nn.Weights, p: nn.Params, a: Tensor, b: Tensor, k: Key): Tensor =>
          mask.objective(net.apply, { kernel, relative: false, mask: form })(mm, p, a, b, k).kernel
      const exact = ndarray.toNumber(evaluateOn(difference('explicit'))(m, params, x, other, key(0)))
      const draws = Array.from({ length: 200 }, (_, i) =>
        ndarray.toNumber(evaluateOn(difference('probes'))(m, params, x, other, key(i)))
      )
      const mean = draws.reduce((a, b) => a + b, 0) / draws.length
      const variance = draws.reduce((a, b) => a + (b - mean) ** 2, 0) / (draws.length - 1)
      expect(Math.abs(mean - exact)).toBeLessThan(4 * Math.sqrt(variance / draws.length))
    }
  )

  it.each(['probes', 'explicit'] as const)(
    'with %s has the gradient of central differences for 64-32-16-10, along 5 directions',
    (kernel) => {
      const net = nn.serial(nn.dense(32), nn.relu, nn.dense(16), nn.relu, nn.dense(10))
      const params = net.init(key(4), [64])
      const n = kernel === 'probes' ? 8 : 3
      const [x, other] = [batchOf(3, n, 64, 10).x, batchOf(4, n, 64, 10).x]
      const loss = objectiveOf(net, { gamma: 1, c: 1, kernel })
      const start: Concrete<nn.Weights> = params.map(({ w }, l) =>
        w === undefined ? {} : { w: ndarray.of(w.shape, uniforms(key(l + 20), w.data.length)) }
      )
      const at = (m: Concrete<nn.Weights>): number =>
        ndarray.toNumber(evaluateOn(loss)(m, params, x, other, key(5)))
      const gradient = numbers(evaluateOn(grad(loss))(start, params, x, other, key(5)))
      const direction = (i: number): readonly number[] => {
        const raw = Array.from(normals(key(1000 + i), gradient.length))
        const length = Math.sqrt(raw.reduce((s, v) => s + v * v, 0))
        return raw.map((v) => v / length)
      }
      const moved = (d: readonly number[], h: number): Concrete<nn.Weights> => {
        let place = 0
        return start.map(({ w }) =>
          w === undefined
            ? {}
            : {
                w: ndarray.of(
                  w.shape,
                  Float64Array.from(w.data, (v) => v + h * d[place++]!)
                )
              }
        )
      }
      // which units are active: a direction along which one switches crosses a kink
      const pattern = (m: nn.Weights, p: nn.Params, a: Tensor, b: Tensor): readonly Tensor[] => {
        const [first, , second] = mask.apply(m)(p)
        return [a, b].flatMap((input) => {
          const pre = net.layers[0]!.apply(first!)(input)
          const next = net.layers[2]!.apply(second!)(ops.relu(pre))
          return [ops.greater(0)(pre), ops.greater(0)(next)]
        })
      }
      const activity = (m: Concrete<nn.Weights>): readonly NdArray[] =>
        evaluateOn(pattern)(m, params, x, other)
      const h = 1e-4
      let [checked, redrawn] = [0, 0]
      for (let i = 0; checked < 5; i++) {
        const d = direction(i)
        const crossed = activity(moved(d, h)).some((a, l) => maxDifference(a, activity(moved(d, -h))[l]!) > 0)
        if (crossed) {
          redrawn++
          expect(redrawn).toBeLessThan(50)
          continue
        }
        const slope = (at(moved(d, h)) - at(moved(d, -h))) / (2 * h)
        const predicted = d.reduce((s, v, j) => s + v * gradient[j]!, 0)
        expect(Math.abs(slope - predicted) / Math.abs(slope)).toBeLessThan(1e-4)
        checked++
      }
      console.info(`search gradient, ${kernel}: 5 directions checked, ${redrawn} redrawn for a kink`)
    }
  )
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
