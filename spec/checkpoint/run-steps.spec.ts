import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { attack, key, mask, nn } from 'tangentflow'
import { right } from '../support/either.js'
import { batchOf } from '../support/networks.js'
import { memoryStore } from '../support/store.js'
import { openReference } from '../support/masks.js'

const net = nn.serial(nn.dense(6), nn.relu, nn.dense(3))
const params = net.init(key(1), [4])
const data = batchOf(2, 20, 4, 3)

/** True at the call of that number, and never after. */
const at = (call: number): (() => boolean) => {
  let calls = 0
  return () => ++calls === call
}

const searching: mask.SearchOptions = {
  density: 0.5,
  epsilon: 0.1,
  attack: attack.pgd({ epsilon: 0.1, steps: 2, stepSize: 0.05 }),
  steps: 7,
  batch: 4,
  samples: 8,
  weights: { rate: 0.1, radius: 0.2 }
}
const transferring: mask.TransferOptions = { density: 0.5, steps: 7, batch: 4, refresh: 2, rate: 0.01 }

type Kept = Pick<mask.SearchOptions, 'checkpoint' | 'stop'>

const runs = {
  search: (options: Kept) => mask.search(net, { ...searching, ...options })(params, data, key(3)),
  transfer: (options: Kept) => mask.transfer(net, { ...transferring, ...options })(params, data, key(3))
} as const

describe.each(['search', 'transfer'] as const)('a kept %s', (name) => {
  it('goes on bit for bit from wherever it was ended', async () => {
    const runner = await openReference()
    const whole = right<unknown>(await runs[name]({})(runner)())
    for (const end of [1, 3, 5]) {
      const checkpoint = { store: memoryStore(), steps: 3 }
      await runs[name]({ checkpoint, stop: at(end) })(runner)()
      expect(right<unknown>(await runs[name]({ checkpoint })(runner)())).toEqual(whole)
    }
  })

  it('takes no step again that is kept', async () => {
    const runner = await openReference()
    const checkpoint = { store: memoryStore(), steps: 1 }
    const first = right<unknown>(await runs[name]({ checkpoint })(runner)())
    const asked = at(1)
    expect(right<unknown>(await runs[name]({ checkpoint, stop: asked })(runner)())).toEqual(first)
    expect(asked()).toBe(true) // it was not asked before, for there was no step
  })

  it('refuses a checkpoint of another run, and leaves it as it is', async () => {
    const runner = await openReference()
    const store = memoryStore()
    const checkpoint = { store, steps: 1 }
    right<unknown>(await runs[name]({ checkpoint, stop: at(2) })(runner)())
    const before = store.held()
    const others = {
      search: mask.search(net, { ...searching, checkpoint, density: 0.6 }),
      transfer: mask.transfer(net, { ...transferring, checkpoint, refresh: 3 })
    }[name]
    const result = await others(params, data, key(3))(runner)()
    expect(E.isLeft(result) && result.left.where).toBe(name === 'search' ? 'step' : 'refresh')
    expect(store.held()).toBe(before)
  })

  it.each([0, -1, 0.5, NaN])('refuses to save every %s steps', async (steps) => {
    const store = memoryStore()
    const result = await runs[name]({ checkpoint: { store, steps } })(await openReference())()
    expect(E.isLeft(result) && result.left).toMatchObject({
      _tag: 'ArgumentError',
      expected: 'a whole number of at least 1',
      where: 'checkpoint.steps'
    })
    expect(store.held()).toBeUndefined()
  })
})
