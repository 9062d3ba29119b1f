import * as fc from 'fast-check'
import { evaluateOn, grad, ndarray, type NdArray, nn, ops, spec, type Tensor } from 'tangentflow'
import { adjoint, checkGrad } from 'tangentflow/laws'
import { describe, expect, it } from 'vitest'
import { normalOf, optionsOf, type WindowCase, windowCases, windowsOf } from '../support/images.js'
import { relativeError } from '../support/networks.js'
import { runs } from '../support/runs.js'

const pooled = (layer: nn.Layer) => (x: Tensor) => layer.apply({})(x)

/** Pooling by its definition: what a window of one channel gives. */
const naive = (of: WindowCase, x: NdArray, reduce: (window: readonly number[]) => number): Float64Array => {
  const [n, channels] = of.shape
  const results = windowsOf(of, x, (_, __, ___, windows) => windows.map(reduce))
  const places = results.length / n
  return Float64Array.from({ length: n * channels * places }, (_, at) => {
    const [image, channel] = [Math.floor(at / (channels * places)), Math.floor(at / places) % channels]
    return results[image * places + (at % places)]![channel]!
  })
}

const within = (window: readonly number[]): readonly number[] =>
  window.filter((value) => !Number.isNaN(value))

/** Windows side by side take another road than windows that overlap or leave gaps: both are drawn. */
const cases = fc
  .tuple(windowCases, fc.boolean())
  .map(([of, sideBySide]) => (sideBySide ? { ...of, stride: of.size } : of))

describe('pooling', () => {
  it('is the mean, and the largest, of each window', () =>
    fc.assert(
      fc.property(cases, (of) => {
        // a window that lies in the padding alone has no largest element
        const x = normalOf(of.seed, of.shape)
        const hasContent = windowsOf(of, x, (_, __, ___, windows) => within(windows[0]!).length > 0).every(
          Boolean
        )
        const [average, largest] = [nn.avgPool, nn.maxPool].map((make) =>
          evaluateOn(pooled(make(of.size, optionsOf(of))))(x)
        )
        const mean = naive(of, x, (w) => within(w).reduce((a, b) => a + b, 0) / w.length)
        expect(relativeError(average!, ndarray.of(average!.shape, mean))).toBeLessThan(1e-12)
        if (hasContent) {
          const max = naive(of, x, (w) => Math.max(...within(w)))
          expect(relativeError(largest!, ndarray.of(largest!.shape, max))).toBe(0)
        }
      }),
      { numRuns: runs(60) }
    ))

  it('has exact derivatives', () =>
    fc.assert(
      fc.property(cases, (of) => {
        const [average, largest] = [nn.avgPool, nn.maxPool].map((make) =>
          pooled(make(of.size, optionsOf(of)))
        )
        adjoint(average!, [spec(of.shape)], { runs: 1 })
        adjoint(largest!, [spec(of.shape)], { runs: 1 })
        checkGrad((x: Tensor) => ops.sum()(ops.square(largest!(x))), [spec(of.shape)], { runs: 1 })
      }),
      { numRuns: runs(20) }
    ))

  it('shares the derivative of a maximum evenly, as reduceMax does', () => {
    const x = ndarray.fromNested([
      [
        [
          [3, 3, 1, 2],
          [0, 3, 2, 2]
        ]
      ]
    ])
    const slope = evaluateOn(grad((image: Tensor) => ops.sum()(pooled(nn.maxPool(2))(image))))(x)
    expect(Array.from(slope.data)).toEqual([1 / 3, 1 / 3, 0, 1 / 3, 0, 1 / 3, 1 / 3, 1 / 3])
  })

  it('leaves out rows and columns that fill no window', () => {
    const x = ndarray.fromNested([
      [
        [
          [1, 2, 9],
          [3, 4, 9],
          [9, 9, 9]
        ]
      ]
    ])
    expect(ndarray.toNested(evaluateOn(pooled(nn.maxPool(2)))(x))).toEqual([[[[4]]]])
    expect(ndarray.toNested(evaluateOn(pooled(nn.avgPool(2)))(x))).toEqual([[[[2.5]]]])
  })

  it('over all of an image is its mean', () => {
    const x = normalOf(1, [2, 3, 4, 5])
    const all = evaluateOn(pooled(nn.globalAvgPool))(x)
    expect(all.shape).toEqual([2, 3])
    const one = evaluateOn((t: Tensor) => ops.reshape([2, 3])(pooled(nn.avgPool([4, 5]))(t)))(x)
    expect(relativeError(all, one)).toBeLessThan(1e-12)
    expect(nn.globalAvgPool.outputShape([3, 4, 5])).toEqual([3])
  })

  it('refuses what does not fit, with a typed error', () => {
    expect(() => nn.maxPool(2, { padding: 2 })).toThrow('padding smaller than the window')
    expect(() => nn.avgPool(0)).toThrow('ArgumentError in nn.avgPool')
    expect(() => nn.maxPool(3).outputShape([1, 2, 2])).toThrow('ShapeError in nn.maxPool')
    expect(() => nn.globalAvgPool.outputShape([4])).toThrow('ShapeError in nn.globalAvgPool')
    expect(() => evaluateOn(pooled(nn.avgPool(2)))(ndarray.zeros([4, 4]))).toThrow('ShapeError')
  })
})
