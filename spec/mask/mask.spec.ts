import * as E from 'fp-ts/lib/Either.js'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  attack,
  type Concrete,
  evaluateOn,
  grad,
  key,
  type Key,
  mask,
  type NdArray,
  ndarray,
  nn,
  normals,
  type ntk,
  openEngine,
  ops,
  permutation,
  spec,
  type Tensor,
  trace,
  uniforms
} from 'tangentflow'
import { batchOf, cases, maxDifference, relativeError } from '../support/networks.js'
import { right } from '../support/either.js'
import { two } from '../support/two.js'
import { numbers } from '../support/masks.js'

const scoresOf = (sizes: readonly number[], values: readonly number[]): Concrete<nn.Weights> => {
  let at = 0
  return sizes.map((n) => ({ w: ndarray.of([n, 1], values.slice(at, (at += n))) }))
}

const shapesAndScores = fc
  .array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 4 })
  .chain((sizes) => {
    const total = sizes.reduce((a, b) => a + b, 0)
    return fc.record({
      sizes: fc.constant(sizes),
      // few distinct values, so that ties are common
      values: fc.array(fc.integer({ min: -2, max: 2 }), { minLength: total, maxLength: total }),
      k: fc.integer({ min: 1, max: total })
    })
  })

const onesLike = (params: Concrete<nn.Params>): Concrete<nn.Weights> =>
  params.map(({ w }) => (w === undefined ? {} : { w: ndarray.full(w.shape, 1) }))

describe('top-k', () => {
  it('keeps exactly k, the largest, and of equal ones the first', () =>
    fc.assert(
      fc.property(shapesAndScores, ({ sizes, values, k }) => {
        const kept = numbers(evaluateOn((s: nn.Weights) => mask.topK(k)(s))(scoresOf(sizes, values)))
        const order = values.map((_, i) => i).sort((a, b) => values[b]! - values[a]! || a - b)
        const expected = new Array<number>(values.length).fill(0)
        for (const i of order.slice(0, k)) expected[i] = 1
        expect(kept).toEqual(expected)
      })
    ))

  it('per layer keeps the count of each layer', () =>
    fc.assert(
      fc.property(shapesAndScores, fc.nat(), ({ sizes, values }, seed) => {
        const counts = sizes.map((n, l) => 1 + ((seed + l) % n))
        const kept = evaluateOn((s: nn.Weights) => mask.topKPerLayer(counts)(s))(scoresOf(sizes, values))
        expect(mask.countKept(kept).map((layer) => layer.kept)).toEqual(counts)
      })
    ))

  it('passes the mask’s gradient to the scores, or none', () =>
    fc.assert(
      fc.property(shapesAndScores, ({ sizes, values, k }) => {
        const scores = scoresOf(sizes, values)
        const weights = scoresOf(
          sizes,
          values.map((_, i) => i + 1)
        )
        const value =
          (derivative: 'identity' | 'zero') =>
          (s: nn.Weights, c: nn.Weights): Tensor =>
            mask
              .topK(k, { derivative })(s)
              .map(({ w }, l) => ops.dot(c[l]!.w!)(w!))
              .reduce((a, b) => ops.add(b)(a))
        expect(evaluateOn(grad(value('identity')))(scores, weights)).toEqual(weights)
        expect(numbers(evaluateOn(grad(value('zero')))(scores, weights)).every((g) => g === 0)).toBe(true)
      })
    ))

  it('refuses k = 0 and k beyond the weights', () => {
    for (const k of [0, 7, 1.5]) {
      const traced = trace((s: nn.Weights) => mask.topK(k)(s), [[{ w: spec([2, 3]) }]])
      expect(E.isLeft(traced) && traced.left._tag).toBe('ArgumentError')
    }
  })
})

describe('layer densities', () => {
  const shapes = [
    [64, 128],
    [128, 64],
    [64, 10]
  ]

  it('of Erdős–Rényi follow (in + out) / (in · out) and add up', () => {
    const counts = mask.erkCounts(0.2)(shapes)
    expect(counts.reduce((a, b) => a + b, 0)).toBe(Math.round(0.2 * 17024))
    const share = counts.map((count, l) => count / (shapes[l]![0]! + shapes[l]![1]!))
    expect(share[1]! / share[0]!).toBeCloseTo(1, 2)
    // the small last layer would pass 1 and is kept whole at a density of .3
    expect(mask.erkCounts(0.3)(shapes)[2]).toBe(640)
  })

  it('add up to round(density · weights), no layer above its size, at any density', () =>
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 3, max: 40 }), fc.integer({ min: 3, max: 40 })), {
          minLength: 1,
          maxLength: 4
        }),
        fc.double({ min: 0.3, max: 1, noNaN: true }),
        (layers, density) => {
          const sizes = layers.map(([a, b]) => a * b)
          const total = sizes.reduce((a, b) => a + b, 0)
          fc.pre(Math.round(density * total) >= 1)
          const counts = mask.erkCounts(density)(layers)
          expect(counts.reduce((a, b) => a + b, 0)).toBe(Math.round(density * total))
          counts.forEach((count, l) => expect(count >= 1 && count <= sizes[l]!).toBe(true))
        }
      )
    ))

  it('refuse a density outside (0, 1]', () => {
    for (const bad of [0, -0.1, 1.1, NaN, Infinity]) {
      expect(() => mask.erkCounts(bad)(shapes)).toThrow('ArgumentError')
      expect(() => mask.uniformCounts(bad)(shapes)).toThrow('ArgumentError')
    }
    expect(() => mask.uniformCounts(1e-6)(shapes)).toThrow('ArgumentError')
  })
})

describe('scores', () => {
  const { net, params, batch } = two

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

const objectiveOf =
  (net: nn.Network, options: mask.ObjectiveOptions) =>
  (m: nn.Weights, p: nn.Params, x: Tensor, adversarial: Tensor, k: Key): Tensor =>
    mask.objective(net.apply, options)(m, p, x, adversarial, k).loss

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

describe('search and one-shot masks', () => {
  const net = nn.serial(nn.dense(12), nn.relu, nn.dense(3))
  const params = net.init(key(2), [6])
  const data = batchOf(9, 40, 6, 3)
  const base: mask.SearchOptions = { density: 0.3, epsilon: 0.1, steps: 3, batch: 8, samples: 20 }
  const run = async (options: mask.SearchOptions, seed = 1): Promise<E.Either<unknown, mask.Ticket>> => {
    const engine = right(await openEngine({ require: 'reference' })())
    return mask.search(net, options)(params, data, key(seed))(engine)()
  }
  const k = Math.round(0.3 * (72 + 36))

  it('keeps exactly round(density · weights), the same for the same key, and tells of every step', async () => {
    const seen: mask.SearchEvent[] = []
    const one = right(await run({ ...base, c: 1, observe: (event) => () => void seen.push(event) }))
    const two = right(await run({ ...base, c: 1 }))
    expect(numbers(one.mask).reduce((a, b) => a + b, 0)).toBe(k)
    expect(one).toEqual(two)
    expect(seen).toEqual(one.history)
    expect(seen.map(({ step }) => step)).toEqual([0, 1, 2])
    expect(seen.every(({ loss, kernel, output }) => [loss, kernel, output].every(Number.isFinite))).toBe(true)
  })

  it('with γ = c = 0, or without steps, leaves the scores where they start', async () => {
    const still = right(await run({ ...base, gamma: 0, c: 0 }))
    const none = right(await run({ ...base, steps: 0 }))
    expect(still.scores.map(({ w }) => w?.data)).toEqual(none.scores.map(({ w }) => w?.data))
    expect(none.history).toEqual([])
    const engine = right(await openEngine({ require: 'reference' })())
    const trace_ = right(
      await mask.oneShot(net, { method: 'kernelTrace', density: 0.3, epsilon: 0.1, samples: 20 })(
        params,
        data,
        key(1)
      )(engine)()
    )
    expect(trace_.mask).toHaveLength(3)
    expect(mask.density(trace_.mask)).toBeCloseTo(k / 108, 12)
  })

  it('lowers its objective with the explicit kernel', async () => {
    const { history } = right(await run({ ...base, kernel: 'explicit', steps: 40, rate: 0.05 }))
    const mean = (part: readonly mask.SearchEvent[]): number =>
      part.reduce((s, e) => s + e.loss, 0) / part.length
    expect(mean(history.slice(-10))).toBeLessThan(mean(history.slice(0, 5)))
  })

  it.each([
    ['density', 0],
    ['density', 1.2],
    ['density', NaN],
    ['density', 1e-4],
    ['epsilon', -1],
    ['gamma', Infinity],
    ['c', NaN],
    ['steps', 2.5],
    ['batch', 0],
    ['rate', NaN]
  ])('refuses %s = %s with a typed error', async (name, value) => {
    const result = await run({ ...base, [name]: value })
    expect(E.isLeft(result) && result.left).toMatchObject({ _tag: 'ArgumentError', where: name })
  })

  it('one-shot masks keep their counts, by every method', async () => {
    const engine = right(await openEngine({ require: 'reference' })())
    for (const method of mask.oneShotMethods) {
      const options = { method, density: 0.3, epsilon: 0.1, samples: 20 }
      const one = right(await mask.oneShot(net, options)(params, data, key(1))(engine)())
      const counts = mask.countKept(one.mask).map(({ kept }) => kept)
      expect(counts.reduce((a, b) => a + b, 0)).toBe(
        method === 'magnitude' ? Math.round(0.3 * 72) + Math.round(0.3 * 36) : k
      )
      expect(right(await mask.oneShot(net, options)(params, data, key(1))(engine)())).toEqual(one)
    }
    for (const bad of [0, 2, NaN]) {
      const result = await mask.oneShot(net, { method: 'snip', density: bad, epsilon: 0.1 })(
        params,
        data,
        key(1)
      )(engine)()
      expect(E.isLeft(result) && result.left._tag).toBe('ArgumentError')
    }
  })

  it('are at distance 0 from dense when nothing is masked, and above it otherwise', () => {
    const measure = (p: nn.Params, m: nn.Weights, x: Tensor, b: nn.Batch, kk: Key): mask.MaskDistance =>
      mask.distance(net.apply, attack.pgd({ epsilon: 0.1, steps: 2, stepSize: 0.05 }))(p, m, x, b, kk)
    const batch = batchOf(3, 4, 6, 3)
    const ones = onesLike(params)
    const all = evaluateOn(measure)(params, ones, batchOf(5, 4, 6, 3).x, batch, key(0))
    expect(ndarray.toNumber(all.kernel)).toBeLessThan(1e-12)
    expect(ndarray.toNumber(all.output)).toBe(0)
    const half: Concrete<nn.Weights> = ones.map(({ w }) =>
      w === undefined
        ? {}
        : {
            w: ndarray.of(
              w.shape,
              w.data.map((_, i) => i % 2)
            )
          }
    )
    const some = evaluateOn(measure)(params, half, batchOf(5, 4, 6, 3).x, batch, key(0))
    expect(ndarray.toNumber(some.kernel)).toBeGreaterThan(0.1)
  })

  it('masks concrete and symbolic parameters alike', () => {
    const order = permutation(key(3), 72)
    const m: Concrete<nn.Weights> = [
      {
        w: ndarray.of(
          [6, 12],
          Array.from(order, (i) => i % 2)
        )
      }
    ]
    const symbolic = evaluateOn((mm: nn.Weights, p: nn.Params) => mask.apply(mm)(p))(m, params)
    const concrete = mask.applyConcrete(m)(params)
    symbolic.forEach(({ w }, l) => {
      if (w !== undefined) expect(relativeError(w, concrete[l]!.w!)).toBe(0)
    })
    expect(() => mask.applyConcrete([{ w: ndarray.zeros([2, 2]) }])(params)).toThrow('TreeError')
  })
})
