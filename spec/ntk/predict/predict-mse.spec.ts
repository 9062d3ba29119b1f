import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { evaluateOn, type NdArray, ndarray, type nn, ntk, ops, type Tensor } from 'tangentflow'
import {
  descend,
  kernelOf,
  linearCases,
  outputsOf,
  productOf,
  randomArray,
  right,
  setting,
  stable,
  times,
  workedKernel
} from '../../support/kernels.js'
import { maxDifference, relativeError, worked } from '../../support/networks.js'
import { runs } from '../../support/runs.js'

const betas = fc.constantFrom(0.3, 0.9, 0.99)

describe('predictMse', () => {
  it('meets the worked example', () => {
    const at = (p: nn.Params, x: Tensor) => ({
      kernel: ntk.empiricalNtk(worked.net.apply, { outputs: 'mean' })(p, x),
      start: worked.net.apply(p)(x)
    })
    const { kernel, start } = evaluateOn(at)(worked.params, worked.x)
    const y = ndarray.fromNested([[1], [0]])
    const found = right(ntk.predictMse(kernel, y, { start, times: [0, 1, 10, Infinity] }))
    const expected = [
      [0.5, 0.5],
      [0.833021, 0.509816],
      [0.957867, 0.168532],
      [1, 0]
    ]
    found.train.forEach((outputs, i) => {
      expect(outputs.data[0]).toBeCloseTo(expected[i]![0]!, 6)
      expect(outputs.data[1]).toBeCloseTo(expected[i]![1]!, 6)
    })
    expect(found.test).toEqual([])
  })

  it('is exact for linear models under descent and momentum, on training and other inputs', () =>
    fc.assert(
      fc.property(
        linearCases,
        fc.integer({ min: 0, max: 40 }),
        fc.constantFrom(0, 0.3, 0.9),
        fc.double({ min: 0.01, max: 0.95, noNaN: true }),
        (one, steps, momentum, part) => {
          const { kernel, start, test } = setting(one)
          const rate = stable(kernel, part, momentum)
          const found = right(
            ntk.predictMse(kernel, one.targets, {
              dynamics: 'descent',
              times: [steps],
              rate,
              momentum,
              start,
              test
            })
          )
          const params = descend(one, { rate, momentum, steps })
          expect(relativeError(found.train[0]!, outputsOf(one.train, params))).toBeLessThan(1e-8)
          expect(relativeError(found.test[0]!, outputsOf(one.test, params))).toBeLessThan(1e-7)
        }
      )
    ))

  it('under flow is the limit of small steps: the error of real descent falls with the step', () =>
    fc.assert(
      fc.property(linearCases, fc.constantFrom(0, 0.5), (one, momentum) => {
        const { kernel, start, test } = setting(one)
        const rate = stable(kernel, 0.2, 0)
        const wanted = (h: number) =>
          momentum === 0
            ? { rate: rate * h, momentum: 0, steps: Math.round(4 / h) }
            : // a ball of fixed friction c in time τ = h k: η = η₁h², β = 1 − ch
              { rate: rate * h * h, momentum: 1 - momentum * h, steps: Math.round(4 / h) }
        const errorAt = (h: number): number => {
          const { rate: eta, momentum: beta, steps } = wanted(h)
          const found = right(
            ntk.predictMse(kernel, one.targets, { times: [steps], rate: eta, momentum: beta, start, test })
          )
          const params = descend(one, wanted(h))
          return Math.max(
            maxDifference(found.train[0]!, outputsOf(one.train, params)),
            maxDifference(found.test[0]!, outputsOf(one.test, params))
          )
        }
        const [coarse, fine] = [errorAt(1 / 16), errorAt(1 / 64)]
        // first order: a quarter of the error; a half is asked for, beside rounding
        expect(fine).toBeLessThanOrEqual(coarse / 2 + 1e-9)
      }),
      { numRuns: runs(50) }
    ))

  it('is a semigroup in time', () =>
    fc.assert(
      fc.property(linearCases, times, times, (one, s, t) => {
        const { kernel, start, test } = setting(one)
        const at = (time: number, from: NdArray, place: ntk.TestInputs) => {
          const found = right(
            ntk.predictMse(kernel, one.targets, { times: [time], start: from, test: place })
          )
          return { train: found.train[0]!, test: { kernel: test.kernel, start: found.test[0]! } }
        }
        const first = at(s, start, test)
        const second = at(t, first.train, first.test)
        const once = at(s + t, start, test)
        expect(relativeError(second.train, once.train)).toBeLessThan(1e-9)
        expect(relativeError(second.test.start, once.test.start)).toBeLessThan(1e-8)
      })
    ))

  it('starts at the start, and ends at kernel regression, which fits what can be fitted', () =>
    fc.assert(
      fc.property(
        linearCases,
        fc.constantFrom('flow' as const, 'descent' as const),
        betas,
        (one, dynamics, momentum) => {
          const { kernel, start, test } = setting(one)
          const rate = stable(kernel, 0.5, momentum)
          const options = { dynamics, rate, momentum, start, test }
          const found = right(ntk.predictMse(kernel, one.targets, { ...options, times: [0, Infinity] }))
          expect(maxDifference(found.train[0]!, start)).toBeLessThan(1e-12)
          expect(maxDifference(found.test[0]!, test.start)).toBeLessThan(1e-12)
          const limit = right(ntk.kernelRegression(kernel, one.targets, { start, test }))
          expect(relativeError(found.train[1]!, limit.train)).toBeLessThan(1e-9)
          expect(relativeError(found.test[1]!, limit.test!)).toBeLessThan(1e-9)
          // the gradient at the end is zero: Jᵀ(f − y) = 0
          const residual = limit.train.data.map((f, i) => f - one.targets.data[i]!)
          for (let f = 0; f < one.features; f++) {
            let slope = 0
            residual.forEach((r, row) => (slope += r * one.train.data[row * one.features + f]!))
            expect(Math.abs(slope)).toBeLessThan(1e-7)
          }
        }
      )
    ))

  it('at long finite times approaches its limit', () => {
    const y = ndarray.fromNested([1, 0])
    for (const momentum of [0, 0.5, 0.9]) {
      for (const dynamics of ['flow', 'descent'] as const) {
        const rate = 0.3
        const found = right(
          ntk.predictMse(workedKernel, y, { dynamics, rate, momentum, times: [100_000, Infinity] })
        )
        expect(maxDifference(found.train[0]!, found.train[1]!)).toBeLessThan(1e-9)
      }
    }
  })

  it('takes each layout as what it stands for', () =>
    fc.assert(
      fc.property(fc.nat({ max: 1e6 }), fc.integer({ min: 1, max: 4 }), times, (seed, n, t) => {
        const o = 2
        const [a, b] = [kernelOf(seed, n, 3), kernelOf(seed + 1, n, 3)]
        const y = randomArray(seed + 2, [n, o])
        const column = (array: NdArray, k: number): NdArray =>
          ndarray.of(
            [n],
            Float64Array.from({ length: n }, (_, i) => array.data[i * o + k]!)
          )
        const at = (kernel: NdArray, targets: NdArray): NdArray =>
          right(ntk.predictMse(kernel, targets, { times: [t] })).train[0]!
        const diag = ndarray.of(
          [n, n, o],
          Float64Array.from({ length: n * n * o }, (_, i) => [a, b][i % o]!.data[Math.floor(i / o)]!)
        )
        const full = ndarray.of(
          [n, n, o, o],
          Float64Array.from({ length: n * n * o * o }, (_, i) => {
            const [p, q] = [Math.floor(i / o) % o, i % o]
            return p === q ? [a, b][p]!.data[Math.floor(i / (o * o))]! : 0
          })
        )
        expect(maxDifference(at(full, y), at(diag, y))).toBeLessThan(1e-9)
        expect(maxDifference(column(at(diag, y), 0), at(a, column(y, 0)))).toBeLessThan(1e-9)
        expect(maxDifference(column(at(diag, y), 1), at(b, column(y, 1)))).toBeLessThan(1e-9)
        expect(maxDifference(column(at(a, y), 1), at(a, column(y, 1)))).toBeLessThan(1e-9)
      })
    ))

  it('leaves modes of eigenvalue zero alone, at any time', () => {
    const kernel = ndarray.fromNested([
      [1, 1],
      [1, 1]
    ])
    const y = ndarray.fromNested([1, 0])
    for (const t of [1, 1e6, Infinity]) {
      const { train } = right(ntk.predictMse(kernel, y, { times: [t] }))
      expect(train[0]!.data[0]).toBeCloseTo(train[0]!.data[1]!, 12)
    }
    const still = right(ntk.predictMse(ndarray.zeros([2, 2]), y, { times: [5, Infinity] }))
    expect(Array.from(still.train[1]!.data)).toEqual([0, 0])
  })

  it('takes the rounding of float32 kernels for zero, and their test kernels with it', () => {
    const features = randomArray(3, [6, 1, 2])
    const single = ndarray.of([6, 6], Float32Array.from(productOf(features, features).data))
    const cross = ndarray.of([6, 6], Float32Array.from(single.data))
    const { train, test } = right(
      ntk.predictMse(single, randomArray(4, [6]), { times: [1e12, Infinity], test: { kernel: cross } })
    )
    expect(maxDifference(train[0]!, train[1]!)).toBeLessThan(1e-6)
    expect(maxDifference(test[0]!, train[1]!)).toBeLessThan(1e-5)
  })
})

describe('kernelRegression', () => {
  it('with a ridge solves (Θ + NρI) α = y − f₀', () =>
    fc.assert(
      fc.property(linearCases, fc.double({ min: 0.01, max: 3, noNaN: true }), (one, ridge) => {
        const { kernel, start, test } = setting(one)
        const {
          train,
          dual,
          test: at
        } = right(ntk.kernelRegression(kernel, one.targets, { ridge, start, test }))
        const { outputs: o, examples: n } = one
        // outside the span of the kernel the coefficients do not count; here they are left at 0
        const back = train.data.map((f, i) => one.targets.data[i]! - f - n * ridge * dual.data[i]!)
        for (let f = 0; f < one.features; f++) {
          let slope = 0
          back.forEach((r, row) => (slope += r * one.train.data[row * one.features + f]!))
          expect(Math.abs(slope)).toBeLessThan(1e-7)
        }
        const direct = evaluateOn((k: Tensor, a: Tensor, s: Tensor) =>
          ops.add(s)(ops.einsum('nmop,mp->no')(k, a))
        )(test.kernel, dual, test.start)
        expect(at!.shape).toEqual([2, o])
        expect(relativeError(at!, direct)).toBeLessThan(1e-9)
      })
    ))

  it('trains each output of a kernel [n, n, o] as if it were alone, however small its kernel is', () => {
    for (const small of [1e-6, 1e-12, 1e-30]) {
      const both = ndarray.of([1, 1, 2], new Float32Array([1, small]))
      const y = ndarray.of([1, 2], [1, 1])
      const predicted = right(ntk.predictMse(both, y, { times: [1 / small, Infinity] })).train
      expect(Array.from(predicted[0]!.data, (v) => v.toFixed(6))).toEqual([
        '1.000000',
        (1 - Math.exp(-1)).toFixed(6)
      ])
      expect([...predicted[1]!.data]).toEqual([1, 1])
      expect([...right(ntk.kernelRegression(both, y)).train.data]).toEqual([1, 1])
    }
    const negative = ndarray.of([1, 1, 2], [1, -1e-12])
    expect(ntk.predictMse(negative, ndarray.of([1, 2], [1, 1]), { times: [1] })).toMatchObject({
      left: { _tag: 'ArgumentError', where: 'kernel' }
    })
  })

  it('a ridge above rounding leaves no mode out: α solves (Θ + NρI) α = y', () => {
    const kernel = ndarray.fromNested([
      [1, 1],
      [1, 1]
    ])
    const { dual, train } = right(ntk.kernelRegression(kernel, ndarray.of([2], [1, 0]), { ridge: 0.5 }))
    expect(Array.from(dual.data, (v) => v.toFixed(9))).toEqual([2 / 3, -1 / 3].map((v) => v.toFixed(9)))
    expect(Array.from(train.data, (v) => v.toFixed(9))).toEqual([1 / 3, 1 / 3].map((v) => v.toFixed(9)))
  })
})
