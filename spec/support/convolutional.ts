import * as fc from 'fast-check'
import { type Engine, grad, key, nn, ops, spec, type Tensor } from 'tangentflow'
import { engineAgrees } from 'tangentflow/laws'
import { runs } from './runs.js'

/** Convolutions, activations and pooling at random places, and a seed of the parameters. */
const nets = fc
  .record({
    channels: fc.integer({ min: 1, max: 5 }),
    more: fc.integer({ min: 1, max: 9 }),
    kernel: fc.integer({ min: 1, max: 3 }),
    stride: fc.integer({ min: 1, max: 2 }),
    padding: fc.constantFrom('same' as const, 'valid' as const, 1),
    // zeros of a ReLU tie under a maximum, and at a tie an engine may decide otherwise: such points would all be redrawn
    parts: fc.constantFrom(
      [nn.relu, nn.avgPool(2)] as const,
      [nn.relu, nn.avgPool(2, { stride: 1 })] as const,
      [nn.tanh, nn.maxPool(2)] as const,
      [nn.tanh, nn.maxPool(3, { stride: 1 })] as const
    ),
    seed: fc.nat({ max: 1e6 })
  })
  // and so do the borders that only the bias reaches
  .filter(({ kernel, padding }) => kernel > 1 || padding !== 1)
  .map(({ channels, more, kernel, stride, padding, parts: [activation, pool], seed }) => ({
    net: nn.serial(
      nn.conv2d(channels, kernel, { stride, padding, sigmaB: 0.1 }),
      activation,
      pool,
      nn.conv2d(more, 2, { sigmaB: 0.1 }),
      activation,
      nn.flatten,
      nn.dense(2)
    ),
    seed
  }))

/** Holds an engine to the reference on random convolutional networks and their gradients, by parameters and by images. */
export const convolvesRightly = (engine: Engine, count: number): Promise<void> =>
  fc.assert(
    fc.asyncProperty(nets, async ({ net, seed }) => {
      const params = net.init(key(seed), [2, 11, 10])
      const loss = (p: nn.Params, x: Tensor): Tensor => ops.mean()(ops.square(net.apply(p)(x)))
      const all = (x: Tensor, p: nn.Params) => ({
        out: net.apply(p)(x),
        params: grad(loss)(p, x),
        images: grad((t: Tensor) => loss(p, t))(x)
      })
      await engineAgrees(engine, all, [spec([1, 2, 11, 10]), params], { runs: 1 })
    }),
    { numRuns: runs(count) }
  )
