import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { evaluateOn, grad, type NdArray, ndarray, ntk, run, type Tensor, withEngine } from 'tangentflow'
import {
  identity,
  kernelOf,
  left,
  linearCases,
  mapped,
  productOf,
  randomArray,
  right
} from '../../support/kernels.js'

const seeds = fc.nat({ max: 1e6 })
const sizes = fc.integer({ min: 2, max: 6 })

describe('alignment', () => {
  it('is symmetric, in [0, 1] for kernels, 1 with itself, and blind to scale and, centred, to a constant', () =>
    fc.assert(
      fc.property(
        seeds,
        fc.integer({ min: 3, max: 6 }),
        fc.double({ min: 0.01, max: 100, noNaN: true }),
        fc.double({ min: -5, max: 5, noNaN: true }),
        fc.boolean(),
        (seed, n, scale, shift, centred) => {
          const [a, b] = [kernelOf(seed, n, 2), kernelOf(seed + 1, n, 3)]
          const of = (x: NdArray, y: NdArray): number => right(ntk.alignment(x, y, { centred }))
          expect(of(a, a)).toBeCloseTo(1, 12)
          expect(of(a, b)).toBeCloseTo(of(b, a), 12)
          expect(of(a, b)).toBeGreaterThanOrEqual(-1e-12)
          expect(of(a, b)).toBeLessThan(1)
          expect(
            of(
              mapped(a, (x) => scale * x),
              b
            )
          ).toBeCloseTo(of(a, b), 9)
          expect(
            right(
              ntk.alignment(
                mapped(a, (x) => x + shift),
                b
              )
            )
          ).toBeCloseTo(right(ntk.alignment(a, b)), 8)
        }
      )
    ))

  it('without centring does see a constant', () => {
    const [a, b] = [kernelOf(1, 4, 2), kernelOf(2, 4, 3)]
    const plain = (x: NdArray): number => right(ntk.alignment(x, b, { centred: false }))
    expect(Math.abs(plain(mapped(a, (x) => x + 3)) - plain(a))).toBeGreaterThan(0.05)
  })

  it('is the alignment of centred features, also with outputs', () =>
    fc.assert(
      fc.property(linearCases, ({ train, examples: n, outputs: o, features, seed }) => {
        fc.pre(n > 1)
        const means = new Float64Array(o * features)
        train.data.forEach((x, i) => (means[i % (o * features)]! += x / n))
        const centred = mapped(train, (x, i) => x - means[i % (o * features)]!)
        const other = randomArray(seed + 9, [n, o, 3])
        const kernel = (jacobian: NdArray): NdArray => productOf(jacobian, jacobian)
        // a centred right side tells the left side's centring apart only through the norm
        const ours = right(ntk.alignment(kernel(train), kernel(other)))
        const norms = right(ntk.alignment(kernel(centred), kernel(other)))
        expect(ours).toBeCloseTo(norms, 9)
        expect(right(ntk.alignment(kernel(centred), kernel(train)))).toBeCloseTo(1, 9)
      })
    ))

  it('with labels is the alignment with yyᵀ in each layout', () => {
    const y = ndarray.fromNested([
      [1, 0],
      [0, 1],
      [1, 0]
    ])
    const mean = ndarray.fromNested([
      [1, 0, 1],
      [0, 1, 0],
      [1, 0, 1]
    ])
    expect(right(ntk.labelAlignment(mean, y))).toBeCloseTo(1, 12)
    expect(right(ntk.labelAlignment(identity(3), y, { centred: false }))).toBeCloseTo(3 / Math.sqrt(15), 12)
    const jacobian = ndarray.of([3, 2, 1], y.data)
    const full = productOf(jacobian, jacobian)
    expect(right(ntk.labelAlignment(full, y))).toBeCloseTo(1, 12)
    const diag = ndarray.of(
      [3, 3, 2],
      Float64Array.from({ length: 18 }, (_, i) => full.data[2 * i + (i % 2)]!)
    )
    expect(right(ntk.labelAlignment(diag, y))).toBeCloseTo(1, 12)
  })

  it('refuses kernels that do not compare', () => {
    const constant = ndarray.full([3, 3], 0.1)
    expect(left(ntk.alignment(constant, identity(3)))).toMatchObject({
      _tag: 'ArgumentError',
      where: 'kernel'
    })
    expect(left(ntk.alignment(identity(3), constant))).toMatchObject({
      _tag: 'ArgumentError',
      where: 'other'
    })
    expect(left(ntk.alignment(identity(3), identity(2)))._tag).toBe('ShapeError')
    expect(left(ntk.alignment(ndarray.fromNested([[NaN]]), ndarray.zeros([1, 1])))._tag).toBe('DataError')
    expect(left(ntk.labelAlignment(identity(3), ndarray.zeros([2])))._tag).toBe('ShapeError')
    expect(left(ntk.labelAlignment(identity(3), ndarray.zeros([3])))._tag).toBe('ArgumentError')
  })

  it('with labels does not change with their scale', () => {
    const kernel = ndarray.fromNested([
      [1, -1],
      [-1, 1]
    ])
    for (const s of [1e-200, 1, 1e200])
      expect(right(ntk.labelAlignment(kernel, ndarray.of([2], new Float64Array([s, -s]))))).toBeCloseTo(1, 12)
  })
})

describe('distances and cosines in a program', () => {
  const measures = (a: Tensor, b: Tensor): readonly Tensor[] => [
    ntk.relativeDistance(b)(a),
    ntk.cosineSimilarity(b)(a)
  ]

  it.each(['reference', 'onnx:native', 'gpujs:cpu', 'gpujs:webasm'] as const)(
    'are those of the closed form at any size that %s holds',
    async (engine) => {
      for (const size of [1e-30, 1e-22, 1, 3e9, 2e20, 1e37]) {
        const [a, b] = [ndarray.fromNested([6 * size, 8 * size]), ndarray.fromNested([3 * size, 4 * size])]
        const { value, executed } = right(
          await withEngine({ require: engine })((runner) => run(runner)(measures)(a, b))()
        )
        expect(executed.engine).toBe(engine)
        for (const { data } of value) expect(data[0]).toBeCloseTo(1, 6)
      }
    }
  )

  it('a distance is 0 between zeros, infinite from zeros, and has derivative 0 where all is equal', () => {
    const distance = (a: Tensor, b: Tensor): Tensor => ntk.relativeDistance(b)(a)
    const [zeros, some] = [ndarray.zeros([2]), ndarray.fromNested([1, 2])]
    expect(ndarray.toNumber(evaluateOn(distance)(zeros, zeros))).toBe(0)
    expect(ndarray.toNumber(evaluateOn(distance)(some, zeros))).toBe(Infinity)
    for (const x of [zeros, some])
      expect(evaluateOn((a: Tensor, b: Tensor) => grad(distance)(a, b))(x, x).data).toEqual(
        new Float64Array(2)
      )
    const twice = ndarray.fromNested([2, 4])
    // d/da ‖a − b‖ / ‖b‖ = (a − b) / (‖a − b‖ ‖b‖), here b / 5
    const slopes = evaluateOn((a: Tensor, b: Tensor) => grad(distance)(a, b))(twice, some).data
    slopes.forEach((slope, i) => expect(slope).toBeCloseTo([0.2, 0.4][i]!, 12))
  })
})

describe('drift', () => {
  it('is zero at the start, relative, and blind to a common scale', () =>
    fc.assert(
      fc.property(seeds, sizes, fc.double({ min: 0.01, max: 100, noNaN: true }), (seed, n, scale) => {
        const kernels = [0, 1, 2].map((k) => kernelOf(seed + k, n, n))
        const along = right(ntk.drift(kernels))
        expect(along[0]).toBe(0)
        expect(along[1]).toBeGreaterThan(0)
        const scaled = right(ntk.drift(kernels.map((kernel) => mapped(kernel, (x) => scale * x))))
        scaled.forEach((value, k) => expect(value).toBeCloseTo(along[k]!, 9))
        expect(right(ntk.drift([kernels[0]!, mapped(kernels[0]!, (x) => 1.25 * x)]))[1]).toBeCloseTo(0.25, 12)
      })
    ))

  it.each([1e-200, 1e200])('is that of the kernels divided by %s', (size) => {
    const kernels = [identity(2), mapped(identity(2), (x) => 3 * x)]
    expect(right(ntk.drift(kernels.map((kernel) => mapped(kernel, (x) => size * x))))).toEqual([0, 2])
  })

  it('refuses no kernels, zeros to start from, and other shapes', () => {
    expect(left(ntk.drift([]))).toMatchObject({ _tag: 'ArgumentError', operation: 'ntk.drift' })
    expect(left(ntk.drift([ndarray.zeros([2, 2])]))._tag).toBe('ArgumentError')
    expect(left(ntk.drift([identity(2), identity(3)]))).toMatchObject({
      _tag: 'ShapeError',
      where: 'kernels[1]'
    })
    expect(left(ntk.drift([identity(2), ndarray.full([2, 2], NaN)]))._tag).toBe('DataError')
  })
})
