import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type Concrete,
  evaluateOn,
  jvp,
  key,
  type Key,
  ndarray,
  type NdArray,
  nn,
  normals,
  ntk,
  openEngine,
  ops,
  type Tensor,
  train,
  tree
} from 'tangentflow'
import {
  descend,
  type LinearCase,
  linearCases,
  outputsOf,
  right,
  setting,
  workedKernel
} from '../../support/kernels.js'
import { runs } from '../../support/runs.js'
import * as E from 'fp-ts/lib/Either.js'
import { type Case, cases, relativeError } from '../../support/networks.js'

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

/** Other parameters of the same form. */
const elsewhere = ({ params, seed }: Case): Concrete<nn.Params> =>
  params.map((layer, l) =>
    Object.fromEntries(
      Object.entries(layer).map(([name, value]: [string, NdArray]) => [
        name,
        ndarray.of(value.shape, normals(key(seed + 7 * l + name.charCodeAt(0)), value.data.length))
      ])
    )
  )

describe('linearised', () => {
  it('is f(p₀) + J (p − p₀): the value at p₀, affine in p', () =>
    fc.assert(
      fc.property(cases, (one) => {
        const { net, params, data } = one
        const far = elsewhere(one)
        const flat = (p: nn.Params, x: Tensor): Tensor => ntk.linearised(net.apply, params)(p)(x)
        const direct = (p0: nn.Params, p: nn.Params, x: Tensor): Tensor => {
          const step = tree.zipWith(p0, (a, b) => ops.sub(b)(a))(p)
          const [value, slope] = jvp((q: nn.Params) => net.apply(q)(x))(p0, step)
          return ops.add(slope)(value)
        }
        const value = evaluateOn((p: nn.Params, x: Tensor) => net.apply(p)(x))(params, data.x)
        expect(relativeError(evaluateOn(flat)(params, data.x), value)).toBeLessThan(1e-12)
        expect(
          relativeError(evaluateOn(flat)(far, data.x), evaluateOn(direct)(params, far, data.x))
        ).toBeLessThan(1e-10)
      })
    ))

  it('draws as the model does', () => {
    const net = nn.serial(nn.dense(8), nn.dropout(0.5), nn.dense(2))
    const params = net.init(key(0), [2])
    const x = ndarray.fromNested([[0.2, 0.9]])
    const out = (model: nn.Model<nn.Params>) =>
      evaluateOn((p: nn.Params, at: Tensor, k: Key) => model(p, k)(at))(params, x, key(5))
    expect(relativeError(out(ntk.linearised(net.apply, params)), out(net.apply))).toBeLessThan(1e-12)
  })

  it('has the kernel of f at p₀, wherever p is', () =>
    fc.assert(
      fc.property(cases, (one) => {
        const { net, params, data } = one
        const of = (model: nn.Model<nn.Params>) => (p: nn.Params, x: Tensor) => ntk.empiricalNtk(model)(p, x)
        const flat = evaluateOn(of(ntk.linearised(net.apply, params)))(elsewhere(one), data.x)
        expect(relativeError(flat, evaluateOn(of(net.apply))(params, data.x))).toBeLessThan(1e-10)
      }),
      { numRuns: runs(40) }
    ))

  it('is a linear model itself', () => {
    const net = nn.serial(nn.dense(3))
    const params = net.init(key(1), [2])
    const x = ndarray.fromNested([[1, 2]])
    const at = (model: nn.Model<nn.Params>) => (p: nn.Params, input: Tensor) => model(p)(input)
    const other = net.init(key(2), [2])
    expect(
      relativeError(
        evaluateOn(at(ntk.linearised(net.apply, params)))(other, x),
        evaluateOn(at(net.apply))(other, x)
      )
    ).toBeLessThan(1e-12)
  })

  it('takes p₀ also as an argument, and refuses one of another form', () => {
    const net = nn.serial(nn.dense(2))
    const params = net.init(key(1), [3])
    const x = ndarray.fromNested([[1, 2, 3]])
    const traced = (p0: nn.Params, p: nn.Params, input: Tensor): Tensor =>
      ntk.linearised(net.apply, p0)(p)(input)
    const plain = (p: nn.Params, input: Tensor): Tensor => net.apply(p)(input)
    const other = net.init(key(2), [3])
    expect(relativeError(evaluateOn(traced)(params, other, x), evaluateOn(plain)(other, x))).toBeLessThan(
      1e-12
    )
    expect(() => evaluateOn(traced)([{ w: params[0]!.w! }], other, x)).toThrow(/TreeError/)
  })

  it.each([
    [train.sgd, 0],
    [train.momentum(0.8), 0.8]
  ])('trained for real follows predictDescent, to rounding (%#)', async (optimiser, momentum) => {
    const net = nn.serial(nn.dense(6), nn.tanh, nn.dense(3))
    const params = net.init(key(5), [4])
    const x = ndarray.of([5, 4], normals(key(6), 20))
    const y = ndarray.fromNested([0, 1, 2, 1, 0])
    const engine = await openEngine({ require: 'reference' })()
    if (E.isLeft(engine)) throw new Error('no reference engine')
    const [steps, rate] = [12, 0.2]
    const fitted = await train.fit(ntk.linearised(net.apply, params), {
      epochs: steps,
      batch: 5,
      optimiser,
      schedule: train.schedule.constant(rate),
      record: { x, times: steps }
    })(
      params,
      { x, y },
      key(0)
    )(engine.right)()
    const at = (p: nn.Params, input: Tensor) => ({
      kernel: ntk.empiricalNtk(net.apply)(p, input),
      start: net.apply(p)(input)
    })
    const { kernel, start } = evaluateOn(at)(params, x)
    const times = Array.from({ length: steps }, (_, k) => k + 1)
    const predicted = right(ntk.predictDescent(kernel, nn.crossEntropy, y, { start, rate, momentum, times }))
    right(fitted).recorded.forEach(({ outputs }, k) =>
      // parameters pass through float32 between steps
      expect(relativeError(outputs, predicted.train[k]!)).toBeLessThan(1e-5)
    )
  })
})
