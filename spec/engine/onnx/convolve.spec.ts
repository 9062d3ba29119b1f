import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { grad, key, nn, ops, spec, type Tensor, trace, vmap } from 'tangentflow'
import { contract } from '../../../lib/graph/contract.js'
import { apply } from '../../../lib/graph/tensor.js'
import { optimise } from '../../../lib/optimise/index.js'
import { optionsOf, windowCases } from '../../support/images.js'
import { runs } from '../../support/runs.js'
import { expectRight, graphAgrees, input, operatorsOf, traced, useBackends } from './support.js'

const opened = useBackends()

const convolve = (of: Parameters<typeof optionsOf>[0], out: number) => {
  const layer = nn.conv2d(out, of.size, { ...optionsOf(of), bias: false })
  return (x: Tensor, w: Tensor): Tensor => layer.apply({ w })(x)
}

/** Indices of a product of windows: which side each leading index is on, and whether it is kept. */
const products = fc
  .record({
    lead: fc.array(fc.constantFrom('batch', 'group', 'channel', 'unit'), { maxLength: 4 }),
    size: fc.integer({ min: 2, max: 3 }),
    out: fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 2 }),
    kernel: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
    stride: fc.tuple(fc.integer({ min: 1, max: 2 }), fc.integer({ min: 1, max: 2 })),
    more: fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 3 })),
    kind: fc.constantFrom('results', 'weights', 'local', 'images'),
    order: fc.array(fc.nat({ max: 99 }), { minLength: 9, maxLength: 9 }),
    seed: fc.nat({ max: 1e6 })
  })
  .map(({ lead, size, out, kernel, stride, more, kind, order, seed }) => {
    const leads = lead.map((role) => (role === 'unit' ? 1 : size))
    const image = [...leads, kernel[0] + more[0], kernel[1] + more[1]]
    const unfolded = apply({ tag: 'unfold', kernel, stride }, [input(image)]).shape
    const sizes = [...unfolded, ...out]
    const [r, indices] = [lead.length, unfolded.map((_, axis) => axis)]
    const cell = [r, r + 1]
    const place = [r + 2, r + 3]
    const outs = out.map((_, i) => r + 4 + i)
    const having = (...roles: string[]): number[] =>
      lead.flatMap((role, axis) => (roles.includes(role) ? [axis] : []))
    const shuffled = (list: readonly number[]): number[] =>
      list
        .map((index) => ({ index, at: order[index % order.length]! }))
        .sort((a, b) => a.at - b.at)
        .map(({ index }) => index)
    const sides = {
      results: [
        [...having('group', 'channel', 'unit'), ...cell, ...outs],
        [...having('batch', 'group'), ...place, ...outs]
      ],
      // the gradient of the results names the examples (here: the channels of the roles above) that are summed
      weights: [
        [...having('channel', 'group'), ...place, ...outs],
        [...having('batch', 'group', 'unit'), ...cell, ...outs]
      ],
      local: [
        [...having('group', 'channel'), ...cell, ...place, ...outs],
        [...having('batch', 'group'), ...place, ...outs]
      ],
      images: [
        [...having('group', 'channel', 'unit'), ...cell, ...outs],
        [...having('batch', 'group'), ...place, ...outs]
      ]
    } as const
    const [first, second] = sides[kind].map(shuffled)
    const shapeOf = (list: readonly number[]): number[] => list.map((index) => sizes[index]!)
    const [x, other] = [input(image), input(shapeOf(first!), 'y')]
    if (kind === 'images') {
      const gradient = input(shapeOf(second!), 'z')
      const windows = contract([other, gradient], [first!, second!], indices, sizes)
      const size = [image[r]!, image[r + 1]!] as const
      const folded = apply({ tag: 'fold', kernel, stride, size }, [windows])
      return { inputs: [other, gradient], outputs: [folded], seed, kind }
    }
    const windows = apply({ tag: 'unfold', kernel, stride }, [x])
    const flip = seed % 2 === 0
    const output = contract(
      flip ? [windows, other] : [other, windows],
      flip ? [indices, first!] : [first!, indices],
      second!,
      sizes
    )
    return { inputs: [x, other], outputs: [output], seed, kind }
  })

describe('convolutions on ONNX Runtime', () => {
  it('give what their windows give, whatever the order of axes and whichever index is shared', () =>
    fc.assert(
      fc.asyncProperty(products, async ({ inputs, outputs, seed }) => {
        await graphAgrees(opened, optimise({ inputs, outputs }), seed)
      }),
      { numRuns: runs(100) }
    ))

  it('give results and gradients at any stride, padding and size, many channels among them', () =>
    fc.assert(
      fc.asyncProperty(windowCases, fc.constantFrom(1, 8, 9), async (of, channels) => {
        const shape = [of.shape[0], channels, of.shape[2], of.shape[3]]
        const conv = convolve(of, 3)
        const energy = (x: Tensor, w: Tensor): Tensor => ops.sum()(ops.square(conv(x, w)))
        const all = traced(
          (x, w) => [conv(x!, w!), grad(energy)(x!, w!), grad((v: Tensor) => energy(x!, v))(w!)],
          [shape, [3, channels, ...of.size]]
        )
        await graphAgrees(opened, all, of.seed)
      }),
      { numRuns: runs(40) }
    ))

  it('are native where there is something native: a training step writes no windows out', () => {
    const net = nn.serial(
      nn.conv2d(8, 3, { padding: 'same' }),
      nn.relu,
      nn.maxPool(2),
      nn.conv2d(16, 3, { padding: 1 }),
      nn.relu,
      nn.avgPool(2),
      nn.flatten,
      nn.dense(3)
    )
    const loss = (p: nn.Params, x: Tensor): Tensor => ops.sum()(net.apply(p)(x))
    const step = (p: nn.Params, x: Tensor): nn.Params => grad(loss)(p, x)
    const { graph } = expectRight(trace(step, [net.init(key(0), [1, 8, 8]), spec([4, 1, 8, 8])]))
    const operators = operatorsOf(graph)
    expect(operators).toMatchObject({ Conv: 2, ConvTranspose: 1, MaxPool: 1 })
    // the images' channel is one, so its windows are written out once: 3 rows and 3 columns
    expect(operators.Slice).toBe(3 + 3 + 9)
    // every convolution took its bias along
    expect(operators.Add ?? 0).toBe(0)
  })

  it('are one operator with groups for weights of each example', () => {
    const each = (x: Tensor, w: Tensor): Tensor =>
      vmap((image: Tensor, own: Tensor) =>
        convolve({ shape: [1, 2, 5, 5], size: [3, 3], stride: [1, 1], padding: 'valid', seed: 0 }, 4)(
          ops.expandDims(0)(image),
          own
        )
      )(x, w)
    const grouped = traced(
      (x, w) => each(x!, w!),
      [
        [3, 2, 5, 5],
        [3, 4, 2, 3, 3]
      ]
    )
    expect(grouped.operators).toMatchObject({ Conv: 1 })
    expect(grouped.operators.Slice).toBeUndefined()
    return graphAgrees(opened, grouped, 5)
  })

  it('leaves alone what is no convolution: weights of each place', () => {
    const local = traced(
      (x, w) => ops.einsum('ncijyx,ocijyx->noyx')(ops.unfold([2, 2])(x!), w!),
      [
        [2, 3, 4, 4],
        [2, 3, 2, 2, 3, 3]
      ]
    )
    expect(local.operators.Conv).toBeUndefined()
    return graphAgrees(opened, local, 1)
  })

  it('adds a bias of each channel inside the convolution, and no other sum', async () => {
    const conv = convolve({ shape: [2, 2, 4, 4], size: [2, 2], stride: [1, 1], padding: 'valid', seed: 0 }, 3)
    const shapes = [
      [2, 2, 4, 4],
      [3, 2, 2, 2]
    ]
    const biased = traced((x, w, b) => ops.add(ops.reshape([3, 1, 1])(b!))(conv(x!, w!)), [...shapes, [3]])
    expect(biased.operators.Add).toBeUndefined()
    await graphAgrees(opened, biased, 2)
    const elsewhere = traced((x, w, b) => ops.add(b!)(conv(x!, w!)), [...shapes, [3]])
    expect(elsewhere.operators.Add).toBe(1)
    await graphAgrees(opened, elsewhere, 3)
    const twice = traced(
      (x, w, b) => [ops.add(ops.reshape([3, 1, 1])(b!))(conv(x!, w!)), ops.square(conv(x!, w!))],
      [...shapes, [3]]
    )
    expect(twice.operators).toMatchObject({ Conv: 1, Add: 1 })
    await graphAgrees(opened, twice, 4)
  })
})
