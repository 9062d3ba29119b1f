import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { attack, type Concrete, key, ndarray, nn, ntk, openEngine, ops, train } from 'tangentflow'
import { right } from '../support/either.js'

// Training on targets instead of labels: a line is a line again, with one output and with many.

const count = 16
const inputs = (width: number) =>
  ndarray.of(
    [count, width],
    Float32Array.from({ length: count * width }, (_, i) => ((i * 7) % 16) / 8 - 1)
  )
const recipe = {
  epochs: 150,
  batch: 8,
  optimiser: train.momentum(0.9),
  schedule: train.schedule.constant(0.1),
  loss: nn.mse
}
const numbers = ({ data }: { readonly data: ArrayLike<number> }): readonly number[] => Array.from(data)
const expectNear = (found: readonly number[], expected: readonly number[], digits = 3): void => {
  expect(found).toHaveLength(expected.length)
  found.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, digits))
}
type Model = (
  p: nn.Params
) => (x: Parameters<ReturnType<nn.Network['apply']>>[0]) => ReturnType<ReturnType<nn.Network['apply']>>

const fitted = async (
  model: Model,
  start: Concrete<nn.Params>,
  set: nn.Dataset,
  options: Partial<train.FitOptions> = {},
  require: 'reference' | 'onnx:native' | 'gpujs:cpu' = 'reference'
) => {
  const engine = right(await openEngine({ require })())
  const result = await train.fit(model, { ...recipe, ...options })(start, set, key(1))(engine)()
  await engine.dispose()
  return result
}

const line = nn.serial(nn.dense(1))
const x = inputs(1)
const y = Float32Array.from(x.data, (v) => 3 * v - 0.5)
const column = { x, y: ndarray.of([count, 1], y) }
const flat: Model = (p) => (at) => ops.squeeze(1)(line.apply(p)(at))

describe('a line', () => {
  it.for(['reference', 'onnx:native', 'gpujs:cpu'] as const)('is recovered on %s', async (require, ctx) => {
    const opened = await openEngine({ require })()
    ctx.skip(E.isLeft(opened), `${require} is not installed`)
    await right(opened).dispose()
    const { params } = right(await fitted(line.apply, line.init(key(0), [1]), column, {}, require))
    expectNear(numbers(params[0]!.w!), [3])
    expectNear(numbers(params[0]!.b!), [-0.5])
  })

  it('is recovered from targets [n] where outputs are [n], in the same steps', async () => {
    const start = line.init(key(0), [1])
    const one = right(await fitted(flat, start, { x, y: ndarray.of([count], y) }))
    const other = right(await fitted(line.apply, start, column))
    expectNear(numbers(one.params[0]!.w!), [3])
    expectNear(one.losses, other.losses, 6)
  })

  it('is refused where targets and outputs differ in shape, with both shapes', async () => {
    const start = line.init(key(0), [1])
    for (const [model, target, shapes] of [
      [line.apply, ndarray.of([count], y), '[8] and [8,1]'],
      [flat, column.y, '[8,1] and [8]']
    ] as const)
      expect(await fitted(model, start, { x, y: target })).toMatchObject({
        left: { _tag: 'ShapeError', operation: 'nn.mse', received: shapes }
      })
    expect(await fitted(line.apply, start, { x, y: ndarray.of([2, 1], [0, 1]) })).toMatchObject({
      left: { _tag: 'DataError', operation: 'train.fit' }
    })
  })

  it('is recovered under any objective that takes targets, and under attack', async () => {
    const start = line.init(key(0), [1])
    const squared: train.Objective = (model) => (p, batch) =>
      ops.mean()(ops.square(ops.sub(batch.y)(model(p)(batch.x))))
    const own = right(
      await fitted(line.apply, start, column, { loss: undefined, objective: squared } as object)
    )
    expectNear(numbers(own.params[0]!.w!), [3])
    const pgd = attack.pgd({ epsilon: 0.05, steps: 2, stepSize: 0.05, box: [-1, 1], loss: nn.mseEach })
    const robust = right(await fitted(line.apply, start, column, { attack: pgd }))
    expect(numbers(robust.params[0]!.w!)[0]).toBeGreaterThan(2)
    expect(robust.losses.at(-1)).toBeLessThan(0.2 * robust.losses[0]!)
  })
})

describe('a linear map of two inputs', () => {
  const maps = nn.serial(nn.dense(3))
  const [w, b] = [
    [1, -2, 0.5, 0, 3, -1],
    [0.25, 0, -1]
  ]
  const two = inputs(2)
  const targets = Float32Array.from({ length: 3 * count }, (_, at) => {
    const [i, o] = [Math.floor(at / 3), at % 3]
    return two.data[2 * i]! * w[o]! + two.data[2 * i + 1]! * w[3 + o]! + b[o]!
  })

  it('to three outputs is recovered', async () => {
    const set = { x: two, y: ndarray.of([count, 3], targets) }
    const { params } = right(await fitted(maps.apply, maps.init(key(0), [2]), set, { epochs: 400 }))
    expectNear(numbers(params[0]!.w!), w)
    expectNear(numbers(params[0]!.b!), b)
  })

  it('to outputs of two axes is recovered', async () => {
    const planes: Model = (p) => (at) => ops.reshape([-1, 3, 1])(maps.apply(p)(at))
    const set = { x: two, y: ndarray.of([count, 3, 1], targets) }
    const { params } = right(await fitted(planes, maps.init(key(0), [2]), set, { epochs: 400 }))
    expectNear(numbers(params[0]!.w!), w)
  })
})

describe('predictions of a regression', () => {
  const start = line.init(key(0), [1])
  const rate = 0.3

  it.each([
    ['outputs [n]', flat, [count]],
    ['outputs [n, 1]', line.apply, [count, 1]]
  ] as const)('are those of training, for %s', async (_, model, shape) => {
    const set = { x, y: ndarray.of([...shape], y) }
    const times = [1, 2, 3, 4, 5, 6]
    const { recorded } = right(
      await fitted(model, start, set, {
        epochs: 6,
        batch: count,
        optimiser: train.sgd,
        schedule: train.schedule.constant(rate),
        record: { x, times: 6 }
      })
    )
    const kernel = ndarray.of(
      [count, count],
      Float64Array.from(
        { length: count * count },
        (_v, at) => x.data[Math.floor(at / count)]! * x.data[at % count]! + 1
      )
    )
    const from = ndarray.of(
      [...shape],
      Float64Array.from(x.data, (v) => v * start[0]!.w!.data[0]! + start[0]!.b!.data[0]!)
    )
    const options = { start: from, rate, times }
    const descent = right(ntk.predictDescent(kernel, nn.mse, set.y, options))
    const closed = right(ntk.predictMse(kernel, set.y, { ...options, dynamics: 'descent' }))
    const flow = right(ntk.predictOde(kernel, nn.mse, set.y, options))
    const flowClosed = right(ntk.predictMse(kernel, set.y, options))
    times.forEach((_t, k) => {
      expectNear(numbers(descent.train[k]!), numbers(recorded[k]!.outputs), 4)
      expectNear(numbers(closed.train[k]!), numbers(descent.train[k]!), 10)
      expectNear(numbers(flow.train[k]!), numbers(flowClosed.train[k]!), 6)
    })
  })

  it('refuse targets of another shape', () => {
    const kernel = ndarray.fromNested([
      [2, 0],
      [0, 1]
    ])
    const at = { start: ndarray.zeros([2]), times: [1] }
    for (const predict of [ntk.predictDescent, ntk.predictOde])
      expect(predict(kernel, nn.mse, ndarray.zeros([2, 1]), at)).toMatchObject({
        left: { _tag: 'ShapeError' }
      })
  })
})
