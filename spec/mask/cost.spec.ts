import * as fc from 'fast-check'
import { type Concrete, key, mask, ndarray, nn } from 'tangentflow'
import { describe, expect, it } from 'vitest'
import { cases } from '../support/networks.js'
import { runs } from '../support/runs.js'

const ones = (params: Concrete<nn.Params>): Concrete<nn.Weights> =>
  params.map(({ w }) => (w === undefined ? {} : { w: ndarray.full(w.shape, 1) }))

describe('the cost of a mask', () => {
  it('counts a kept weight of a convolution at every place of its output', () => {
    const net = nn.serial(nn.conv2d(2, 3, { padding: 'same' }), nn.relu, nn.flatten, nn.dense(3))
    const params = net.init(key(0), [1, 4, 4])
    const dense = mask.cost(net, [1, 4, 4])(params, ones(params))
    expect(dense.flops).toBe(2 * (18 * 16 + 32 * 3))
    expect(dense.bytes).toBe(4 * (18 + 2 + 96 + 3))
    expect([dense.denseFlops, dense.denseBytes]).toEqual([dense.flops, dense.bytes])
    const one = params.map(({ w }) =>
      w === undefined
        ? {}
        : {
            w: ndarray.of(
              w.shape,
              Array.from(w.data, (_, i) => (i === 0 ? 1 : 0))
            )
          }
    )
    expect(mask.cost(net, [1, 4, 4])(params, one)).toMatchObject({
      flops: 2 * (16 + 1),
      bytes: 4 * (1 + 2 + 1 + 3) + 3 + 12
    })
  })

  it('of the all-ones mask is the dense one', () =>
    fc.assert(
      fc.property(cases, ({ net, params, data }) => {
        const { flops, bytes, denseFlops, denseBytes } = mask.cost(net, data.x.shape.slice(1))(
          params,
          ones(params)
        )
        expect([flops, bytes]).toEqual([denseFlops, denseBytes])
      }),
      { numRuns: runs(30) }
    ))

  it('of a scale is a use at every place, whichever axis it is along', () => {
    const flops = (layer: nn.Layer) => {
      const net = nn.serial(layer)
      return mask.cost(net, [2, 4, 3])(net.init(key(0), [2, 4, 3]), [{}]).flops
    }
    expect([nn.layerNorm(), nn.groupNorm(2)].map(flops)).toEqual([2 * 24, 2 * 24])
  })

  it('of a network within a network is refused: its layers would not be counted', () => {
    const nested = nn.serial(nn.residual(nn.serial(nn.dense(4), nn.relu)), nn.dense(3))
    expect(() => mask.cost(nested as never, [4])(nested.init(key(0), [4]) as never, [])).toThrow('layers[0]')
  })
})
