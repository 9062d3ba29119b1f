import * as E from 'fp-ts/lib/Either.js'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { evaluateOn, grad, key, ndarray, nn, ops, spec, type Specs, type Tensor, trace } from 'tangentflow'
import { adjoint, checkGrad } from 'tangentflow/laws'
import { normalOf, optionsOf, windowCases, windowsOf } from '../support/images.js'
import { relativeError } from '../support/networks.js'
import { runs } from '../support/runs.js'

const forward = (layer: nn.Layer) => evaluateOn((p: nn.LayerParams, x: Tensor) => layer.apply(p)(x))

const image = ndarray.fromNested([
  [
    [
      [1, 2, 3],
      [4, 5, 6],
      [7, 8, 9]
    ]
  ]
])

describe('conv2d', () => {
  it('has its numbers worked by hand', () => {
    const w = ndarray.fromNested([
      [
        [
          [1, 2],
          [3, 4]
        ]
      ]
    ])
    const b = ndarray.fromNested([100])
    const of = (options: nn.ConvOptions) =>
      ndarray.toNested(forward(nn.conv2d(1, 2, options))({ w, b }, image))
    expect(of({})).toEqual([
      [
        [
          [137, 147],
          [167, 177]
        ]
      ]
    ])
    expect(of({ padding: 'same' })).toEqual([
      [
        [
          [137, 147, 121],
          [167, 177, 133],
          [123, 126, 109]
        ]
      ]
    ])
    expect(of({ padding: 1, stride: 2 })).toEqual([
      [
        [
          [104, 118],
          [136, 177]
        ]
      ]
    ])
    const scaled = forward(nn.conv2d(1, 2, { parametrisation: 'ntk', sigmaW: 4, sigmaB: 0.5 }))
    expect(ndarray.toNested(scaled({ w, b }, image))).toEqual([
      [
        [
          [2 * 37 + 50, 2 * 47 + 50],
          [2 * 67 + 50, 2 * 77 + 50]
        ]
      ]
    ])
  })

  it('has gradients worked by hand', () => {
    const layer = nn.conv2d(1, 2, { bias: false })
    const total = (p: nn.LayerParams, x: Tensor) => ops.sum()(layer.apply(p)(x))
    const w = ndarray.fromNested([
      [
        [
          [1, 2],
          [3, 4]
        ]
      ]
    ])
    const [slopes] = [evaluateOn(grad(total))({ w }, image)]
    expect(ndarray.toNested(slopes.w!)).toEqual([
      [
        [
          [12, 16],
          [24, 28]
        ]
      ]
    ])
    const shifts = evaluateOn(grad((x: Tensor, p: nn.LayerParams) => total(p, x)))(image, { w })
    expect(ndarray.toNested(shifts)).toEqual([
      [
        [
          [1, 3, 2],
          [4, 10, 6],
          [3, 7, 4]
        ]
      ]
    ])
  })

  it('sees zeros around the image: the Laplacian', () => {
    const w = ndarray.fromNested([
      [
        [
          [0, 1, 0],
          [1, -4, 1],
          [0, 1, 0]
        ]
      ]
    ])
    const laplacian = forward(nn.conv2d(1, 3, { padding: 1, bias: false }))({ w }, image)
    expect(ndarray.toNested(laplacian)).toEqual([
      [
        [
          [2, 1, -4],
          [-3, 0, -7],
          [-16, -11, -22]
        ]
      ]
    ])
  })

  it('is a loop over windows, channels and cells', () =>
    fc.assert(
      fc.property(windowCases, fc.integer({ min: 1, max: 3 }), (of, out) => {
        const layer = nn.conv2d(out, of.size, optionsOf(of))
        const [n, channels, height, width] = of.shape
        const params = nn.serial(layer).init(key(of.seed), [channels, height, width])[0]!
        const b = normalOf(of.seed + 2, [out])
        const x = normalOf(of.seed + 1, of.shape)
        const cells = of.size[0] * of.size[1]
        const results = windowsOf(of, x, (_, __, ___, windows) =>
          Array.from({ length: out }, (_, o) =>
            windows
              .flatMap((window, c) =>
                window.map((value, i) =>
                  Number.isNaN(value) ? 0 : value * params.w!.data[(o * channels + c) * cells + i]!
                )
              )
              .reduce((sum, term) => sum + term, b.data[o]!)
          )
        )
        const [, oh, ow] = layer.outputShape([channels, height, width])
        expect(results.length).toBe(n * oh! * ow!)
        const actual = forward(layer)({ ...params, b }, x)
        expect(actual.shape).toEqual([n, out, oh, ow])
        const places = oh! * ow!
        const expected = ndarray.of(
          actual.shape,
          Float64Array.from(actual.data, (_, at) => {
            const [i, o, place] = [
              Math.floor(at / (out * places)),
              Math.floor(at / places) % out,
              at % places
            ]
            return results[i * places + place]![o]!
          })
        )
        expect(relativeError(actual, expected)).toBeLessThan(1e-6)
      }),
      { numRuns: runs(60) }
    ))

  it('is linear in the images and in the weights, with exact transposes and derivatives', () =>
    fc.assert(
      fc.property(windowCases, (of) => {
        const layer = nn.conv2d(2, of.size, optionsOf(of))
        const specs = { w: spec([2, of.shape[1], ...of.size]), b: spec([2]) }
        const apply = (p: nn.LayerParams, x: Tensor) => layer.apply(p)(x)
        adjoint(apply, [specs, spec(of.shape)], { runs: 1 })
        adjoint((x: Tensor, p: nn.LayerParams) => apply(p, x), [spec(of.shape), specs], { runs: 1 })
        const energy = (p: nn.LayerParams, x: Tensor) => ops.sum()(ops.square(apply(p, x)))
        checkGrad(energy, [specs, spec(of.shape)], { runs: 1 })
        checkGrad((x: Tensor, p: nn.LayerParams) => energy(p, x), [spec(of.shape), specs], { runs: 1 })
        const superposed = evaluateOn((w: Tensor, v: Tensor, x: Tensor, y: Tensor) =>
          ops.sub(ops.add(apply({ w: v }, ops.sub(y)(x)))(apply({ w }, ops.add(y)(x))))(
            ops.add(apply({ w: ops.sub(v)(w) }, y))(apply({ w: ops.add(v)(w) }, x))
          )
        )
        const kernel = [2, of.shape[1], ...of.size]
        const zero = superposed(
          normalOf(of.seed, kernel),
          normalOf(of.seed + 1, kernel),
          normalOf(of.seed + 2, of.shape),
          normalOf(of.seed + 3, of.shape)
        )
        zero.data.forEach((x) => expect(Math.abs(x)).toBeLessThan(1e-12))
      }),
      { numRuns: runs(25) }
    ))

  it('of one cell is a dense layer at every pixel', () => {
    const [conv, dense] = [nn.conv2d(3, 1), nn.dense(3)]
    const [w, b] = [normalOf(1, [3, 2, 1, 1]), normalOf(2, [3])]
    const x = normalOf(3, [2, 2, 4, 5])
    const pixels = evaluateOn((p: nn.LayerParams, images: Tensor) => {
      const rows = ops.reshape([-1, 2])(ops.transpose([0, 2, 3, 1])(images))
      const flat = dense.apply({ w: ops.transpose()(ops.reshape([3, 2])(p.w!)), b: p.b! })(rows)
      return ops.transpose([0, 3, 1, 2])(ops.reshape([2, 4, 5, 3])(flat))
    })
    expect(relativeError(forward(conv)({ w, b }, x), pixels({ w, b }, x))).toBeLessThan(1e-12)
  })

  it('moves its results with the image: translation equivariance', () =>
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 3 }),
        fc.integer({ min: 0, max: 3 }),
        fc.integer({ min: 1, max: 2 }),
        fc.nat({ max: 1000 }),
        (down, right, stride, seed) => {
          const layer = nn.conv2d(2, 3, { stride, bias: false })
          const moved = evaluateOn((w: Tensor, x: Tensor) => {
            const pad = ops.pad([0, 0, stride * down, stride * right], [0, 0, 0, 0])
            const there = layer.apply({ w })(pad(x))
            const [n, c, h, v] = there.shape as [number, number, number, number]
            return ops.sub(layer.apply({ w })(x))(ops.slice([0, 0, down, right], [n, c, h, v])(there))
          })
          moved(normalOf(seed, [2, 2, 3, 3]), normalOf(seed + 1, [1, 2, 7, 6])).data.forEach((x) =>
            expect(Math.abs(x)).toBeLessThan(1e-12)
          )
        }
      ),
      { numRuns: runs(20) }
    ))

  it('starts with variance σ_w²/(in · kh · kw), or 1', () => {
    const variance = (layer: nn.Layer): number => {
      const { w } = nn.serial(layer).init(key(1), [8, 6, 6])[0]!
      expect(w!.shape).toEqual([64, 8, 3, 2])
      return Array.from(w!.data).reduce((s, x) => s + x * x, 0) / w!.data.length
    }
    expect(variance(nn.conv2d(64, [3, 2])) * 24).toBeCloseTo(1, 1)
    expect(variance(nn.conv2d(64, [3, 2], { parametrisation: 'ntk' }))).toBeCloseTo(1, 1)
  })

  it('refuses what does not fit, with a typed error', () => {
    const layer = nn.conv2d(2, 3)
    const refusal = (params: Specs<[nn.LayerParams]>[0], shape: readonly number[]) => {
      const traced = trace((p: nn.LayerParams, x: Tensor) => layer.apply(p)(x), [params, spec(shape)])
      return E.isLeft(traced) ? traced.left : undefined
    }
    expect(refusal({ w: spec([2, 1, 3, 3]) }, [1, 2, 4, 4])?._tag).toBe('ShapeError')
    expect(refusal({ w: spec([2, 1, 2, 2]) }, [1, 1, 4, 4])?._tag).toBe('ShapeError')
    expect(refusal({ w: spec([2, 1, 3, 3]) }, [1, 1, 2, 4])?._tag).toBe('ShapeError')
    expect(refusal({ w: spec([2, 1, 3, 3]) }, [1, 16])?._tag).toBe('ShapeError')
    expect(refusal({}, [1, 1, 4, 4])?._tag).toBe('TreeError')
    expect(() => layer.init(key(0), [4])).toThrow('ShapeError in nn.conv2d')
    expect(() => layer.outputShape([1, 2, 2])).toThrow('images of at least the window')
    expect(() => nn.conv2d(0, 3)).toThrow('ArgumentError')
    expect(() => nn.conv2d(1, 0)).toThrow('whole window size of at least 1')
    expect(() => nn.conv2d(1, [3, 1.5])).toThrow('ArgumentError')
    expect(() => nn.conv2d(1, 3, { stride: 0 })).toThrow('whole stride of at least 1')
    expect(() => nn.conv2d(1, 3, { padding: -1 })).toThrow('whole padding of at least 0')
    expect(() => nn.conv2d(1, 3, { sigmaB: -1 })).toThrow('ArgumentError')
  })
})
