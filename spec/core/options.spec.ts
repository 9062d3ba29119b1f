import { describe, expect, it } from 'vitest'
import { attack, evaluateOn, key, mask, ndarray, nn, ntk, openEngine, type Tensor, train } from 'tangentflow'
import { checkOptions, option } from '../../lib/core/options.js'
import type { Runner } from '../../lib/graph/runner.js'
import { refusalOf } from '../support/refusal.js'

const kinds = { epsilon: option.number, norm: option.word('linf', 'l2'), stop: option.function }
const refused = (options: unknown) =>
  refusalOf(() => {
    checkOptions('op', kinds, options)
  })

describe('checkOptions', () => {
  it('takes what the table says, and what is undefined', () => {
    checkOptions('op', kinds, { epsilon: 1, norm: 'l2', stop: undefined })
    checkOptions('op', kinds, {})
  })
  it.each([
    [{ epsilom: 1 }, 'an option, perhaps epsilon: epsilon, norm, stop', 'epsilom', 'options'],
    [{ q: 1 }, 'an option: epsilon, norm, stop', 'q', 'options'],
    [{ __proto__: null, toString: 1 }, 'an option: epsilon, norm, stop', 'toString', 'options'],
    [{ epsilon: '1' }, 'a number', '"1"', 'epsilon'],
    [{ norm: 'Linf' }, 'one of linf, l2', '"Linf"', 'norm'],
    [{ stop: true }, 'a function', 'true', 'stop'],
    [undefined, 'an object of options', 'nothing', 'options'],
    ['epsilon', 'an object of options', '"epsilon"', 'options']
  ])('refuses %o', (options, expected, received, where) =>
    expect(refused(options)).toMatchObject({
      _tag: 'ArgumentError',
      operation: 'op',
      expected,
      received,
      where
    })
  )
})

const net = nn.serial(nn.dense(2))
const params = net.init(key(0), [2])
const set = { x: ndarray.of([2, 2], [0, 0.5, 1, 0]), y: ndarray.of([2], [0, 1]) }
const fit = { epochs: 1, batch: 1, optimiser: train.sgd, schedule: train.schedule.constant(0.1) }

type Run = (runner: Runner) => () => Promise<unknown>
const fitted = (options: object): Run =>
  train.fit(net.apply, { ...fit, ...options } as typeof fit)(params, set, key(1))
const attacked = (made: attack.TracedAttack): Run => attack.run(made)(net.apply)(params, set, key(1))
const pgd = { epsilon: 0.1, steps: 1, stepSize: 0.1 }

describe('what a person writes in plain JavaScript', () => {
  it.each<readonly [string, Run, string]>([
    ['a norm in capitals', attacked(attack.pgd({ ...pgd, norm: 'Linf' as 'linf' })), 'norm'],
    ['a norm that Square has not', attacked(attack.square({ epsilon: 0.1, norm: 'l1' as 'l2' })), 'norm'],
    ['a misspelt option of APGD', attacked(attack.apgd({ epsilon: 0.1, step: 3 } as never)), 'options'],
    ['a text for a radius', attacked(attack.pgd({ ...pgd, epsilon: '8/255' as never })), 'epsilon'],
    ['an optimiser that is not called', fitted({ optimiser: train.adam }), 'optimiser'],
    ['a number for a schedule', fitted({ schedule: 0.1 }), 'schedule'],
    ['the name of a loss', fitted({ loss: 'mse' }), 'loss'],
    ['a misspelt option of fit', fitted({ epoch: 3 }), 'options'],
    [
      'a misspelt option of a search',
      mask.search(net, { density: 0.5, epsilon: 0.1, norms: 'l2' } as never)(params, set, key(1)),
      'options'
    ],
    [
      'a score that there is not',
      mask.oneShot(net, { method: 'Snip' as 'snip', density: 0.5, epsilon: 0 })(params, set, key(1)),
      'method'
    ],
    [
      'an evaluation without options',
      attack.evaluate(net.apply, undefined as never)(params, set, key(1)),
      'options'
    ],
    ['the name of an engine alone', () => openEngine('reference' as never), 'options']
  ])('%s is refused', async (_, effect, where) => {
    const opened = await openEngine({ require: 'reference' })()
    if (opened._tag === 'Left') throw new Error('no engine')
    expect(await effect(opened.right)()).toMatchObject({ left: { _tag: 'ArgumentError', where } })
    await opened.right.dispose()
  })
})

const kernel = ndarray.of([2, 2], [1, 0, 0, 1])
const y = ndarray.of([2, 1], [0, 1])
const flow = { times: [1], start: ndarray.of([2, 1], [0, 0]) }

describe('an option of kernels and predictions that there is not', () => {
  it.each<readonly [string, () => unknown, string]>([
    ['predictMse', () => ntk.predictMse(kernel, y, { times: [1], rates: 1 } as never), 'rates'],
    ['kernelRegression', () => ntk.kernelRegression(kernel, y, { ridges: 1 } as never), 'ridges'],
    ['predictOde', () => ntk.predictOde(kernel, nn.mse, y, { ...flow, relativ: 1 } as never), 'relativ'],
    [
      'predictDescent',
      () => ntk.predictDescent(kernel, nn.mse, y, { ...flow, relative: 1 } as never),
      'relative'
    ],
    ['maxLearningRate', () => ntk.maxLearningRate(kernel, { example: 1 } as never), 'example'],
    ['alignment', () => ntk.alignment(kernel, kernel, { centered: true } as never), 'centered'],
    ['labelAlignment', () => ntk.labelAlignment(kernel, y, { centred: 1 } as never), '1']
  ])('%s refuses it', (operation, call, received) =>
    expect(call()).toMatchObject({ left: { _tag: 'ArgumentError', operation: `ntk.${operation}`, received } })
  )
  it.each<readonly [string, (p: nn.Params, x: Tensor) => unknown]>([
    ['empiricalNtk', ntk.empiricalNtk(net.apply, { output: 'mean' } as never)],
    ['layerKernels', ntk.layerKernels(net.apply, { outputs: 'trace' } as never)],
    ['ntkVectorProduct', (p, x) => ntk.ntkVectorProduct(net.apply, { masks: 1 } as never)(p, x, x, x)]
  ])('%s refuses it', (operation, f) =>
    expect(refusalOf(() => evaluateOn(f)(params, set.x))).toMatchObject({ operation: `ntk.${operation}` })
  )
  it('tiled refuses it', async () => {
    const opened = await openEngine({ require: 'reference' })()
    if (opened._tag === 'Left') throw new Error('no engine')
    const made = ntk.tiled(net.apply, { tiles: 3 } as never)(params, set.x)(opened.right)
    expect(await made()).toMatchObject({
      left: { _tag: 'ArgumentError', operation: 'ntk.tiled', received: 'tiles' }
    })
    await opened.right.dispose()
  })
})
