import * as E from 'fp-ts/lib/Either.js'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  attack,
  type Concrete,
  evaluateOn,
  fold,
  grad,
  key,
  type Key,
  type NdArray,
  ndarray,
  nn,
  openEngine,
  ops,
  optimise,
  print,
  random,
  type Tensor,
  trace
} from 'tangentflow'
import { evaluateGraph, type Rounding } from '../../lib/graph/evaluate.js'
import { hostLeaves } from '../../lib/graph/spec.js'
import { unrollLoops } from '../../lib/optimise/unroll-loops.js'
import { right } from '../support/either.js'
import { batchOf, type Case, cases, worked } from '../support/networks.js'

/** The attack's result with every operation rounded to float32, as a device would have it, or in float64. */
const attacked = (
  how: attack.Attack,
  { net, params, data }: Case,
  seed: number,
  rounding: Rounding = 'float64'
): NdArray => {
  const program = (p: nn.Params, b: nn.Batch, k: Key): Tensor => how(net.apply)(p, b, k).x
  const args = [params, data, key(seed)] as const
  const { graph } = right(trace(program, args))
  return evaluateGraph(graph, hostLeaves('spec', args), rounding)[0]!
}

const settings = fc.record({
  epsilon: fc.oneof(fc.constant(0), fc.double({ min: 1e-4, max: 1.5, noNaN: true })),
  steps: fc.integer({ min: 0, max: 4 }),
  stepSize: fc.double({ min: 0, max: 1, noNaN: true }),
  randomStart: fc.boolean(),
  restarts: fc.integer({ min: 1, max: 2 }),
  keep: fc.constantFrom('last' as const, 'best' as const)
})

const ulp = 2 ** -23

describe('PGD', () => {
  it('stays in ball and box to 2 ulp in float32, and does not move the inputs', () =>
    fc.assert(
      fc.property(cases, settings, fc.nat(), (example, options, seed) => {
        const before = Float32Array.from(example.data.x.data)
        const { data } = attacked(attack.pgd(options), example, seed, 'float32')
        data.forEach((value, i) => {
          const x = before[i]!
          const slack = 2 * ulp * (x + options.epsilon)
          expect(Math.abs(value - x)).toBeLessThanOrEqual(Math.fround(options.epsilon) + slack)
          expect(value >= 0 && value <= 1).toBe(true)
        })
        expect(Float32Array.from(example.data.x.data)).toEqual(before)
      })
    ))

  it('with ε = 0, or without steps and random start, is the identity', () =>
    fc.assert(
      fc.property(cases, settings, fc.nat(), (example, options, seed) => {
        const same = Float64Array.from(example.data.x.data)
        expect(attacked(attack.pgd({ ...options, epsilon: 0 }), example, seed, 'float32').data).toEqual(same)
        const still = { ...options, steps: 0, randomStart: false }
        expect(attacked(attack.pgd(still), example, seed, 'float32').data).toEqual(same)
      })
    ))

  it('gives the same values for the same key', () =>
    fc.assert(
      fc.property(cases, settings, fc.nat(), (example, options, seed) => {
        const run = (): NdArray => attacked(attack.pgd(options), example, seed)
        expect(run()).toEqual(run())
      })
    ))

  it('with ids, a sample keeps its noise wherever it stands', () =>
    fc.assert(
      fc.property(cases, settings, fc.nat(), ({ net, params, data, ...rest }, options, seed) => {
        const n = data.y.data.length
        const order = Array.from({ length: n }, (_, i) => n - 1 - i)
        const ids = ndarray.of(
          [n],
          order.map((i) => i + 7)
        )
        const width = data.x.data.length / n
        const rows = (a: NdArray): NdArray =>
          ndarray.of(
            a.shape,
            order.flatMap((i) =>
              Array.from(a.data.slice((i * a.data.length) / n, ((i + 1) * a.data.length) / n))
            )
          )
        const straight = {
          ...data,
          ids: ndarray.of(
            [n],
            order.map((_, i) => i + 7)
          )
        }
        const turned = { x: rows(data.x), y: rows(data.y), ids }
        const run = (batch: Concrete<nn.Batch>): NdArray =>
          attacked(attack.pgd(options), { net, params, data: batch as Case['data'], ...rest }, seed)
        expect(rows(run(straight)).data).toEqual(run(turned).data)
        expect(width).toBeGreaterThan(0)
      })
    ))

  it('is a constant to derivatives', () => {
    const net = nn.serial(nn.dense(3))
    const robust = attack.pgd({ epsilon: 0.1, steps: 2, stepSize: 0.1, restarts: 2 })(net.apply)
    const moved = (b: { readonly p: nn.Params; readonly x: Tensor }, y: Tensor, k: Key): Tensor =>
      ops.sum()(ops.square(robust(b.p, { x: b.x, y }, k).x))
    const { x, y } = batchOf(0, 2, 4, 3)
    const slopes = evaluateOn(grad(moved))({ p: net.init(key(0), [4]), x }, y, key(1))
    for (const slope of [slopes.x, slopes.p[0]!.w!, slopes.p[0]!.b!]) {
      expect(slope.data.every((value) => value === 0)).toBe(true)
    }
  })

  it('is, for training, exactly the graph of PGD written by hand, its steps written out: nothing else is paid for', () => {
    const { net, params, data } = {
      net: nn.serial(nn.dense(5), nn.relu, nn.dense(3)),
      params: nn.serial(nn.dense(5), nn.relu, nn.dense(3)).init(key(0), [4]),
      data: batchOf(1, 6, 4, 3)
    }
    const [epsilon, stepSize] = [0.1, 0.04]
    const byHand = (p: nn.Params, { x, y }: nn.Batch, k: Key): Tensor => {
      const project = attack.ball.linf({ epsilon })(x)
      const u = random.uniform(x.shape)(fold(0)(k))
      let point = project(ops.add(ops.sub(epsilon)(ops.scale(2 * epsilon)(u)))(x))
      for (let i = 0; i < 3; i++) {
        const slope = grad((at: Tensor) => ops.sum()(nn.crossEntropyEach(y)(net.apply(p)(at))))(point)
        point = project(ops.add(ops.scale(stepSize)(ops.sign(slope)))(point))
      }
      return point
    }
    const pgd = attack.pgd({ epsilon, steps: 3, stepSize })
    const textOf = (f: (p: nn.Params, b: nn.Batch, k: Key) => Tensor): string =>
      print(optimise(unrollLoops(right(trace(f, [params, data, key(0)])).graph)))
    expect(textOf((p, b, k) => pgd(net.apply)(p, b, k).x)).toBe(textOf(byHand))
  })

  it('FGSM meets the worked example', () => {
    const mse = (y: Tensor) => (out: Tensor) => nn.mseEach(y)(out)
    const fgsm = attack.fgsm({ epsilon: 0.1, box: [-10, 10], loss: mse })(worked.net.apply)
    const x = ndarray.fromNested([[1, 1]])
    const out = evaluateOn((p: nn.Params, b: nn.Batch, k: Key) => fgsm(p, b, k).x)(
      worked.params,
      { x, y: ndarray.fromNested([[1]]) },
      key(0)
    )
    expect(out.data[0]).toBeCloseTo(0.9, 12)
    expect(out.data[1]).toBeCloseTo(1.1, 12)
  })

  it.each([
    ['epsilon', { epsilon: -0.1 }],
    ['epsilon', { epsilon: NaN }],
    ['epsilon', { epsilon: Infinity }],
    ['steps', { steps: 1.5 }],
    ['stepSize', { stepSize: NaN }],
    ['restarts', { restarts: 0 }],
    ['box', { box: [1, 0] as const }]
  ])('refuses a bad %s with a typed error', (where, bad) => {
    const net = nn.serial(nn.dense(3))
    const robust = attack.pgd({ epsilon: 0.1, steps: 2, stepSize: 0.1, ...bad })(net.apply)
    const traced = trace(
      (p: nn.Params, b: nn.Batch, k: Key) => robust(p, b, k),
      [net.init(key(0), [4]), batchOf(0, 2, 4, 3), key(1)]
    )
    expect(E.isLeft(traced) && [traced.left._tag, traced.left.where]).toEqual(['ArgumentError', where])
  })
})

describe('robust accuracy', () => {
  const options = { epsilon: 0.2, steps: 4, stepSize: 0.1 }
  const net = nn.serial(nn.dense(8), nn.relu, nn.dense(3))
  const params = net.init(key(5), [4])
  const data = batchOf(3, 23, 4, 3)
  const evaluate = async (how: attack.Attack, batch: number): Promise<attack.Robustness> => {
    const engine = right(await openEngine({ require: 'reference' })())
    return right(await attack.evaluate(net.apply, { attack: how, batch })(params, data, key(1))(engine)())
  }

  it('does not depend on the batch size, the last batch being ragged', async () => {
    const whole = await evaluate(attack.pgd(options), 23)
    for (const size of [1, 5, 8, 100]) {
      const part = await evaluate(attack.pgd(options), size)
      expect([part.count, part.cleanEach, part.robustEach]).toEqual([23, whole.cleanEach, whole.robustEach])
    }
  })

  it('counts a clean mistake as broken; no attack leaves clean accuracy', async () => {
    const strong = await evaluate(attack.pgd(options), 8)
    strong.robustEach.forEach((value, i) => expect(value).toBeLessThanOrEqual(strong.cleanEach[i]!))
    const idle = await evaluate(attack.none, 8)
    expect(idle.robust).toBe(idle.clean)
    expect(idle.executed?.engine).toBe('reference')
  })

  it('never rises with restarts, nor with the best point kept', async () => {
    const one = await evaluate(attack.pgd(options), 23)
    for (const more of [{ restarts: 3 }, { keep: 'best' as const }]) {
      const stronger = await evaluate(attack.pgd({ ...options, ...more }), 23)
      stronger.robustEach.forEach((value, i) => expect(value).toBeLessThanOrEqual(one.robustEach[i]!))
    }
  })

  it('refuses inputs and labels that do not pair up', async () => {
    const engine = right(await openEngine({ require: 'reference' })())
    const bad = { ...data, y: ndarray.zeros([22]) }
    const result = await attack.evaluate(net.apply, { attack: attack.none })(params, bad, key(1))(engine)()
    expect(E.isLeft(result) && result.left._tag).toBe('DataError')
    const none = await attack.evaluate(net.apply, { attack: attack.none, batch: 0 })(params, data, key(1))(
      engine
    )()
    expect(E.isLeft(none) && none.left._tag).toBe('ArgumentError')
  })
})
