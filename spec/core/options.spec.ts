import { describe, expect, it } from 'vitest'
import { attack, key, mask, ndarray, nn, openEngine, train } from 'tangentflow'
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
