import * as E from 'fp-ts/lib/Either.js'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type Concrete,
  data,
  evaluateOn,
  key,
  type NdArray,
  ndarray,
  nn,
  spec,
  type Tensor,
  trace,
  train
} from 'tangentflow'
import { right } from '../support/either.js'
import { batchOf } from '../support/networks.js'

const numbers = (array: NdArray): readonly number[] => Array.from(array.data)
/** That of numbers whose mean is known to be 0. */
const variance = (array: NdArray): number => numbers(array).reduce((s, x) => s + x * x, 0) / array.data.length
const lossOf = (loss: nn.Loss, target: NdArray, outputs: NdArray): readonly number[] =>
  numbers(evaluateOn((t: Tensor, z: Tensor) => loss(t)(z))(target, outputs))

const logits = fc
  .tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 3, max: 6 }))
  .chain(([n, classes]) =>
    fc.record({
      z: fc.array(
        fc.array(fc.double({ min: -20, max: 20, noNaN: true }), { minLength: classes, maxLength: classes }),
        {
          minLength: n,
          maxLength: n
        }
      ),
      y: fc.array(fc.integer({ min: 0, max: classes - 1 }), { minLength: n, maxLength: n })
    })
  )

describe('standardise', () => {
  it('takes the mean of all elements to 0 and their mean square to 1, whatever the shape of the examples', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -50, max: 50, noNaN: true }), { minLength: 12, maxLength: 12 }),
        fc.constantFrom([3, 4], [2, 6], [3, 2, 2]),
        (values, shape) => {
          fc.pre(values.some((v) => Math.abs(v - values[0]!) > 1e-3))
          const set = right(data.labelled(ndarray.of(shape, values), ndarray.zeros([shape[0]!]), 1))
          const { mean, deviation } = data.moments(set)
          const net = nn.serial(nn.standardise(mean, deviation))
          const out = evaluateOn((x: Tensor) => net.apply([{}])(x))(set.x)
          expect(out.shape).toEqual(shape)
          const z = numbers(out)
          expect(z.reduce((s, v) => s + v, 0) / 12).toBeCloseTo(0, 9)
          expect(z.reduce((s, v) => s + v * v, 0) / 12).toBeCloseTo(1, 9)
        }
      )
    )
  })

  it('refuses a deviation that nothing can be divided by, and a mean that is no number', () => {
    expect(() => nn.standardise(0, 0)).toThrow(/deviation/)
    expect(() => nn.standardise(0, Infinity)).toThrow(/deviation/)
    expect(() => nn.standardise(NaN, 1)).toThrow(/mean/)
  })
})

describe('dense', () => {
  it('is x·w + b in the standard parametrisation', () => {
    const net = nn.serial(nn.dense(2))
    const params: Concrete<nn.Params> = [
      {
        w: ndarray.fromNested([
          [1, 2],
          [3, 4],
          [5, 6]
        ]),
        b: ndarray.fromNested([10, 20])
      }
    ]
    const out = evaluateOn((p: nn.Params, x: Tensor) => net.apply(p)(x))(
      params,
      ndarray.fromNested([[1, 0, -1]])
    )
    expect(ndarray.toNested(out)).toEqual([[6, 16]])
  })

  it('scales in the forward pass in the NTK parametrisation', () => {
    const net = nn.serial(nn.dense(1, { parametrisation: 'ntk', sigmaW: 3, sigmaB: 0.5 }))
    const params: Concrete<nn.Params> = [
      { w: ndarray.fromNested([[1], [1], [1], [1]]), b: ndarray.fromNested([4]) }
    ]
    const out = evaluateOn((p: nn.Params, x: Tensor) => net.apply(p)(x))(
      params,
      ndarray.fromNested([[1, 1, 1, 1]])
    )
    expect(ndarray.toNested(out)).toEqual([[8]])
  })

  it('starts with variance σ_w²/fan-in, or 1, and biases at 0', () => {
    const [standard] = nn.serial(nn.dense(200)).init(key(1), [300])
    const [ntk] = nn.serial(nn.dense(200, { parametrisation: 'ntk' })).init(key(1), [300])
    expect(variance(standard!.w!) * 150).toBeCloseTo(1, 1)
    expect(variance(ntk!.w!)).toBeCloseTo(1, 1)
    expect(numbers(standard!.b!).every((b) => b === 0)).toBe(true)
  })

  it('starts with variance σ_w² over the average of fan-in and fan-out where asked, in dense and convolutional layers', () => {
    const glorot = { fan: 'average', sigmaW: 1 } as const
    const [dense] = nn.serial(nn.dense(100, glorot)).init(key(1), [500])
    const [conv] = nn.serial(nn.conv2d(20, 5, glorot)).init(key(1), [60, 8, 8])
    // a mean of n squares of normals has a relative deviation of √(2/n): .6 % of 50,000, .8 % of 30,000
    expect(variance(dense!.w!) * 300).toBeCloseTo(1, 1)
    expect(variance(conv!.w!) * 40 * 25).toBeCloseTo(1, 1)
    const [wide] = nn.serial(nn.dense(300, { ...glorot, sigmaW: 3 })).init(key(2), [300])
    const [inward] = nn.serial(nn.dense(300, { sigmaW: 3 })).init(key(2), [300])
    expect(numbers(wide!.w!)).toEqual(numbers(inward!.w!))
  })

  it('has no average of fans in the NTK parametrisation', () => {
    expect(() => nn.dense(3, { parametrisation: 'ntk', fan: 'average' })).toThrow(/fan/)
  })

  it('gives the same parameters for the same key', () => {
    const net = nn.serial(nn.dense(5), nn.relu, nn.dense(2))
    expect(net.init(key(3), [4])).toEqual(net.init(key(3), [4]))
    expect(net.init(key(3), [4])).not.toEqual(net.init(key(4), [4]))
  })

  it('flattens examples, keeping the batch', () => {
    const net = nn.serial(nn.flatten, nn.dense(2))
    expect(net.init(key(0), [3, 4])[1]!.w!.shape).toEqual([12, 2])
    const out = evaluateOn((p: nn.Params, x: Tensor) => net.apply(p)(x))(
      net.init(key(0), [3, 4]),
      ndarray.zeros([5, 3, 4])
    )
    expect(out.shape).toEqual([5, 2])
  })

  it('refuses inputs that do not fit, with a typed error', () => {
    const net = nn.serial(nn.dense(2))
    const traced = trace((p: nn.Params, x: Tensor) => net.apply(p)(x), [net.init(key(0), [3]), spec([1, 4])])
    expect(E.isLeft(traced) && traced.left._tag).toBe('ShapeError')
    expect(() => net.init(key(0), [2, 3])).toThrow('ShapeError')
    expect(() => nn.dense(0)).toThrow('ArgumentError')
    expect(() => nn.dense(2, { sigmaW: NaN })).toThrow('ArgumentError')
    const short = trace((p: nn.Params, x: Tensor) => net.apply(p)(x), [[], spec([1, 4])])
    expect(E.isLeft(short) && short.left._tag).toBe('TreeError')
  })
})

describe('losses', () => {
  it('cross-entropy stays finite for logits of 1000 and more', () => {
    const z = ndarray.fromNested([
      [1000, -1000],
      [1e4, 1e4]
    ])
    expect(lossOf(nn.crossEntropyEach, ndarray.fromNested([1, 0]), z)).toEqual([2000, Math.log(2)])
  })

  it('mse is half the squared distance, averaged over examples', () => {
    const [target, out] = [
      ndarray.fromNested([
        [1, 0],
        [0, 0]
      ]),
      ndarray.fromNested([
        [3, 0],
        [0, 4]
      ])
    ]
    expect(lossOf(nn.mseEach, target, out)).toEqual([2, 8])
    expect(lossOf(nn.mse, target, out)).toEqual([5])
  })

  it('margin, DLR and KL have their worked values', () => {
    const z = ndarray.fromNested([[3, 1, -1]])
    expect(lossOf(nn.margin, ndarray.fromNested([1]), z)).toEqual([-2])
    expect(lossOf(nn.dlr, ndarray.fromNested([1]), z)).toEqual([0.5])
    const p = ndarray.fromNested([[0, 0]])
    const q = ndarray.fromNested([[Math.log(3), 0]])
    expect(lossOf(nn.kl, p, q)[0]).toBeCloseTo(0.5 * Math.log(2 / 3) + 0.5 * Math.log(2), 12)
  })

  it('margin is positive exactly where the label wins; a tie is broken', () =>
    fc.assert(
      fc.property(logits, ({ z, y }) => {
        const margins = lossOf(nn.margin, ndarray.fromNested(y), ndarray.fromNested(z))
        const right = lossOf(nn.correct, ndarray.fromNested(y), ndarray.fromNested(z))
        z.forEach((row, i) => {
          const wins = row.every((value, j) => j === y[i] || value < row[y[i]!]!)
          expect(margins[i]! > 0).toBe(wins)
          expect(right[i]).toBe(wins ? 1 : 0)
        })
      })
    ))

  it('DLR does not see shift or scale of the logits', () =>
    fc.assert(
      fc.property(logits, fc.double({ min: 0.1, max: 50, noNaN: true }), ({ z, y }, s) => {
        const third = (row: readonly number[]): number => [...row].sort((a, b) => b - a)[2]!
        fc.pre(z.every((row) => Math.max(...row) - third(row) > 1e-3))
        const moved = z.map((row) => row.map((value) => s * value + 1))
        const a = lossOf(nn.dlr, ndarray.fromNested(y), ndarray.fromNested(z))
        const b = lossOf(nn.dlr, ndarray.fromNested(y), ndarray.fromNested(moved))
        a.forEach((value, i) => expect(b[i]).toBeCloseTo(value, 6))
      })
    ))

  it('KL(p, p) = 0, and KL is not negative', () =>
    fc.assert(
      fc.property(logits, logits, (a, b) => {
        const p = ndarray.fromNested(a.z)
        expect(Math.abs(lossOf(nn.kl, p, p)[0]!)).toBeLessThan(1e-12)
        const q = ndarray.of(
          p.shape,
          numbers(p).map((_, i) => b.z.flat()[i % b.z.flat().length]!)
        )
        lossOf(nn.klEach, p, q).forEach((value) => expect(value).toBeGreaterThan(-1e-12))
      })
    ))
})

describe('optimisers', () => {
  const gradients = [1, -2, 0.5, 3]
  const follow = (optimiser: train.Optimiser, rate: number): number => {
    const step = (from: train.TrainState<Tensor>, g: Tensor, r: Tensor): train.TrainState<Tensor> =>
      optimiser.step(r)(g)(from)
    const params = ndarray.scalar(1)
    const start = { params, state: train.initialState(optimiser)<Tensor>(params) }
    return ndarray.toNumber(
      gradients.reduce((from, g) => evaluateOn(step)(from, ndarray.scalar(g), ndarray.scalar(rate)), start)
        .params
    )
  }

  it('SGD, momentum and Adam take the steps of their papers', () => {
    let [sgd, heavy, velocity, adam, m, v] = [1, 1, 0, 1, 0, 0]
    gradients.forEach((g, i) => {
      sgd -= 0.1 * g
      velocity = 0.9 * velocity + g
      heavy -= 0.1 * velocity
      m = 0.9 * m + 0.1 * g
      v = 0.999 * v + 0.001 * g * g
      adam -= (0.1 * (m / (1 - 0.9 ** (i + 1)))) / (Math.sqrt(v / (1 - 0.999 ** (i + 1))) + 1e-8)
    })
    expect(follow(train.sgd, 0.1)).toBeCloseTo(sgd, 12)
    expect(follow(train.momentum(0.9), 0.1)).toBeCloseTo(heavy, 12)
    expect(follow(train.adam(), 0.1)).toBeCloseTo(adam, 9)
  })

  it('refuses a memory factor outside [0, 1)', () => {
    expect(() => train.momentum(1)).toThrow('ArgumentError')
    expect(() => train.adam({ beta1: NaN })).toThrow('ArgumentError')
  })

  it('the cosine goes from the peak to 0', () => {
    const rate = train.schedule.cosine(0.2)
    expect([rate(0, 100), rate(50, 100), rate(100, 100)]).toEqual([0.2, 0.1, 0])
  })
})

describe('batches', () => {
  it('are labelled examples in the unit box', () => {
    const { x, y } = batchOf(1, 7, 3, 4)
    expect([x.shape, y.shape]).toEqual([[7, 3], [7]])
    expect(numbers(y).every((label) => label >= 0 && label < 4)).toBe(true)
  })
})
