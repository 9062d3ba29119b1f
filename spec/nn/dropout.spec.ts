import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  attack,
  type EngineName,
  evaluateOn,
  fold,
  grad,
  key,
  type Key,
  ndarray,
  nn,
  ops,
  type Tensor,
  train,
  uniforms
} from 'tangentflow'
import { right } from '../support/either.js'
import { normalOf } from '../support/images.js'
import { openReference } from '../support/masks.js'
import { batchOf } from '../support/networks.js'
import { openedEngine } from '../support/opened-engine.js'
import { runs } from '../support/runs.js'

const dropped =
  (rate: number) =>
  (x: Tensor, k: Key): Tensor =>
    nn.dropout(rate).apply({}, k)(x)
const seeds = fc.integer({ min: 0, max: 1e6 })
const rates = fc.integer({ min: 0, max: 9 }).map((tenths) => tenths / 10)

describe('dropout', () => {
  it('is the identity without a key, and at rate 0', () =>
    fc.assert(
      fc.property(rates, seeds, (rate, seed) => {
        const x = normalOf(seed, [3, 5])
        const plain = evaluateOn((t: Tensor) => nn.dropout(rate).apply({})(t))(x)
        expect(ndarray.toNested(plain)).toEqual(ndarray.toNested(x))
        expect(ndarray.toNested(evaluateOn(dropped(0))(x, key(seed)))).toEqual(ndarray.toNested(x))
      }),
      { numRuns: runs(30) }
    ))

  it('keeps the mean: within six standard deviations of a binomial', () =>
    fc.assert(
      fc.property(rates, seeds, (rate, seed) => {
        const n = 20_000
        const { data } = evaluateOn(dropped(rate))(ndarray.full([n], 1), key(seed))
        const mean = Array.from(data).reduce((sum, v) => sum + v, 0) / n
        expect(Math.abs(mean - 1)).toBeLessThanOrEqual(6 * Math.sqrt(rate / ((1 - rate) * n)) + 1e-12)
      }),
      { numRuns: runs(20) }
    ))

  it('is x / (1 − rate) where a uniform of the key is at least the rate, else 0, and so is its gradient', () =>
    fc.assert(
      fc.property(rates, seeds, (rate, seed) => {
        const x = normalOf(seed, [4, 6])
        const kept = Array.from(uniforms(key(seed), 24), (u) => (u >= rate ? 1 / (1 - rate) : 0))
        const out = evaluateOn(dropped(rate))(x, key(seed))
        const slope = evaluateOn(grad((t: Tensor, k: Key) => ops.sum()(dropped(rate)(t, k))))(x, key(seed))
        kept.forEach((factor, i) => {
          expect(out.data[i]).toBeCloseTo(factor * x.data[i]!, 12)
          expect(slope.data[i]).toBeCloseTo(factor, 12)
        })
      }),
      { numRuns: runs(30) }
    ))

  it('has the mask of its key: the same for the same, another for another, layer and step', () => {
    const net = nn.serial(nn.dropout(0.5), nn.dropout(0.5))
    const twice = (x: Tensor, k: Key): Tensor => net.apply([{}, {}], k)(x)
    const ones = ndarray.full([8, 16], 1)
    const at = (seed: number) => evaluateOn(twice)(ones, key(seed)).data
    expect(at(1)).toEqual(at(1))
    expect(at(1)).not.toEqual(at(2))
    const [first, second] = [0, 1].map((l) => uniforms(fold(l)(key(1)), 128))
    expect(Array.from(at(1))).toEqual(Array.from(first!, (u, i) => (u >= 0.5 && second![i]! >= 0.5 ? 4 : 0)))
  })

  it('receives its key through records, residual blocks and centred models', () => {
    const block = nn.record({ drop: nn.residual(nn.serial(nn.dropout(0.5))), head: nn.dense(2) })
    const params = block.init(key(0), [6])
    const x = normalOf(3, [2, 6])
    const out = (model: nn.Model<nn.ParamsOf<typeof block>>) =>
      evaluateOn((p: nn.ParamsOf<typeof block>, t: Tensor, k: Key) => [model(p)(t), model(p, k)(t)])(
        params,
        x,
        key(4)
      )
    const [plain, drawn] = out(block.apply)
    expect(drawn!.data).not.toEqual(plain!.data)
    // the same draws on both sides cancel
    out(nn.centred(block.apply, params)).forEach(({ data }) => expect(data.every((v) => v === 0)).toBe(true))
  })

  it.each([-0.1, 1, NaN])('refuses the rate %s', (rate) => {
    expect(() => nn.dropout(rate)).toThrow('ArgumentError in nn.dropout: expected a number in [0, 1)')
  })
})

describe('training with dropout', () => {
  const set = batchOf(9, 24, 6, 3)
  const recipe = { epochs: 1, batch: 24, optimiser: train.sgd, schedule: train.schedule.constant(0.1) }
  const netOf = (rate: number) => nn.serial(nn.dense(12), nn.relu, nn.dropout(rate), nn.dense(3))
  const start = netOf(0).init(key(0), [6])
  const lossesOf = async (net: nn.Network, options: Partial<train.FitOptions> = {}, seed = 1) =>
    right(
      await train.fit(net.apply, { ...recipe, ...options })(start, set, key(seed))(await openReference())()
    ).losses

  it('draws another mask at each step, and the same in the same run', async () => {
    const still = { schedule: train.schedule.constant(0), epochs: 4 }
    const losses = await lossesOf(netOf(0.5), still)
    expect(new Set(losses).size).toBe(4)
    expect(await lossesOf(netOf(0.5), still)).toEqual(losses)
    expect(await lossesOf(netOf(0.5), { ...still, unroll: 2 })).toEqual(losses)
  })

  it('with rate 0 is training without', async () => {
    const plain = nn.serial(
      nn.dense(12),
      nn.relu,
      nn.pointwise((x) => x),
      nn.dense(3)
    )
    expect(await lossesOf(netOf(0))).toEqual(await lossesOf(plain))
  })

  it('attacks the network as it is evaluated', () => {
    const objective = (rate: number) => {
      let attacked: unknown
      const spy: attack.Attack = (model) => (params, batch, k) => {
        const found = attack.fgsm({ epsilon: 0.1 })(model)(params, batch, k)
        attacked = found.x
        return found
      }
      const loss = (p: nn.Params, b: nn.Batch, k: Key) => {
        train.adversarial(spy)(netOf(rate).apply)(p, b, k)
        return attacked as Tensor
      }
      return evaluateOn(loss)(start, set, key(1)).data
    }
    expect(objective(0.5)).toEqual(objective(0))
  })

  it.each([
    [
      'trades',
      train.trades({ attack: (loss) => attack.pgd({ epsilon: 0.1, steps: 1, stepSize: 0.1, loss }) })
    ],
    ['mart', train.mart({ attack: (loss) => attack.pgd({ epsilon: 0.1, steps: 1, stepSize: 0.1, loss }) })]
  ] as const)('draws in %s too', (_, objective) => {
    const at = (seed: number, rate: number) =>
      ndarray.toNumber(evaluateOn(objective(netOf(rate).apply))(start, set, key(seed)))
    expect(at(1, 0.5)).not.toBe(at(1, 0))
  })
})

describe.each(['onnx:native', 'gpujs:cpu'] as const satisfies readonly EngineName[])('on %s', (name) => {
  const engine = openedEngine(name)

  it('a training takes the steps of the reference', async () => {
    const net = nn.serial(nn.dense(8), nn.relu, nn.dropout(0.3), nn.dense(3))
    const set = batchOf(3, 16, 4, 3)
    const recipe = { epochs: 3, batch: 8, optimiser: train.adam(), schedule: train.schedule.constant(0.01) }
    const fit = train.fit(net.apply, recipe)(net.init(key(0), [4]), set, key(1))
    const [here, there] = [right(await fit(engine())()), right(await fit(await openReference())())]
    expect(engine().describe.engine).toBe(name)
    here.losses.forEach((loss, step) => expect(loss).toBeCloseTo(there.losses[step]!, 4))
  })
})
