import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import {
  attack,
  type Concrete,
  evaluateOn,
  fold,
  grad,
  type HostKey,
  key,
  type Key,
  ndarray,
  nn,
  ntk,
  openEngine,
  ops,
  type Runner,
  type Tensor,
  tree,
  uniforms
} from 'tangentflow'
import { left, right } from '../../support/kernels.js'
import { maxDifference, relativeError } from '../../support/networks.js'

const reference = async (): Promise<Runner> => {
  const engine = await openEngine({ require: 'reference' })()
  if (E.isLeft(engine)) throw new Error('no reference engine')
  return engine.right
}

const net = nn.serial(nn.dense(6), nn.tanh, nn.dense(3))
const params = net.init(key(5), [4])
const data = { x: ndarray.of([5, 4], uniforms(key(6), 20)), y: ndarray.fromNested([0, 1, 2, 1, 0]) }

describe('predictAdversarial', () => {
  it('solves one weight against FGSM by hand', async () => {
    // f = w x at x = 1 with y = 3: as long as 0 < w x̃ < y the attack is x̃ = 1 − ε, and w → y/x̃ at the rate x̃²
    const [epsilon, y, start] = [0.25, 3, 0.5]
    const model = (w: Tensor) => (x: Tensor) => ops.matmul(w)(x)
    const loss = (target: Tensor) => (f: Tensor) => nn.mseEach(ops.reshape([-1, 1])(target))(f)
    const fgsm = attack.fgsm({ epsilon, box: [-9, 9], loss })
    const found = right(
      await ntk.predictAdversarial(model, fgsm, {
        times: [0, 1, 2.5],
        every: 1,
        rate: 0.7,
        loss: (target) => (f) => ops.mean()(loss(target)(f))
      })(
        ndarray.fromNested([[start]]),
        { x: ndarray.fromNested([[1]]), y: ndarray.fromNested([y]) },
        key(0)
      )(await reference())()
    )
    const at = 1 - epsilon
    found.times.forEach((t, i) => {
      const w = y / at + (start - y / at) * Math.exp(-0.7 * at * at * t)
      expect(found.clean[i]!.data[0]).toBeCloseTo(w, 6)
      expect(found.attacked[i]!.data[0]).toBeCloseTo(w * at, 6)
      if (t === 2.5) expect(found.params.data[0]).toBeCloseTo(w, 6)
    })
    expect(found.attacks.map(({ time, x }) => [time, x.data[0]])).toEqual([
      [0, at],
      [1, at],
      [2, at]
    ])
  })

  it('refuses a label that is no class, as predictions without an attack do', async () => {
    const net = nn.serial(nn.dense(2))
    const [params, x] = [net.init(key(0), [2]), ndarray.zeros([2, 2])]
    const [kernel, start] = [
      ndarray.fromNested([
        [1, 0],
        [0, 1]
      ]),
      ndarray.zeros([2, 2])
    ]
    for (const label of [2, -1, 0.5]) {
      const y = ndarray.of([2], [0, label])
      const runner = await reference()
      const found = [
        await ntk.predictAdversarial(net.apply, attack.none, { times: [1], every: 1 })(
          params,
          { x, y },
          key(0)
        )(runner)(),
        ntk.predictOde(kernel, nn.crossEntropy, y, { start, times: [1] }),
        ntk.predictDescent(kernel, nn.crossEntropy, y, { start, times: [1] })
      ]
      for (const each of found)
        expect(each).toMatchObject({
          left: { _tag: 'DataError', expected: 'labels of 0 … 1', where: 'y[1]' }
        })
    }
  })

  it('without an attack is predictOde, wherever the stretches end', async () => {
    const at = (p: nn.Params, x: Tensor) => ({
      kernel: ntk.empiricalNtk(net.apply)(p, x),
      start: net.apply(p)(x)
    })
    const { kernel, start } = evaluateOn(at)(params, data.x)
    const times = [0, 0.4, 1, 1.7, 3]
    const plain = right(ntk.predictOde(kernel, nn.crossEntropy, data.y, { start, times }))
    for (const every of [0.4, 1, 10]) {
      const found = right(
        await ntk.predictAdversarial(net.apply, attack.none, { times, every })(params, data, key(0))(
          await reference()
        )()
      )
      plain.train.forEach((outputs, i) => {
        // between stretches parameters pass as float32
        expect(relativeError(found.clean[i]!, outputs)).toBeLessThan(1e-5)
        expect(relativeError(found.attacked[i]!, outputs)).toBeLessThan(1e-5)
      })
    }
  })

  it('is the limit of small steps of adversarial training of the linearised model', async () => {
    const pgd = attack.pgd({ epsilon: 0.1, steps: 2, stepSize: 0.07 })
    const flat = ntk.linearised(net.apply, params)
    const attacked = (p: nn.Params, x: Tensor, y: Tensor, k: Key): Tensor => pgd(flat)(p, { x, y }, k).x
    const descend = (p: nn.Params, x: Tensor, y: Tensor, h: Tensor): nn.Params =>
      tree.zipWith(grad((q: nn.Params) => nn.crossEntropy(y)(flat(q)(x)))(p), (w, g) =>
        ops.sub(ops.mul(h)(g))(w)
      )(p)
    const outputs = (p: nn.Params, x: Tensor): Tensor => flat(p)(x)
    const [every, stretches] = [0.5, 3]
    /** Outputs on X half-way through the last stretch, and at its end. */
    const trained = (steps: number) => {
      let at: Concrete<nn.Params> = params
      let half = at
      const h = ndarray.scalar(every / steps)
      for (let k = 0; k < stretches; k++) {
        const x = evaluateOn(attacked)(at, data.x, data.y, fold(k)<HostKey>(key(3)))
        for (let s = 0; s < steps; s++) {
          at = evaluateOn(descend)(at, x, data.y, h)
          if (s === steps / 2 - 1) half = at
        }
      }
      return [half, at].map((p) => evaluateOn(outputs)(p, data.x))
    }
    const end = every * stretches
    const found = right(
      await ntk.predictAdversarial(net.apply, pgd, { times: [end - every / 2, end], every })(
        params,
        data,
        key(3)
      )(await reference())()
    )
    const [coarse, fine] = [trained(4), trained(16)].map((ends) =>
      ends.map((outputs_, i) => maxDifference(outputs_, found.clean[i]!))
    )
    for (const i of [0, 1]) {
      expect(coarse![i]).toBeLessThan(0.05)
      expect(fine![i]).toBeLessThan(coarse![i]! / 3)
    }
    const idle = evaluateOn(outputs)(params, data.x)
    expect(maxDifference(found.clean[1]!, idle)).toBeGreaterThan(0.2)
    expect(found.attacks).toHaveLength(stretches + 1)
  })

  it('refuses times, intervals and labels that mean nothing', async () => {
    const runner = await reference()
    const refuse = async (options: Partial<ntk.AdversarialOptions>, set: nn.Dataset = data) =>
      left(
        await ntk.predictAdversarial(net.apply, attack.none, { times: [1], every: 1, ...options })(
          params,
          set,
          key(0)
        )(runner)()
      )
    for (const options of [
      { every: 0 },
      { every: Infinity },
      { times: [] },
      { times: [-1] },
      { times: [2, 1] },
      { times: [Infinity] },
      { rate: -1 },
      { maxSteps: 1, times: [100], every: 100 }
    ])
      expect((await refuse(options))._tag).toBe('ArgumentError')
    expect((await refuse({}, { ...data, y: ndarray.fromNested([0, 1, NaN, 1, 0]) }))._tag).toBe('DataError')
  })
})
