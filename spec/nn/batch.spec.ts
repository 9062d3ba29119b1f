import * as E from 'fp-ts/lib/Either.js'
import type { NdArray } from 'tangentflow'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { evaluate } from '../../lib/attack/evaluate.js'
import { none } from '../../lib/attack/index.js'
import { key } from '../../lib/core/key.js'
import { fromNested, of } from '../../lib/core/ndarray.js'
import { digits } from '../../lib/data/index.js'
import { take } from '../../lib/data/labelled.js'
import type { Engine } from '../../lib/engine/engine.js'
import { openEngine } from '../../lib/engine/open-engine.js'
import { oneShot, search } from '../../lib/mask/index.js'
import { dense, mse, serial } from '../../lib/nn/index.js'
import { fit, schedule, sgd } from '../../lib/train/index.js'
import { batchOf } from '../support/networks.js'

const net = serial(dense(3))

const params = net.init(key(0), [2])

const x = fromNested([
  [0, 1],
  [1, 0],
  [1, 1],
  [0, 0]
])

const training = { epochs: 1, batch: 2, optimiser: sgd, schedule: schedule.constant(0.1) }

const numbers = (array: NdArray): readonly number[] => Array.from(array.data)

describe.each([3, -1, 0.5, NaN])('the label %d of a set of three classes', (label) => {
  let engine: Engine
  beforeAll(async () => {
    const opened = await openEngine({ require: 'reference' })()
    if (E.isLeft(opened)) throw new Error('the reference engine is always there')
    engine = opened.right
  })
  afterAll(() => engine.dispose())
  const data = { x, y: of([4], [0, 1, label, 2]) }
  const refused = (operation: string) =>
    E.left({
      _tag: 'DataError',
      operation,
      expected: 'labels of 0 … 2',
      received: `${label}`,
      where: 'y[2]'
    })

  it('is refused by training', async () => {
    expect(await fit(net.apply, training)(params, data, key(1))(engine)()).toEqual(refused('train.fit'))
  })

  it('is refused by evaluation', async () => {
    const tested = evaluate(net.apply, { attack: none })(params, data, key(1))(engine)
    expect(await tested()).toEqual(refused('attack.evaluate'))
  })

  it('is refused by scores and by the search', async () => {
    const scored = oneShot(net, { method: 'snip', density: 0.5, epsilon: 0.1 })(params, data, key(1))(engine)
    expect(await scored()).toEqual(refused('mask.oneShot'))
    const found = search(net, { density: 0.5, epsilon: 0.1 })(params, data, key(1))(engine)
    expect(await found()).toEqual(refused('mask.search'))
  })

  it('is the business of another loss', async () => {
    const loss = () => (out: Parameters<ReturnType<typeof mse>>[0]) => mse(out)(out)
    expect(E.isRight(await fit(net.apply, { ...training, loss })(params, data, key(1))(engine)())).toBe(true)
  })
})

it.each([-1, 1797, 0.5, NaN])('the place %d of a set of 1,797 is refused', (place) => {
  expect(() => take([0, place])(digits())).toThrow(`places of 0 … 1796, received ${place} (at places[1])`)
})

describe('batches', () => {
  it('are labelled examples in the unit box', () => {
    const { x, y } = batchOf(1, 7, 3, 4)
    expect([x.shape, y.shape]).toEqual([[7, 3], [7]])
    expect(numbers(y).every((label) => label >= 0 && label < 4)).toBe(true)
  })
})
