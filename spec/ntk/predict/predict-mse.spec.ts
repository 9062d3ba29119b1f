import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { evaluateOn, type NdArray, ndarray, nn, ntk, ops, type Tensor } from 'tangentflow'
import {
  kernelOf,
  left,
  type LinearCase,
  linearCases,
  outputsOf,
  productOf,
  randomArray,
  right
} from '../../support/kernels.js'
import { maxDifference, relativeError, worked } from '../../support/networks.js'
import { runs } from '../../support/runs.js'

const workedKernel = ndarray.fromNested([
  [17 / 4, 1],
  [1, 1 / 2]
])

const times = fc.double({ min: 0, max: 30, noNaN: true })
const betas = fc.constantFrom(0.3, 0.9, 0.99)

/** Rates that keep descent stable, as a part of the largest stable one. */
const stable = (kernel: NdArray, part: number, momentum: number): number =>
  Math.min(10, part * right(ntk.maxLearningRate(kernel, { momentum })))

/** Real training of a linear model, parameters and all: θ ← θ + β(θ − θ₋) − (η/N) Jᵀ∇. */
const descend = (
  { train, targets, params, examples }: LinearCase,
  { rate, momentum, steps }: { readonly rate: number; readonly momentum: number; readonly steps: number }
): Float64Array => {
  let [now, before] = [Float64Array.from(params.data), Float64Array.from(params.data)]
  const features = now.length
  for (let k = 0; k < steps; k++) {
    const residual = outputsOf(train, now).data.map((f, i) => f - targets.data[i]!)
    const next = now.map((p, f) => {
      let slope = 0
      residual.forEach((r, row) => (slope += r * train.data[row * features + f]!))
      return p + momentum * (p - before[f]!) - (rate / examples) * slope
    })
    ;[now, before] = [next, now]
  }
  return now
}

const setting = (one: LinearCase) => ({
  kernel: productOf(one.train, one.train),
  start: outputsOf(one.train, one.params.data),
  test: { kernel: productOf(one.test, one.train), start: outputsOf(one.test, one.params.data) }
})

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

describe('momentum under flow', () => {
  it('solves θ̈ = −(1 − β)θ̇ − η∇L: under, at, near and over critical damping', () => {
    const beta = 0.6
    const y = ndarray.fromNested([[1]])
    const start = ndarray.fromNested([[0]])
    const critical = (1 - beta) ** 2 / 4
    for (const square of [
      1e-9,
      critical / 3,
      critical * 0.5,
      critical * 0.50001,
      critical * 0.999999,
      critical,
      critical * (1 + 1e-12),
      critical * 1.000001,
      critical * 40
    ]) {
      const kernel = ndarray.fromNested([[square]])
      const options = { times: [0.5, 3, 40], momentum: beta }
      const closed = right(ntk.predictMse(kernel, y, options))
      const solved = right(
        ntk.predictOde(kernel, nn.mse, y, { ...options, start, relative: 1e-11, absolute: 1e-13 })
      )
      closed.train.forEach((outputs, i) => {
        expect(Math.abs(outputs.data[0]! - solved.train[i]!.data[0]!)).toBeLessThan(1e-9)
      })
    }
  })
})

describe('maxLearningRate', () => {
  it('is 2(1 + β)N / λ_max', () => {
    expect(right(ntk.maxLearningRate(workedKernel))).toBeCloseTo(4 / 4.5, 12)
    expect(right(ntk.maxLearningRate(workedKernel, { momentum: 0.9, examples: 10 }))).toBeCloseTo(
      38 / 4.5,
      12
    )
    expect(right(ntk.maxLearningRate(ndarray.zeros([3, 3])))).toBe(Infinity)
  })

  it('parts real descent that converges from descent that diverges, with momentum and without', () =>
    fc.assert(
      fc.property(linearCases, fc.constantFrom(0, 0.5, 0.9), (one, momentum) => {
        const { kernel } = setting(one)
        const most = right(ntk.maxLearningRate(kernel, { momentum }))
        // the residual lies along the top mode alone
        const { vectors } = right(ntk.spectrum(kernel))
        const start = outputsOf(one.train, one.params.data)
        const size = start.data.length
        const along: LinearCase = {
          ...one,
          targets: ndarray.of(
            start.shape,
            start.data.map((f, i) => f - vectors.data[i]!)
          )
        }
        const residual = (rate: number): number => {
          const params = descend(along, { rate, momentum, steps: 400 })
          const end = outputsOf(one.train, params)
          let sum = 0
          for (let i = 0; i < size; i++) sum += (end.data[i]! - along.targets.data[i]!) ** 2
          return Math.sqrt(sum)
        }
        expect(residual(0.97 * most)).toBeLessThan(0.5)
        expect(residual(1.03 * most)).toBeGreaterThan(2)
      }),
      { numRuns: runs(50) }
    ))
})

describe('predictOde', () => {
  // its outputs fall from 0.2 to 0.001, where the error of the first steps is a millionth
  const fading: LinearCase = {
    examples: 3,
    outputs: 1,
    features: 1,
    train: ndarray.of([3, 1, 1], [1.6844191551208496, -1.5433852672576904, -1.3597841262817383]),
    test: ndarray.of([2, 1, 1], [1.9621366262435913, 0.3495391309261322]),
    targets: ndarray.of([3, 1], [0.6683973670005798, -0.26872357726097107, 1.1291619539260864]),
    params: ndarray.of([1], [-0.1337466984987259]),
    seed: 999992
  }

  it('is the closed form for squared error, to tolerance, with momentum and without', () =>
    fc.assert(
      fc.property(linearCases, times, fc.constantFrom(0, 0.5), (one, t, momentum) => {
        const { kernel, start, test } = setting(one)
        const options = { rate: stable(kernel, 0.5, 0), momentum, times: [t / 2, t], start, test }
        const closed = right(ntk.predictMse(kernel, one.targets, options))
        const solved = right(ntk.predictOde(kernel, nn.mse, one.targets, options))
        const loose = right(
          ntk.predictOde(kernel, nn.mse, one.targets, { ...options, relative: 1e-3, absolute: 1e-3 })
        )
        // tolerances hold for each step, so that what is left of its error is to be seen beside where the outputs came from
        const error = (found: NdArray, wanted: NdArray, from: NdArray): number =>
          maxDifference(found, wanted) /
          Math.max(...[wanted, from].flatMap(({ data }) => Array.from(data, Math.abs)))
        for (const i of [0, 1]) {
          expect(error(solved.train[i]!, closed.train[i]!, start)).toBeLessThan(1e-6)
          expect(error(solved.test[i]!, closed.test[i]!, test.start)).toBeLessThan(1e-5)
          expect(error(loose.train[i]!, closed.train[i]!, start)).toBeLessThan(0.1)
        }
      }),
      { numRuns: runs(50), examples: [[fading, 4.304569656656312, 0]] }
    ))

  it('moves logits by the softmax: one example of two classes, in closed form', () => {
    // z = f_1 − f_0 obeys ż = 2σ(−z), so z + e^z = 1 + 2t from z = 0
    const kernel = ndarray.fromNested([[1]])
    const start = ndarray.fromNested([[0, 0]])
    const { train } = right(
      ntk.predictOde(kernel, nn.crossEntropy, ndarray.fromNested([1]), { start, times: [0, 1, 7, 50] })
    )
    ;[0, 1, 7, 50].forEach((t, i) => {
      const z = train[i]!.data[1]! - train[i]!.data[0]!
      expect(z + Math.exp(z)).toBeCloseTo(1 + 2 * t, 5)
    })
  })

  it('lowers any loss along the way', () =>
    fc.assert(
      fc.property(linearCases, (one) => {
        const { kernel, start } = setting({ ...one, outputs: one.outputs })
        const labels = ndarray.of(
          [one.examples],
          Float64Array.from({ length: one.examples }, (_, i) => i % one.outputs)
        )
        const found = right(
          ntk.predictOde(kernel, nn.crossEntropy, labels, { start, rate: 0.3, times: [0, 1, 2, 4, 8] })
        )
        const loss = (f: Tensor, y: Tensor): Tensor => nn.crossEntropy(y)(f)
        const losses = found.train.map((f) => ndarray.toNumber(evaluateOn(loss)(f, labels)))
        losses.slice(1).forEach((value, i) => expect(value).toBeLessThanOrEqual(losses[i]! + 1e-9))
      }),
      { numRuns: runs(50) }
    ))

  it('refuses what it cannot reach in the steps allowed', () => {
    const start = ndarray.fromNested([0, 0])
    const error = left(
      ntk.predictOde(workedKernel, nn.mse, ndarray.fromNested([[1], [0]]), {
        start: ndarray.fromNested([[0], [0]]),
        times: [1e4],
        maxSteps: 50
      })
    )
    expect(error._tag).toBe('ArgumentError')
    expect(error.where).toBe('maxSteps')
    expect(error.received).toContain('after 50 steps')
    // a loss that grows without bound runs into an infinity, not into a loop
    const explode = () => (f: Tensor) => ops.neg(ops.sum()(ops.exp(f)))
    const blown = left(ntk.predictOde(workedKernel, explode, start, { start, times: [100] }))
    expect(blown._tag).toBe('ArgumentError')
  })
})

describe('predictDescent', () => {
  it('is the closed form for squared error, and small steps of it are the flow for any loss', () =>
    fc.assert(
      fc.property(
        linearCases,
        fc.integer({ min: 0, max: 20 }),
        fc.constantFrom(0, 0.7),
        (one, steps, momentum) => {
          const { kernel, start, test } = setting(one)
          const rate = stable(kernel, 0.5, momentum)
          const options = { rate, momentum, times: [steps, steps + 3], start, test }
          const closed = right(ntk.predictMse(kernel, one.targets, { ...options, dynamics: 'descent' }))
          const stepped = right(ntk.predictDescent(kernel, nn.mse, one.targets, options))
          for (const i of [0, 1]) {
            expect(relativeError(stepped.train[i]!, closed.train[i]!)).toBeLessThan(1e-8)
            expect(relativeError(stepped.test[i]!, closed.test[i]!)).toBeLessThan(1e-7)
          }
          const labels = ndarray.zeros([one.examples])
          const flow = right(
            ntk.predictOde(kernel, nn.crossEntropy, labels, { rate: 0.1, times: [2], start, test })
          )
          const errorAt = (h: number): number =>
            maxDifference(
              right(
                ntk.predictDescent(kernel, nn.crossEntropy, labels, {
                  rate: 0.1 * h,
                  times: [Math.round(2 / h)],
                  start,
                  test
                })
              ).test[0]!,
              flow.test[0]!
            )
          expect(errorAt(1 / 128)).toBeLessThanOrEqual(errorAt(1 / 16) / 4 + 1e-6)
        }
      ),
      { numRuns: runs(30) }
    ))
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
})

describe('bad input', () => {
  const y = ndarray.fromNested([1, 0])
  const predictors: readonly [string, (kernel: NdArray, targets: NdArray) => Parameters<typeof left>[0]][] = [
    ['ntk.predictMse', (kernel, targets) => ntk.predictMse(kernel, targets, { times: [1] })],
    [
      'ntk.predictOde',
      (kernel, targets) => ntk.predictOde(kernel, nn.mse, y, { times: [1], start: targets })
    ],
    [
      'ntk.predictDescent',
      (kernel, targets) => ntk.predictDescent(kernel, nn.mse, y, { times: [1], start: targets })
    ],
    ['ntk.kernelRegression', (kernel, targets) => ntk.kernelRegression(kernel, targets)],
    ['ntk.modeResiduals', (kernel, targets) => ntk.modeResiduals(kernel, targets, targets)]
  ]
  const kernels: readonly [string, string, NdArray][] = [
    ['not square', 'ShapeError', ndarray.zeros([2, 3])],
    ['a vector', 'ShapeError', ndarray.zeros([2])],
    ['outputs that differ', 'ShapeError', ndarray.zeros([2, 2, 1, 2])],
    [
      'not symmetric',
      'ArgumentError',
      ndarray.fromNested([
        [1, 0.5],
        [0.4, 1]
      ])
    ],
    [
      'not finite',
      'DataError',
      ndarray.fromNested([
        [1, NaN],
        [NaN, 1]
      ])
    ],
    [
      'infinite',
      'DataError',
      ndarray.fromNested([
        [Infinity, 0],
        [0, 1]
      ])
    ]
  ]

  for (const [operation, predict] of predictors) {
    it.each(kernels)(`${operation} refuses a kernel that is %s`, (_, tag, kernel) => {
      const error = left(predict(kernel, y))
      expect([error._tag, error.operation]).toEqual([tag, operation])
    })

    it(`${operation} refuses outputs and labels of other shapes, and NaN among them`, () => {
      for (const bad of [ndarray.zeros([3]), ndarray.zeros([2, 2, 1]), ndarray.zeros([])])
        expect(left(predict(workedKernel, bad))._tag).toBe('ShapeError')
      expect(left(predict(ndarray.zeros([2, 2, 3, 3]), ndarray.zeros([2, 2])))._tag).toBe('ShapeError')
      expect(left(predict(workedKernel, ndarray.fromNested([1, NaN])))._tag).toBe('DataError')
    })
  }

  it('refuses times, rates, momentum, ridge and tolerances out of range', () => {
    const mse = (options: Partial<ntk.MseOptions>) =>
      left(ntk.predictMse(workedKernel, y, { times: [1], ...options }))
    const ode = (options: Partial<ntk.FlowOptions>) =>
      left(
        ntk.predictOde(workedKernel, nn.mse, ndarray.fromNested([[1], [0]]), {
          times: [1],
          start: ndarray.fromNested([[1], [0]]),
          ...options
        })
      )
    for (const error of [
      mse({ times: [-1] }),
      mse({ times: [NaN] }),
      mse({ times: [0.5], dynamics: 'descent' }),
      mse({ rate: 0 }),
      mse({ rate: Infinity }),
      mse({ momentum: 1 }),
      mse({ momentum: -0.1 }),
      mse({ tolerance: 1 }),
      mse({ dynamics: 'descent', rate: 2, times: [Infinity] }),
      mse({ dynamics: 'descent', rate: 100, times: [100_000] }),
      ode({ times: [-1] }),
      ode({ times: [Infinity] }),
      ode({ times: [2, 1] }),
      ode({ relative: 0 }),
      ode({ maxSteps: NaN }),
      left(ntk.kernelRegression(workedKernel, y, { ridge: -1 })),
      left(ntk.maxLearningRate(workedKernel, { examples: 0 })),
      left(ntk.maxLearningRate(ndarray.fromNested([[-1]]))),
      left(
        ntk.predictMse(
          ndarray.fromNested([
            [1, 2],
            [2, 1]
          ]),
          y,
          { times: [1] }
        )
      )
    ])
      expect(error._tag).toBe('ArgumentError')
    expect(mse({ times: [0, -2] }).where).toBe('times[1]')
  })

  it('refuses test inputs that do not go with the training kernel, and losses without a number', () => {
    const test = (kernel: NdArray, s?: NdArray) =>
      left(
        ntk.predictMse(workedKernel, y, {
          times: [1],
          test: s === undefined ? { kernel } : { kernel, start: s }
        })
      )
    for (const error of [
      test(ndarray.zeros([4, 3])),
      test(ndarray.zeros([4, 2, 1, 1])),
      test(ndarray.zeros([4, 2]), ndarray.zeros([3]))
    ]) {
      expect(error._tag).toBe('ShapeError')
      expect(error.where).toMatch(/^test\./)
    }
    const each = left(
      ntk.predictOde(workedKernel, nn.mseEach, ndarray.zeros([2, 1]), {
        times: [1],
        start: ndarray.zeros([2, 1])
      })
    )
    expect(each.operation).toBe('grad')
    const singular = () => (f: Tensor) => ops.sum()(ops.log(f))
    const endless = left(
      ntk.predictOde(workedKernel, singular, y, { times: [1], start: ndarray.fromNested([0, 1]) })
    )
    expect([endless._tag, endless.where]).toEqual(['DataError', 'start'])
  })
})
