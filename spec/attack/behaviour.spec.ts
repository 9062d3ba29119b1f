import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  attack,
  type Concrete,
  data,
  type Engine,
  evaluateOn,
  key,
  ndarray,
  nn,
  openEngine,
  type Tensor,
  train
} from 'tangentflow'
import { norms, right } from './support.js'

// What attacks do to two nets trained on digits, with and without an attack; accuracies are of 200 test images.

const count = 200
const net = nn.serial(nn.dense(48), nn.relu, nn.dense(10))
const radii = { linf: 0.1, l2: 0.5, l1: 1.5 }
const test = data.take(Array.from({ length: count }, (_, i) => i))(data.digitsSplit().test)
const batch = {
  x: test.x,
  y: test.y,
  ids: ndarray.of(
    [count],
    Float32Array.from({ length: count }, (_, i) => i)
  )
}

let engine: Engine
let plain: Concrete<nn.Params>
let robust: Concrete<nn.Params>

beforeAll(async () => {
  engine = right(await openEngine()())
  const fitted = async (
    recipe: Pick<train.FitOptions, 'attack' | 'epochs'>
  ): Promise<Concrete<nn.Params>> => {
    const options = { batch: 64, optimiser: train.adam(), schedule: train.schedule.cosine(0.01), ...recipe }
    const start = net.init(key(0), [64])
    return right(await train.fit(net.apply, options)(start, data.digitsSplit().train, key(1))(engine)())
      .params
  }
  plain = await fitted({ epochs: 6 })
  robust = await fitted({ epochs: 8, attack: attack.pgd({ epsilon: 0.1, steps: 4, relativeStep: 2.5 }) })
})
afterAll(async () => engine.dispose())

const accuracy = async (how: attack.Attack, params: Concrete<nn.Params>): Promise<number> => {
  const { success } = right(await attack.run(how)(net.apply)(params, batch, key(2))(engine)())
  return success.data.filter((broken) => broken === 0).length / count
}

describe.each(norms)('on trained nets, in %s', (norm) => {
  const epsilon = radii[norm]
  const fgsm = attack.fgsm({ norm, epsilon })
  const pgd = (steps: number): attack.TracedAttack =>
    attack.pgd({ norm, epsilon, steps, stepSize: epsilon / 4, keep: 'best' })

  it('PGD ≤ FGSM ≤ noise ≤ clean, and APGD is as strong as PGD', async () => {
    // in L1 every step is dear: one net is enough there
    for (const params of norm === 'l1' ? [robust] : [plain, robust]) {
      const clean = await accuracy(attack.none, params)
      const noisy = await accuracy(attack.noise({ norm, epsilon }), params)
      const [one, many] = [await accuracy(fgsm, params), await accuracy(pgd(20), params)]
      const auto = await accuracy(attack.apgd({ norm, epsilon, steps: 25 }), params)
      expect(clean).toBeGreaterThan(0.9)
      // noise may turn a mistake right; it is counted in samples
      expect(noisy).toBeLessThanOrEqual(clean + 2 / count)
      expect(one).toBeLessThanOrEqual(noisy)
      expect(many).toBeLessThanOrEqual(one)
      expect(auto).toBeLessThanOrEqual(many + 2 / count)
    }
  })

  it('more steps find nothing new on the robust net', async () => {
    const [twenty, forty] = [await accuracy(pgd(20), robust), await accuracy(pgd(40), robust)]
    if (norm === 'linf') expect(twenty - forty).toBeLessThan(0.01)
    expect(forty).toBeLessThanOrEqual(twenty)
  })
})

describe('on trained nets', () => {
  it('adversarial training helps against what it was trained on', async () => {
    const strong = attack.apgdT({ epsilon: 0.1, steps: 20, targets: 3 })
    expect((await accuracy(strong, robust)) - (await accuracy(strong, plain))).toBeGreaterThan(0.2)
  })

  it.each(['linf', 'l2'] as const)(
    'an ensemble of white boxes beats the black box, which beats noise, in %s',
    async (norm) => {
      for (const params of [plain, robust]) {
        const ball = { norm, epsilon: radii[norm] }
        const white = await accuracy(
          attack.worst(attack.apgd({ ...ball, steps: 40 }), attack.apgdT({ ...ball, steps: 20, targets: 3 })),
          params
        )
        const black = await accuracy(attack.square({ ...ball, steps: 200, image: [1, 8, 8] }), params)
        expect(black).toBeGreaterThanOrEqual(white)
        expect(black).toBeLessThan(await accuracy(attack.noise({ ...ball, samples: 5 }), params))
      }
    }
  )

  it('an L∞ ball of half the box leaves no more than chance', async () => {
    expect(
      await accuracy(attack.pgd({ epsilon: 0.5, steps: 20, relativeStep: 2.5, keep: 'best' }), robust)
    ).toBeLessThanOrEqual(0.1)
  })

  it('what an attack reports is what the model says of its points', async () => {
    const run = right(
      await attack.run(attack.apgd({ epsilon: 0.1, steps: 15 }))(net.apply)(robust, batch, key(2))(engine)()
    )
    const judged = evaluateOn((p: nn.Params, x: Tensor, y: Tensor) => ({
      margin: nn.margin(y)(net.apply(p)(x)),
      loss: nn.crossEntropyEach(y)(net.apply(p)(x))
    }))(robust, run.x, batch.y)
    run.margin.data.forEach((m, i) => expect(m).toBeCloseTo(judged.margin.data[i]!, 3))
    run.loss.data.forEach((l, i) => expect(l).toBeCloseTo(judged.loss.data[i]!, 3))
  })
})
