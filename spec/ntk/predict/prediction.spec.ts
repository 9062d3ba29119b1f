import { describe, expect, it } from 'vitest'
import { type NdArray, ndarray, nn, ntk, ops, type Tensor } from 'tangentflow'
import { left, workedKernel } from '../../support/kernels.js'

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
