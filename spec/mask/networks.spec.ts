import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { attack, key, mask, nn, ntk, run, type Tensor, train, withEngine } from 'tangentflow'
import { right } from '../support/either.js'
import { batchOf } from '../support/networks.js'

const networks = [
  ['LeNet-300-100', nn.lenet300100(), 784],
  ['LeNet-5', nn.lenet5(), 784],
  ['two convolutions', nn.conv16Conv32Fc100(), 784],
  ['a small VGG', nn.vgg32({ widths: [4, 8] }), 3 * 32 * 32]
] as const

describe('every network', () => {
  it.each(networks)(
    '%s goes through scores, search, attack, training and kernels',
    { timeout: 120_000 },
    async (_, net, inputs) => {
      const params = net.init(key(0), [inputs])
      const data = batchOf(3, 6, inputs, 10)
      const pgd = attack.pgd({ epsilon: 0.1, steps: 2, relativeStep: 2 })
      const seen = await withEngine()((engine) => async () => {
        const scored = await mask.oneShot(net, { method: 'snip', density: 0.2, epsilon: 0.1 })(
          params,
          data,
          key(1)
        )(engine)()
        const { mask: kept } = right(scored)
        const found = await mask.search(net, {
          density: 0.2,
          epsilon: 0.1,
          steps: 2,
          batch: 3,
          attack: pgd,
          start: right(scored).scores
        })(
          params,
          data,
          key(2)
        )(engine)()
        const fitted = await train.fit(net.apply, {
          epochs: 1,
          batch: 3,
          optimiser: train.momentum(0.9),
          schedule: train.schedule.constant(0.01),
          attack: pgd,
          mask: kept
        })(
          params,
          data,
          key(3)
        )(engine)()
        const kernel = await run(engine)((p: nn.Params, x: Tensor, m: nn.Weights) =>
          ntk.empiricalNtk(net.apply, { outputs: 'mean' })(p, x, x, m)
        )(params, data.x, kept)()
        return E.right({ kept, found, fitted, kernel })
      })()
      const { kept, found, fitted, kernel } = right(seen)
      const most = Math.round(0.2 * mask.countKept(kept).reduce((sum, { total }) => sum + total, 0))
      for (const one of [kept, right(found).mask])
        expect(mask.countKept(one).reduce((sum, layer) => sum + layer.kept, 0)).toBe(most)
      for (const { loss, kernel: far } of right(found).history)
        expect(loss > 0 && far > 0 && Number.isFinite(far)).toBe(true)
      right(fitted).params.forEach(({ w }, l) =>
        w?.data.forEach((value, i) => expect(kept[l]!.w!.data[i] === 0 ? value === 0 : true).toBe(true))
      )
      const values = right(ntk.spectrum(right(kernel).value)).values
      expect(values[0]).toBeGreaterThan(0)
      expect(values.at(-1)).toBeGreaterThan(-1e-4 * values[0]!)
    }
  )
})
