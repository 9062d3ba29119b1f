import { pipe } from 'fp-ts/lib/function.js'
import * as fc from 'fast-check'
import {
  type Concrete,
  evaluateOn,
  key,
  type Key,
  mask,
  ndarray,
  type NdArray,
  nn,
  ntk,
  ops,
  type Tensor
} from 'tangentflow'
import { describe, expect, it } from 'vitest'
import { numbers } from '../../support/masks.js'
import { batchOf, convolved, relativeError } from '../../support/networks.js'
import { runs } from '../../support/runs.js'

const { net, params } = convolved

const data = batchOf(5, 8, 36, 3)

const weights = (tree: Concrete<nn.Weights>): readonly NdArray[] =>
  tree.flatMap(({ w }) => (w === undefined ? [] : [w]))

describe('the kernel-trace score', () => {
  it('is the same in either parametrisation of the same function', () =>
    fc.assert(
      fc.property(fc.nat({ max: 1e6 }), fc.integer({ min: 1, max: 6 }), (seed, width) => {
        const [sigmaW, inputs] = [1.7, 4]
        const build = (options: nn.DenseOptions): nn.Network =>
          nn.serial(nn.dense(width, options), nn.tanh, nn.dense(3, options))
        const [ntk, standard] = [build({ parametrisation: 'ntk', sigmaW, sigmaB: 0.3 }), build({})]
        const params = ntk.init(key(seed), [inputs])
        const same = params.map(({ w, b }) =>
          w === undefined || b === undefined
            ? {}
            : {
                w: ndarray.of(
                  w.shape,
                  Float64Array.from(w.data, (v) => (sigmaW / Math.sqrt(w.shape[0]!)) * v)
                ),
                b: ndarray.of(
                  b.shape,
                  Float64Array.from(b.data, (v) => 0.3 * v)
                )
              }
        )
        const data = batchOf(seed, 5, inputs, 3)
        const scored = (net: nn.Network, p: Concrete<nn.Params>): readonly number[] =>
          numbers(
            evaluateOn((at: nn.Params, batch: nn.Batch, k: Key) => mask.score.kernelTrace(net)(at, batch, k))(
              p,
              data,
              key(0)
            )
          )
        const want = scored(standard, same)
        scored(ntk, params).forEach((value, i) => expect(value).toBeCloseTo(want[i]!, 5))
      }),
      { numRuns: runs(30) }
    ))
})

describe('the kernel-trace score of a convolution', () => {
  const score = (options: mask.KernelTraceOptions = {}) =>
    evaluateOn((p: nn.Params, b: nn.Batch, k: Key) => mask.score.kernelTrace(net, options)(p, b, k))(
      params,
      data,
      key(0)
    )

  it('is |w| times the root of its share of the kernel’s trace', () => {
    const share = evaluateOn((p: nn.Params, x: Tensor) =>
      ntk
        .jacobians(net.apply, p, x)
        .map(({ w }) =>
          w === undefined ? {} : { w: pipe(w, ops.square, ops.sum(1), ops.mean(0), ops.sqrt) }
        )
    )(params, data.x)
    const ratios = [1, 4].map((layer) => {
      const [s, d, w] = [score()[layer]!.w!, share[layer]!.w!, params[layer]!.w!]
      const raw = ndarray.of(
        w.shape,
        Float64Array.from(w.data, (x, i) => Math.abs(x) * d.data[i]!)
      )
      const ratio = s.data[0]! / raw.data[0]!
      expect(
        relativeError(
          s,
          ndarray.of(
            w.shape,
            raw.data.map((x) => ratio * x)
          )
        )
      ).toBeLessThan(1e-9)
      return ratio
    })
    // one scale for all layers: the mean of all scores is 1
    expect(ratios[0]! / ratios[1]!).toBeCloseTo(1, 9)
    const all = weights(score()).flatMap(({ data: values }) => Array.from(values))
    expect(all.reduce((a, b) => a + b, 0) / all.length).toBeCloseTo(1, 9)
  })

  it('is the same however many examples are held at once, the last few among them', () => {
    const whole = weights(score())
    for (const atOnce of [1, 3, 8])
      weights(score({ atOnce })).forEach((part, l) =>
        expect(relativeError(part, whole[l]!)).toBeLessThan(1e-12)
      )
    expect(() => score({ atOnce: 0 })).toThrow('ArgumentError in mask.score.kernelTrace')
  })

  it('is 0 where the input is', () => {
    const dark = { ...data, x: ndarray.zeros([8, 36]) }
    const [first] = weights(
      evaluateOn((p: nn.Params, b: nn.Batch, k: Key) => mask.score.kernelTrace(net)(p, b, k))(
        params,
        dark,
        key(0)
      )
    )
    expect(Array.from(first!.data).every((s) => s === 0)).toBe(true)
  })
})
