import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { type Concrete, key, mask, nn } from 'tangentflow'
import { right } from '../support/either.js'
import { batchOf } from '../support/networks.js'
import { openReference } from '../support/masks.js'

const net = nn.serial(nn.dense(16), nn.relu, nn.dense(3))
const params = net.init(key(1), [5])
const data = batchOf(2, 40, 5, 3)

const transferred = async (options: Partial<mask.TransferOptions>): Promise<mask.Transferred> =>
  right(
    await mask.transfer(net, { density: 0.5, steps: 40, batch: 4, refresh: 10, rate: 0.01, ...options })(
      params,
      data,
      key(3)
    )(await openReference())()
  )

/** The weights where the mask is 0. */
const removed = (weights: Concrete<nn.Params>, of: Concrete<nn.Weights>): readonly number[] =>
  weights.flatMap(({ w }, l) =>
    w === undefined ? [] : Array.from(w.data).filter((_, i) => of[l]?.w?.data[i] === 0)
  )

describe('neural tangent transfer', () => {
  it('brings kernel and outputs of the masked student nearer to the dense network’s', async () => {
    const seen: mask.TransferEvent[] = []
    const { history } = await transferred({
      steps: 120,
      gamma: 1,
      observe: (event) => () => void seen.push(event)
    })
    expect(seen).toHaveLength(120)
    expect(history.map(({ step }) => step)).toEqual([9, 19, 29, 39, 49, 59, 69, 79, 89, 99, 109, 119])
    const mean = (of: (event: mask.TransferEvent) => number, some: readonly mask.TransferEvent[]): number =>
      some.reduce((sum, event) => sum + of(event), 0) / some.length
    for (const of of [({ kernel }: mask.TransferEvent) => kernel, ({ output }: mask.TransferEvent) => output])
      expect(mean(of, seen.slice(-20))).toBeLessThan(mean(of, seen.slice(0, 5)))
  })

  it('keeps the largest weights of every layer, as many as the density asks for', async () => {
    const { mask: kept, params: student } = await transferred({ density: 0.3 })
    expect(mask.countKept(kept).map((layer) => layer.kept)).toEqual([24, 14])
    student.forEach(({ w }, l) => {
      const m = kept[l]?.w
      if (w === undefined || m === undefined) return
      const sizes = (one: number): readonly number[] =>
        Array.from(w.data).flatMap((v, i) => (m.data[i] === one ? [Math.abs(v)] : []))
      expect(Math.min(...sizes(1))).toBeGreaterThanOrEqual(Math.max(...sizes(0)))
    })
  })

  it('leaves a pruned weight where it is until the mask is chosen anew', async () => {
    const { params: student } = await transferred({ refresh: 1000, lambda: 0.1 })
    const magnitude = params.map(({ w }) =>
      w === undefined ? {} : { w: { ...w, data: w.data.map(Math.abs) } }
    )
    const first = mask.topKMaskOf({ layers: 'uniform', density: 0.5 })(magnitude)
    expect(removed(student, first)).toEqual(removed(params, first))
  })

  it('with all weights kept and no decay stays the dense network', async () => {
    const { history, params: student } = await transferred({ density: 1, lambda: 0, steps: 3 })
    student.forEach((layer, l) =>
      expect(Array.from(layer.w?.data ?? [])).toEqual(Array.from(params[l]?.w?.data ?? []))
    )
    for (const { loss } of history) expect(loss).toBe(0)
  })

  it('decays weights but not biases', async () => {
    const biased = params.map((layer) =>
      layer.b === undefined ? layer : { ...layer, b: { ...layer.b, data: layer.b.data.map(() => 0.5) } }
    )
    // with no kernel term and outputs that agree, all that is left to move a parameter is the decay
    const { params: student } = right(
      await mask.transfer(net, { density: 1, gamma: 0, lambda: 1, steps: 1, batch: 4, rate: 0.01 })(
        biased,
        data,
        key(3)
      )(await openReference())()
    )
    const all = (of: Concrete<nn.Params>, name: 'w' | 'b'): readonly number[] =>
      of.flatMap((layer) => Array.from(layer[name]?.data ?? []))
    expect(all(student, 'b')).toEqual(all(biased, 'b'))
    all(student, 'w').forEach((w, i) => expect(w).not.toBe(all(biased, 'w')[i]))
  })

  it('refuses what makes no transfer', async () => {
    for (const bad of [{ density: 0 }, { steps: 0 }, { refresh: 0 }, { gamma: -1 }, { batch: 21 }]) {
      const result = await mask.transfer(net, { density: 0.5, steps: 4, batch: 4, ...bad })(
        params,
        data,
        key(3)
      )(await openReference())()
      expect(E.isLeft(result) && result.left._tag).toBe('ArgumentError')
    }
  })
})
