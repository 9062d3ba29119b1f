import * as E from 'fp-ts/lib/Either.js'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { attack, data, type Engine, evaluateOn, key, mask, ndarray, nn, openEngine } from 'tangentflow'
import { runs } from '../support/runs.js'
import { entries, type Entry, net, params } from './entries.js'
import { everyAttack, norms, numbers, right, small } from './support.js'

// Inputs outside the box of an attack, such as standardised images: refused where they are at hand, else left where they are.

const shape = [2, 3]
const model = small(shape, 4)
const anywhere = fc.array(fc.float({ min: -3, max: 4, noNaN: true }), { minLength: 12, maxLength: 12 })
const batchOf = (values: readonly number[]) => ({
  x: ndarray.of([2, 2, 3], Float32Array.from(values)),
  y: ndarray.fromNested([0, 3])
})

describe.each(norms)('traced, in %s', (norm) => {
  it.each(everyAttack(norm, 0))('%s of radius 0 is the identity for every input', (_, how) => {
    const attacked = evaluateOn(how(model))
    fc.assert(
      fc.property(anywhere, (values) => {
        const batch = batchOf(values)
        numbers(attacked({}, batch, key(1)).x).forEach((value, i) =>
          expect(value === batch.x.data[i]).toBe(true)
        )
      }),
      { numRuns: runs(3) }
    )
  })

  it.each(everyAttack(norm, 0.4))(
    '%s stays in the ball, and no further outside the box than the input',
    (_, how) => {
      const attacked = evaluateOn(how(model))
      fc.assert(
        fc.property(anywhere, (values) => {
          const batch = batchOf(values)
          const [x, c] = [numbers(attacked({}, batch, key(1)).x), numbers(batch.x)]
          for (const i of [0, 6]) {
            const d = x.slice(i, i + 6).map((value, j) => value - c[i + j]!)
            const size = {
              linf: Math.max(...d.map(Math.abs)),
              l2: Math.hypot(...d),
              l1: d.reduce((s, v) => s + Math.abs(v), 0)
            }
            expect(size[norm]).toBeLessThanOrEqual(0.4 + 1e-6)
          }
          x.forEach((value, i) => {
            expect(value).toBeGreaterThanOrEqual(Math.min(0, c[i]!))
            expect(value).toBeLessThanOrEqual(Math.max(1, c[i]!))
          })
        }),
        { numRuns: runs(3) }
      )
    }
  )
})

const set = {
  x: ndarray.fromNested([
    [0.1, 0.5],
    [0.9, 0.3],
    [1.5, 0.25],
    [0.2, -2]
  ]),
  y: ndarray.fromNested([0, 1, 2, 1])
}
const inside = { ...set, x: ndarray.full([4, 2], 0.5) }
describe('where inputs are at hand', () => {
  let engine: Engine
  beforeAll(async () => {
    engine = right(await openEngine({ require: 'reference' })())
  })
  afterAll(async () => engine.dispose())
  const on = (examples: nn.Dataset, entry: Entry) => entry(params, examples, key(1))(engine)()

  it.each(Object.entries(entries))(
    '%s refuses them, names the first and says what to do',
    async (_, entry) => {
      const refused = await on(set, entry({}))
      expect(refused).toMatchObject({ left: { _tag: 'DataError', received: '1.5', where: 'x[2, 0]' } })
      expect(E.isLeft(refused) && JSON.stringify(refused.left)).toMatch(
        /box \[0, 1\].*box: \[low, high\].*nn\.standardise/
      )
    }
  )

  it.each(Object.entries(entries))(
    '%s takes them with their box, and inputs in the box without',
    async (_, entry) => {
      expect(await on(set, entry({ box: [-2, 1.5] }))).toMatchObject({ _tag: 'Right' })
      expect(await on(inside, entry({}))).toMatchObject({ _tag: 'Right' })
    }
  )

  it('a bound may be missed by what float32 rounds, and NaN is in no box', async () => {
    const [low, high] = [-0.4242, 2.8215]
    const at = (...row: number[]) => ({ x: ndarray.of([1, 2], row), y: ndarray.fromNested([0]) })
    const run = (d: nn.Dataset) => on(d, entries['attack.run']!({ box: [low, high] }))
    expect(E.isRight(await run(at(low - 1e-7, high + 2e-7)))).toBe(true)
    expect(E.isLeft(await run(at(low - 1e-5, 0)))).toBe(true)
    expect(E.isLeft(await run(at(high + 1e-5, 0)))).toBe(true)
    expect(E.isLeft(await run(at(NaN, 0)))).toBe(true)
  })

  it('a box that is none is refused as such, first', async () => {
    for (const entry of Object.values(entries))
      expect(await on(set, entry({ box: [1, 0] }))).toMatchObject({
        left: { _tag: 'ArgumentError', where: 'box' }
      })
  })

  it('scores and searches of radius 0 are of clean inputs, wherever they are', async () => {
    const scores = async (method: mask.OneShotMethod, epsilon: number, d: nn.Dataset) =>
      right(await mask.oneShot(net, { method, density: 0.5, epsilon })(params, d, key(1))(engine)()).scores
    for (const method of ['snip', 'grasp', 'kernelTrace'] as const) {
      expect(
        E.isRight(
          await mask.oneShot(net, { method, density: 0.5, epsilon: 0 })(params, set, key(1))(engine)()
        )
      ).toBe(true)
      expect(await scores(method, 0, inside)).not.toEqual(await scores(method, 0.2, inside))
    }
    const search = mask.search(net, { density: 0.5, epsilon: 0, steps: 1, batch: 2 })(params, set, key(1))(
      engine
    )
    expect(E.isRight(await search())).toBe(true)
  })
})

describe('on every engine', () => {
  const images = data.take([0, 1, 2, 3, 4, 5, 6, 7])(data.digits())
  const standardised = {
    x: ndarray.of(
      images.x.shape,
      Float32Array.from(images.x.data, (v) => (v - 0.3) / 0.35)
    ),
    y: images.y
  }
  const wide = nn.serial(nn.dense(16), nn.relu, nn.dense(10))

  it.for(['reference', 'onnx:native', 'gpujs:cpu'] as const)(
    '%s: robust accuracy at radius 0 is clean accuracy',
    async (require, ctx) => {
      const opened = await openEngine({ require })()
      ctx.skip(E.isLeft(opened), `${require} is not installed`)
      const engine = right(opened)
      const start = wide.init(key(3), [64])
      const bare: attack.Attack = (f) => (p, b, k) =>
        attack.pgd({ epsilon: 0, steps: 2, relativeStep: 1 })(f)(p, b, k)
      for (const how of [
        bare,
        ...norms.map((norm) => attack.apgd({ norm, epsilon: 0, steps: 2, box: [-1, 2.1] })),
        ...norms.map((norm) => attack.pgd({ norm, epsilon: 0, steps: 2, stepSize: 0.3, box: [-1, 2.1] }))
      ]) {
        const { clean, cleanEach, robust, robustEach } = right(
          await attack.evaluate(wide.apply, { attack: how })(start, standardised, key(1))(engine)()
        )
        expect([robust, robustEach]).toEqual([clean, cleanEach])
      }
      await engine.dispose()
    }
  )
})
