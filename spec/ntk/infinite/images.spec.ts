import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { evaluateOn, type NdArray, ndarray, nn, ntk, ops, spec, type Tensor } from 'tangentflow'
import { checkGrad, isSymmetricPsd } from 'tangentflow/laws'
import { relativeError } from '../../support/networks.js'
import { expectRefusal } from '../../support/refusal.js'
import { runs } from '../../support/runs.js'
import { kernelsOf, normalArray } from '../../support/infinite.js'

const { avgPool, conv2d, dense, erf, flatten, globalAvgPool, relu, residual, serial } = ntk.infinite

/** Σ and Θ of one pair of images, for every pair of pixels, with the images' own Σ: the CNTK in plain loops. */
interface Plain {
  readonly size: number
  readonly k: (i: number, j: number, p: number, q: number) => number
  readonly theta: (i: number, j: number, p: number, q: number) => number
  readonly own: readonly ((i: number, j: number, p: number, q: number) => number)[]
}

type Four = (i: number, j: number, p: number, q: number) => number

const tabulate = (n: number, f: Four): Four => {
  const values = new Map<string, number>()
  const range = Array.from({ length: n }, (_, i) => i)
  for (const i of range)
    for (const j of range)
      for (const p of range) for (const q of range) values.set([i, j, p, q].join(), f(i, j, p, q))
  // pixels outside the image are zeros
  return (...at) => values.get(at.join()) ?? 0
}

const plainInput = (x: NdArray, y: NdArray, size: number): Plain => {
  const channels = x.shape[1]!
  const of = (a: NdArray, b: NdArray): Four =>
    tabulate(size, (i, j, p, q) => {
      let sum = 0
      for (let c = 0; c < channels; c++)
        sum += a.data[(c * size + i) * size + j]! * b.data[(c * size + p) * size + q]!
      return sum / channels
    })
  return { size, k: of(x, y), theta: () => 0, own: [of(x, x), of(y, y)] }
}

/** A convolution of k × k with a stride, `low` zeros before each image, giving `count` × `count` pixels. */
const plainConv =
  (k: number, stride: number, low: number, count: number, sigmaW: number, sigmaB: number) =>
  ({ k: before, theta, own }: Plain): Plain => {
    const patches = (f: Four): Four =>
      tabulate(count, (i, j, p, q) => {
        let sum = 0
        for (let a = 0; a < k; a++)
          for (let b = 0; b < k; b++)
            sum += f(i * stride + a - low, j * stride + b - low, p * stride + a - low, q * stride + b - low)
        return (sigmaW ** 2 * sum) / (k * k)
      })
    const biased = (f: Four): Four => {
      const g = patches(f)
      return tabulate(count, (...at) => g(...at) + sigmaB ** 2)
    }
    const next = biased(before)
    const through = patches(theta)
    return {
      size: count,
      k: next,
      theta: tabulate(count, (...at) => next(...at) + through(...at)),
      own: own.map(biased)
    }
  }

const plainRelu = ({ size, k, theta, own: [first, second] }: Plain): Plain => {
  const dual = (f: Four, left: Four, right: Four): readonly [Four, Four] => {
    const parts: Four = (i, j, p, q) => {
      const c = f(i, j, p, q) / Math.sqrt(left(i, j, i, j) * right(p, q, p, q))
      return Math.acos(Math.max(-1, Math.min(1, c)))
    }
    return [
      tabulate(size, (i, j, p, q) => {
        const t = parts(i, j, p, q)
        const root = Math.sqrt(left(i, j, i, j) * right(p, q, p, q))
        return (root * (Math.sin(t) + (Math.PI - t) * Math.cos(t))) / (2 * Math.PI)
      }),
      tabulate(size, (i, j, p, q) => (Math.PI - parts(i, j, p, q)) / (2 * Math.PI))
    ]
  }
  const [value, slope] = dual(k, first!, second!)
  return {
    size,
    k: value,
    theta: tabulate(size, (...at) => slope(...at) * theta(...at)),
    own: [dual(first!, first!, first!)[0], dual(second!, second!, second!)[0]]
  }
}

const flat = (size: number, f: Four): NdArray => {
  const range = Array.from({ length: size }, (_, i) => i)
  return ndarray.of(
    [1, 1, size, size, size, size],
    range.flatMap((i) => range.flatMap((j) => range.flatMap((p) => range.map((q) => f(i, j, p, q)))))
  )
}

const [x, y] = [normalArray(31, [1, 2, 4, 4]), normalArray(32, [1, 2, 4, 4])]

describe('convolutions', () => {
  it.each([
    { kernel: 3, stride: 1, padding: 'same' as const, lows: [1, 1], counts: [4, 4] as const },
    { kernel: 2, stride: 1, padding: 'valid' as const, lows: [0, 0], counts: [3, 2] as const },
    { kernel: 3, stride: 2, padding: 'same' as const, lows: [0, 0], counts: [2, 1] as const },
    { kernel: 2, stride: 1, padding: 1, lows: [1, 1], counts: [5, 6] as const }
  ])('of $kernel × $kernel, stride $stride, padding $padding, are the CNTK in plain loops', (laid) => {
    const { kernel, stride, padding, lows, counts } = laid
    const layer = conv2d(kernel, { stride, padding, sigmaW: 1.3, sigmaB: 0.2 })
    const got = kernelsOf(serial(layer, relu, layer, relu), x, y)
    const wanted = counts.reduce(
      (state, count, l) => plainRelu(plainConv(kernel, stride, lows[l]!, count, 1.3, 0.2)(state)),
      plainInput(x, y, 4)
    )
    expect(relativeError(got.nngp, flat(counts[1], wanted.k))).toBeLessThan(1e-10)
    expect(relativeError(got.ntk, flat(counts[1], wanted.theta))).toBeLessThan(1e-10)
  })

  it('on images of one pixel are dense layers', () => {
    const [a, b] = [normalArray(1, [3, 4, 1, 1]), normalArray(2, [2, 4, 1, 1])]
    const features = ({ shape, data }: NdArray): NdArray => ndarray.of([shape[0]!, shape[1]!], data)
    const options = { sigmaW: 1.1, sigmaB: 0.4 }
    const images = serial(conv2d(1, options), relu, conv2d(1, options), erf, flatten, dense(options))
    const vectors = serial(dense(options), relu, dense(options), erf, dense(options))
    for (const which of ['nngp', 'ntk'] as const)
      expect(
        relativeError(kernelsOf(images, a, b)[which], kernelsOf(vectors, features(a), features(b))[which])
      ).toBeLessThan(1e-12)
  })
})

/** Convolutional networks that end in images. */
const imageCases = fc
  .record({
    layers: fc.array(
      fc.record({
        kernel: fc.constantFrom(1, 2, 3),
        stride: fc.constantFrom(1, 2),
        residual: fc.boolean(),
        smooth: fc.boolean()
      }),
      { minLength: 1, maxLength: 3 }
    ),
    seed: fc.nat({ max: 1e6 })
  })
  .map(({ layers, seed }) => ({
    body: layers.flatMap(({ kernel, stride, residual: skip, smooth }) => {
      const options = { padding: 'same', sigmaB: 0.3 } as const
      const activation = smooth ? erf : relu
      return [
        conv2d(kernel, { ...options, stride }),
        ...(skip ? [residual(activation, conv2d(kernel, options))] : []),
        activation
      ]
    }),
    x: normalArray(seed, [2, 2, 4, 3]),
    y: normalArray(seed + 1, [3, 2, 4, 3])
  }))

describe('pairs of pixels', () => {
  it('the diagonal form is the diagonal of the full one', () =>
    fc.assert(
      fc.property(imageCases, ({ body, x: a, y: b }) => {
        const net = serial(...body)
        const [full, diagonal] = [
          kernelsOf(net, a, b, { spatial: 'full' }),
          kernelsOf(net, a, b, { spatial: 'diagonal' })
        ]
        for (const which of ['nngp', 'ntk'] as const) {
          const part = evaluateOn(ops.einsum('nmhwhw->nmhw') as (t: Tensor) => Tensor)(full[which])
          expect(relativeError(diagonal[which], part)).toBeLessThan(1e-10)
        }
      }),
      { numRuns: runs(20) }
    ))

  it('flatten takes the mean over equal pixels, global pooling over all pairs', () =>
    fc.assert(
      fc.property(imageCases, ({ body, x: a, y: b }) => {
        const full = kernelsOf(serial(...body), a, b)
        const [h] = full.nngp.shape.slice(2)
        const w = full.nngp.shape[3]!
        const flattened = kernelsOf(serial(...body, flatten), a, b)
        const pooled = kernelsOf(serial(...body, globalAvgPool), a, b)
        for (const which of ['nngp', 'ntk'] as const) {
          const equal = evaluateOn((t: Tensor) => ops.scale(1 / (h! * w))(ops.einsum('nmhwhw->nm')(t)))(
            full[which]
          )
          expect(relativeError(flattened[which], equal)).toBeLessThan(1e-10)
          const every = evaluateOn(ops.mean([2, 3, 4, 5]))(full[which])
          expect(relativeError(pooled[which], every)).toBeLessThan(1e-10)
        }
      }),
      { numRuns: runs(10) }
    ))

  it('kernels that end in images, pooled or not, are symmetric and positive semi-definite', () =>
    fc.assert(
      fc.property(imageCases, ({ body, x: a }) => {
        for (const tail of [[flatten], [globalAvgPool], [avgPool(1), flatten], []]) {
          const kernels = kernelsOf(serial(...body, ...tail), a)
          for (const which of ['nngp', 'ntk'] as const) {
            const value = kernels[which]
            const pixels = tail.length === 0 ? value.shape[2]! * value.shape[3]! : 1
            const n = value.shape[0]!
            // [n, m, pixels, pixels] has the layout that the law takes for outputs
            const square = ndarray.of(tail.length === 0 ? [n, n, pixels, pixels] : [n, n], value.data)
            expect(isSymmetricPsd(square, 1e-9).holds).toBe(true)
          }
        }
      }),
      { numRuns: runs(8) }
    ))
})

describe('pooling', () => {
  it('over the whole image is global pooling, and of windows acts on both pixels', () => {
    const body = [conv2d(3, { padding: 'same' }), relu]
    const whole = kernelsOf(serial(...body, avgPool(4), flatten), x, y)
    const pooled = kernelsOf(serial(...body, globalAvgPool), x, y)
    expect(relativeError(whole.ntk, pooled.ntk)).toBeLessThan(1e-12)

    const full = kernelsOf(serial(...body), x, y)
    const windows = kernelsOf(serial(...body, avgPool(2)), x, y)
    const expected = evaluateOn((t: Tensor) =>
      ops.mean([3, 5, 7, 9])(ops.reshape([1, 1, 2, 2, 2, 2, 2, 2, 2, 2])(t))
    )
    for (const which of ['nngp', 'ntk'] as const)
      expect(relativeError(windows[which], expected(full[which]))).toBeLessThan(1e-12)
  })

  it('before another activation uses the covariances within each image', () => {
    // pooling a linear map of the images is a linear map of pooled images
    const pool = { stride: 1 } as const
    const net = serial(conv2d(1), avgPool(2, pool), relu, flatten, dense())
    const images = (of: NdArray): NdArray => evaluateOn((t: Tensor) => nn.avgPool(2, pool).apply({})(t))(of)
    const direct = serial(conv2d(1), relu, flatten, dense())
    expect(
      relativeError(kernelsOf(net, x, y).nngp, kernelsOf(direct, images(x), images(y)).nngp)
    ).toBeLessThan(1e-10)
  })

  it('has gradients in the images', () => {
    const net = serial(
      conv2d(2, { sigmaB: 0.3 }),
      relu,
      avgPool(2, { stride: 1 }),
      conv2d(1),
      erf,
      globalAvgPool,
      dense()
    )
    const energy = (a: Tensor): Tensor => ops.sum()(ops.square(net.kernel(a).ntk))
    checkGrad(energy, [spec([2, 1, 3, 3])], { runs: runs(5) })
  })
})

describe('refusals', () => {
  it('dense on images, convolution and pooling on features, images smaller than a window', () => {
    const features = ndarray.zeros([2, 3])
    const images = ndarray.zeros([2, 1, 2, 2])
    const shape = 'ShapeError'
    expectRefusal(() => kernelsOf(serial(dense()), images), shape, 'infinite.dense', 'features', 'images')
    expectRefusal(
      () => kernelsOf(serial(conv2d(1)), features),
      shape,
      'infinite.conv2d',
      'images',
      'features'
    )
    expectRefusal(
      () => kernelsOf(serial(avgPool(1)), features),
      shape,
      'infinite.avgPool',
      'images',
      'features'
    )
    expectRefusal(
      () => kernelsOf(serial(globalAvgPool), features),
      shape,
      'infinite.globalAvgPool',
      'images',
      'features'
    )
    expectRefusal(() => kernelsOf(serial(conv2d(3)), images), shape, 'infinite.conv2d', 'window', '[2,2]')
  })
})
