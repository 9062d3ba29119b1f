import * as E from 'fp-ts/lib/Either.js'
import { attack, type Concrete, evaluateOn, key, mask, ndarray, nn, ntk, type Tensor } from 'tangentflow'
import { describe, expect, it } from 'vitest'
import { right } from '../support/either.js'
import { numbers, openReference } from '../support/masks.js'
import { batchOf } from '../support/networks.js'

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

describe('a transfer', () => {
  // What a search or a score does unless told otherwise, and what it tells of its steps.

  const net = nn.serial(nn.dense(6), nn.relu, nn.dense(3))

  const params = net.init(key(1), [4])

  // all examples are one, so that every draw of them is the same
  const same = { x: ndarray.full([4, 4], 0.5), y: ndarray.zeros([4]) }
  const first = async (options: Partial<mask.TransferOptions>): Promise<mask.TransferEvent> =>
    right(
      await mask.transfer(net, { density: 0.25, steps: 1, batch: 2, ...options })(params, same, key(1))(
        await openReference()
      )()
    ).history[0]!

  it('weighs its terms as told: outputs, γ kernel entries, and λ / density of the kept weights’ square', async () => {
    const student = mask.applyConcrete(
      mask.topKMaskOf({ layers: 'uniform', density: 0.25 })(mask.magnitudes(params))
    )(params)
    const square = numbers(student).reduce((sum, w) => sum + w * w, 0)
    const { loss, kernel, output } = await first({ gamma: 2, lambda: 3 })
    expect(loss).toBeCloseTo(output + 2 * kernel + (3 / 0.25) * square, 6)
    const theta = (p: Concrete<nn.Params>): readonly number[] =>
      Array.from(
        evaluateOn((q: nn.Params, x: Tensor) => ntk.empiricalNtk(net.apply)(q, x))(
          p,
          ndarray.full([1, 4], 0.5)
        ).data
      )
    const dense = theta(params)
    const squares = theta(student).map((t, i) => (t - dense[i]!) ** 2)
    expect(kernel).toBeCloseTo(squares.reduce((a, b) => a + b, 0) / squares.length, 6)
  })

  it('sees the attack it is given', async () => {
    const pgd = attack.pgd({ epsilon: 0.3, steps: 2, stepSize: 0.2 })
    expect((await first({ attack: pgd })).kernel).not.toBeCloseTo((await first({})).kernel, 6)
  })
})
