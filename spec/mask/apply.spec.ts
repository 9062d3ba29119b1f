import * as fc from 'fast-check'
import {
  attack,
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
  permutation,
  type Tensor,
  train
} from 'tangentflow'
import { describe, expect, it } from 'vitest'
import { right } from '../support/either.js'
import { elementwise, leaves, mapLeaves, numbers, openReference } from '../support/masks.js'
import { batchOf, cases, relativeError } from '../support/networks.js'
import { runs } from '../support/runs.js'

const ones = elementwise(() => 1)

const coin = (p: Concrete<nn.Params>, from: HostKey): Concrete<nn.Weights> =>
  elementwise(Math.round)(
    evaluateOn((q: nn.Params, k: Key) => mask.score.random(k, { biases: true })(q))(p, from)
  )

describe('the mask of ones', () => {
  it('is the dense network, to the last bit, in applying and in training', async () => {
    const runner = await openReference()
    await fc.assert(
      fc.asyncProperty(cases, async ({ net, params, data, seed }) => {
        const applied = evaluateOn((m: nn.Weights, p: nn.Params) => mask.apply(m)(p))(ones(params), params)
        expect(numbers(applied)).toEqual(numbers(params))
        const recipe = {
          epochs: 2,
          batch: 1,
          optimiser: train.momentum(0.9),
          schedule: train.schedule.constant(0.1)
        }
        const fit = async (more: Partial<train.FitOptions>) =>
          right(await train.fit(net.apply, { ...recipe, ...more })(params, data, key(seed))(runner)())
        const [dense, whole] = [await fit({}), await fit({ mask: ones(params) })]
        expect(whole.losses).toEqual(dense.losses)
        expect(numbers(whole.params)).toEqual(numbers(dense.params))
      }),
      { numRuns: runs(10) }
    )
  })

  it('matches the dense network to 0 with gradient 0, biases and every form of the kernel alike, where half of it does not', () =>
    fc.assert(
      fc.property(
        cases,
        fc.constantFrom<mask.ObjectiveOptions[]>({}, { mask: 'restricted' }, { mask: 'ambient' }),
        ({ net, params, data, seed }, options) => {
          const loss = (m: nn.Weights, p: nn.Params, x: Tensor, k: Key): Tensor =>
            // with the outputs: the kernel of a network of one layer is the same for every weight
            mask.objective(net.apply, { ...options, c: 1 })(m, p, x, x, k).loss
          const at = (m: Concrete<nn.Weights>): number =>
            ndarray.toNumber(evaluateOn(loss)(m, params, data.x, key(seed)))
          fc.pre(Number.isFinite(at(ones(params)))) // dead outputs have no relative distance
          expect(at(ones(params))).toBeLessThan(1e-20)
          const slopes = numbers(evaluateOn(grad(loss))(ones(params), params, data.x, key(seed)))
          expect(Math.max(...slopes.map(Math.abs))).toBeLessThan(1e-9)
          expect(at(elementwise(() => 0.5)(params))).toBeGreaterThan(1e-3)
        }
      ),
      { numRuns: runs(30) }
    ))
})

describe('a pruned weight or bias', () => {
  it.each([
    ['SGD', train.sgd],
    ['momentum', train.momentum(0.9)],
    ['Adam', train.adam()]
  ] as const)('never moves in training with %s, attacked or not, where others do', (_name, optimiser) =>
    fc.assert(
      fc.property(cases, fc.boolean(), ({ net, params, data, seed }, attacked) => {
        const kept = coin(params, key(seed + 1))
        const step = train.trainStep(net.apply, {
          optimiser,
          ...(attacked ? { attack: attack.pgd({ epsilon: 0.1, steps: 2, stepSize: 0.05 }) } : {})
        })
        const twice = (from: train.TrainState<nn.Params>, b: nn.Batch, m: nn.Weights, rate: Tensor, k: Key) =>
          step(step(from, b, m, rate, k).to, b, m, rate, k).to.params
        const from = { params, state: train.initialState(optimiser)<nn.Params>(params) }
        const after = evaluateOn(twice)(from, data, kept, ndarray.scalar(0.1), key(seed))
        const [before, now, m] = [params, after, kept].map(numbers)
        const moved = before!.map((v, i) => v !== now![i])
        expect(moved.some((did, i) => did && m![i] === 0)).toBe(false)
        // the last biases have a gradient unless they are pruned
        const last = kept.at(-1)!.b!.data.findIndex((v) => v === 1)
        if (last >= 0) expect(after.at(-1)!.b!.data[last]).not.toBe(params.at(-1)!.b!.data[last])
      }),
      { numRuns: runs(25) }
    )
  )
})

describe('hidden units in another order', () => {
  /** The parameters, scores or mask of a network of one hidden layer whose unit j was order[j]. */
  const reordered = (order: readonly number[]) => {
    const n = order.length
    const columns = ({ shape, data }: NdArray): NdArray =>
      ndarray.of(
        shape,
        Array.from(data, (_, at) => data[at - (at % n) + order[at % n]!]!)
      )
    const rows = ({ shape, data }: NdArray): NdArray => {
      const width = data.length / n
      return ndarray.of(
        shape,
        Array.from(data, (_, at) => data[order[Math.floor(at / width)]! * width + (at % width)]!)
      )
    }
    return ([first, between, last]: Concrete<nn.Weights>): Concrete<nn.Weights> => [
      ...mapLeaves(columns)([first!]),
      between!,
      { ...last, ...(last!.w ? { w: rows(last!.w) } : {}) }
    ]
  }

  const hidden = fc
    .record({
      inputs: fc.integer({ min: 1, max: 4 }),
      width: fc.integer({ min: 2, max: 5 }),
      ntk: fc.boolean(),
      seed: fc.nat({ max: 1e6 })
    })
    .map(({ inputs, width, ntk, seed }) => {
      const options: nn.DenseOptions = { parametrisation: ntk ? 'ntk' : 'standard', sigmaB: 0.3 }
      return {
        net: (unit: nn.Layer): nn.Network => nn.serial(nn.dense(width, options), unit, nn.dense(3, options)),
        params: nn.serial(nn.dense(width, options), nn.tanh, nn.dense(3, options)).init(key(seed), [inputs]),
        data: batchOf(seed, 6, inputs, 3),
        order: Array.from(permutation(key(seed + 7), width)),
        seed
      }
    })

  const attacked = { attack: attack.pgd({ epsilon: 0.1, steps: 2, stepSize: 0.05, randomStart: false }) }
  type Covered = (net: nn.Network, covering: nn.MaskedLeaves) => mask.Score
  // a random score has no order of its own
  const scores: Readonly<Record<Exclude<keyof typeof mask.score, 'random'>, Covered>> = {
    magnitude: (_net, covering) => (p) => mask.score.magnitude(p, covering),
    snip: (net, covering) => mask.score.snip(net.apply, { ...covering, ...attacked }),
    grasp: (net, covering) => mask.score.grasp(net.apply, { ...covering, ...attacked }),
    synflow: (net, covering) => mask.score.synflow(net.apply, covering),
    kernelTrace: (net, covering) => mask.score.kernelTrace(net, { ...covering, ...attacked })
  }

  it.each(Object.entries(scores))('have their scores in that order, by %s', (_name, score) =>
    fc.assert(
      fc.property(hidden, fc.boolean(), fc.boolean(), ({ net, params, data, order, seed }, relu, biases) => {
        const at = (p: Concrete<nn.Params>): Concrete<nn.Weights> =>
          evaluateOn((q: nn.Params, b: Required<nn.Batch>, k: Key) =>
            score(net(relu ? nn.relu : nn.tanh), { biases })(q, b, k)
          )(p, { ...data, ids: ndarray.of([6], [0, 1, 2, 3, 4, 5]) }, key(seed))
        const [there, here] = [leaves(reordered(order)(at(params))), leaves(at(reordered(order)(params)))]
        fc.pre(there.every((leaf) => leaf.data.every(Number.isFinite))) // all units dead
        expect(here.length).toBe(there.length)
        here.forEach((leaf, l) => expect(relativeError(leaf, there[l]!)).toBeLessThan(1e-6))
      }),
      { numRuns: runs(40) }
    )
  )

  it('are searched for in that order', async () => {
    const runner = await openReference()
    await fc.assert(
      fc.asyncProperty(hidden, fc.boolean(), async ({ net, params, data, order, seed }, biases) => {
        const options = { density: 0.5, epsilon: 0.1, steps: 3, batch: 3, samples: 4, rate: 0.1, biases }
        const found = async (p: Concrete<nn.Params>): Promise<mask.Ticket> =>
          right(await mask.search(net(nn.tanh), options)(p, data, key(seed))(runner)())
        const [there, here] = [await found(params), await found(reordered(order)(params))]
        leaves(here.scores).forEach((leaf, l) =>
          expect(relativeError(leaf, leaves(reordered(order)(there.scores))[l]!)).toBeLessThan(1e-6)
        )
        expect(numbers(here.mask)).toEqual(numbers(reordered(order)(there.mask)))
      }),
      { numRuns: runs(12) }
    )
  })
})
