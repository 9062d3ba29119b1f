import { evaluateOn, grad, key, ndarray, nn, ops, type Tensor } from 'tangentflow'
import { describe, expect, it } from 'vitest'
import { normalOf } from '../support/images.js'

describe('networks', () => {
  const cases: readonly (readonly [nn.Network, readonly number[], readonly (readonly number[])[]])[] = [
    [
      nn.lenet300100(),
      [28, 28],
      [
        [784, 300],
        [300, 100],
        [100, 10]
      ]
    ],
    [
      nn.lenet5(),
      [784],
      [
        [6, 1, 5, 5],
        [16, 6, 5, 5],
        [400, 120],
        [120, 84],
        [84, 10]
      ]
    ],
    [
      nn.conv16Conv32Fc100({ classes: 4 }),
      [1, 28, 28],
      [
        [16, 1, 3, 3],
        [32, 16, 3, 3],
        [1568, 100],
        [100, 4]
      ]
    ],
    [
      nn.vgg32({ widths: [4, 8] }),
      [3, 32, 32],
      [
        [4, 3, 3, 3],
        [4, 4, 3, 3],
        [8, 4, 3, 3],
        [8, 8, 3, 3],
        [512, 128],
        [128, 10]
      ]
    ]
  ]

  it('have the weights their names promise, and logits', () => {
    for (const [net, input, weights] of cases) {
      const params = net.init(key(0), input)
      expect(nn.weightsOf(params).flatMap(({ w }) => (w === undefined ? [] : [w.shape]))).toEqual(weights)
      const x = normalOf(1, [2, ...input])
      const out = evaluateOn((p: nn.Params, t: Tensor) => net.apply(p)(t))(params, x)
      expect(out.shape).toEqual([2, ...net.outputShape(input)])
      expect(out.data.every(Number.isFinite)).toBe(true)
    }
  })

  it('pool what is rectified: outputs, and derivatives of images and parameters', () => {
    const written = nn.serial(
      nn.reshape([1, 28, 28]),
      ...[16, 32].flatMap((channels) => [
        nn.conv2d(channels, 3, { padding: 'same' }),
        nn.relu,
        nn.maxPool(2)
      ]),
      nn.flatten,
      nn.dense(100),
      nn.relu,
      nn.dense(10)
    )
    const net = nn.conv16Conv32Fc100()
    // images of 0 and biases of 0 make whole windows of ties at the point where the ReLU bends
    const params = net.init(key(5), [784])
    const x = ndarray.of(
      [2, 784],
      Array.from(normalOf(6, [2, 784]).data, (v, i) => (i % 784 < 300 ? 0 : v))
    )
    const both =
      (one: nn.Network) =>
      (p: nn.Params, t: Tensor): { readonly [name: string]: Tensor | nn.Params } => {
        const loss = (q: nn.Params, z: Tensor): Tensor => ops.sum()(ops.square(one.apply(q)(z)))
        return {
          outputs: one.apply(p)(t),
          params: grad(loss)(p, t),
          images: grad((z: Tensor) => loss(p, z))(t)
        }
      }
    expect(evaluateOn(both(net))(params, x)).toEqual(evaluateOn(both(written))(params, x))
  })

  it('refuse examples of another size', () => {
    expect(() => nn.lenet5().init(key(0), [28, 27])).toThrow('ShapeError in nn.reshape')
  })
})
