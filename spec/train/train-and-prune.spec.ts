import * as E from 'fp-ts/lib/Either.js'
import type { ReaderTaskEither } from 'fp-ts/lib/ReaderTaskEither.js'
import { describe, expect, it } from 'vitest'
import { type Concrete, key, mask, ndarray, nn, type Runner, type TangentError, train } from 'tangentflow'
import { numbers, openReference } from '../support/masks.js'
import { right } from '../support/either.js'
import { attemptFit, memoryStore, small, start } from '../support/training.js'

const { net, set, options } = small
const on = async <A>(
  effect: ReaderTaskEither<Runner, TangentError, A>
): Promise<E.Either<TangentError, A>> => {
  return effect(await openReference())()
}

describe('training up to an epoch', () => {
  it.each([1, 2])('gives after %i what the whole training has there', async (epochs) => {
    const seen: Concrete<nn.Params>[] = []
    right(
      await attemptFit({
        ...options,
        validate: {
          score: (params) => {
            seen.push(params)
            return () => async () => E.right(0)
          }
        }
      })
    )
    expect(right(await on(train.paramsAfter(net.apply, options, epochs)(start, set, key(1))))).toEqual(
      seen[epochs - 1]
    )
  })

  it('is the masked start after none', async () => {
    const half = nn.weightsOf(start).map(({ w }) =>
      w
        ? {
            w: ndarray.of(
              w.shape,
              w.data.map((_, i) => i % 2)
            )
          }
        : {}
    )
    const found = right(
      await on(train.paramsAfter(net.apply, { ...options, mask: half }, 0)(start, set, key(1)))
    )
    const want = start.map(({ w, b }) => [
      ...(w ? w.data.map((v, i) => v * (i % 2)) : []),
      ...(b?.data ?? [])
    ])
    expect(found.map(({ w, b }) => [...(w?.data ?? []), ...(b?.data ?? [])])).toEqual(want)
  })

  it('is the start after none, and refuses more than there are', async () => {
    expect(right(await on(train.paramsAfter(net.apply, options, 0)(start, set, key(1))))).toBe(start)
    for (const epochs of [4, -1, 0.5])
      expect(await on(train.paramsAfter(net.apply, options, epochs)(start, set, key(1)))).toMatchObject({
        left: { _tag: 'ArgumentError', operation: 'train.paramsAfter', received: `${epochs}` }
      })
  })
})

describe('three stages', () => {
  const stages = async (density: number) =>
    on(
      train.threeStage(net.apply, { ...options, epochs: { dense: 2, sparse: 1 }, density })(
        start,
        set,
        key(4)
      )
    )

  it('train, prune by the trained magnitudes, and go on from the trained weights', async () => {
    const { dense, mask: kept, fitted } = right(await stages(0.4))
    expect(kept).toEqual(mask.topKMaskOf({ density: 0.4, layers: 'global' })(mask.magnitudes(dense.params)))
    expect(dense.losses.length + fitted.losses.length).toBe(3 * 5)
    const [m, w] = [numbers(kept), numbers(nn.weightsOf(fitted.params))]
    w.forEach((value, i) => expect(m[i] === 0 ? value === 0 : value !== 0).toBe(true))
    // a step of fine-tuning moves a weight by far less than training from scratch has to
    const moved = numbers(nn.weightsOf(dense.params)).map((value, i) => Math.abs(value - w[i]!) * m[i]!)
    expect(Math.max(...moved)).toBeLessThan(0.5)
  })

  it('prune biases too where asked', async () => {
    const made = await on(
      train.threeStage(net.apply, {
        ...options,
        epochs: { dense: 1, sparse: 1 },
        density: 0.3,
        biases: true
      })(start, set, key(4))
    )
    const { dense, mask: kept, fitted } = right(made)
    expect(kept).toEqual(
      mask.topKMaskOf({ density: 0.3, layers: 'global' })(mask.magnitudes(dense.params, { biases: true }))
    )
    fitted.params.forEach(({ b }, l) =>
      b?.data.forEach((value, i) => expect(value === 0).toBe(kept[l]!.b!.data[i] === 0))
    )
  })

  it('stopped once, go on from where they were to the same end', async () => {
    const [stores, more] = [
      { dense: memoryStore(), sparse: memoryStore() },
      { epochs: { dense: 1, sparse: 1 }, density: 0.3 }
    ]
    const checkpoint = {
      dense: { store: stores.dense, steps: 1 },
      sparse: { store: stores.sparse, steps: 1 }
    }
    let asked = 0
    const run = (stop?: () => boolean) =>
      on(
        train.threeStage(net.apply, { ...options, ...more, ...(stop && { stop, checkpoint }) })(
          start,
          set,
          key(4)
        )
      )
    expect(await run(() => asked++ === 2)).toMatchObject({ left: { _tag: 'StopError' } })
    expect(stores.sparse.written).toHaveLength(0)
    expect(right(await run(() => false))).toEqual(right(await run()))
  })

  it('refuse a density before anything is trained', async () =>
    expect(await stages(0)).toMatchObject({ left: { _tag: 'ArgumentError', where: 'density' } }))
})

describe('rewinding', () => {
  const draw = async (more: Partial<train.RewindOptions>) =>
    on(train.rewind(net.apply, { ...options, density: 0.25, ...more })(start, set, key(1)))

  it('keeps the largest weights of the whole training, at their start', async () => {
    const trained = right(await attemptFit(options)).params
    const { mask: kept, params } = right(await draw({}))
    expect(params).toBe(start)
    expect(kept).toEqual(mask.topKMaskOf({ density: 0.25, layers: 'global' })(mask.magnitudes(trained)))
  })

  it('to an epoch gives the weights of that epoch', async () => {
    const { params } = right(await draw({ rewindEpoch: 1 }))
    expect(params).toEqual(right(await on(train.paramsAfter(net.apply, options, 1)(start, set, key(1)))))
  })

  it('in rounds prunes only what is left, and ends at the density', async () => {
    const [one, two] = [right(await draw({ density: 0.5 })), right(await draw({ rounds: 2 }))]
    expect(numbers(two.mask).filter((m) => m === 1)).toHaveLength(Math.round(0.25 * 90))
    const [before, then] = [numbers(one.mask), numbers(two.mask)]
    then.forEach((m, i) => expect(m <= before[i]!).toBe(true))
  })

  it('is of whole trainings: a stop of any of them is an error', async () => {
    for (const [stopAt, more] of [
      [0, {}],
      [1, { rewindEpoch: 1 }],
      [20, { rounds: 2 }]
    ] as const) {
      let asked = 0
      expect(await draw({ ...more, stop: () => asked++ === stopAt })).toMatchObject({
        left: { _tag: 'StopError' }
      })
    }
    let asked = 0
    const stop = () => asked++ === 1
    expect(await on(train.paramsAfter(net.apply, { ...options, stop }, 1)(start, set, key(1)))).toMatchObject(
      {
        left: { _tag: 'StopError', operation: 'train.paramsAfter' }
      }
    )
  })

  it.each([
    [{ rounds: 0 }, 'rounds'],
    [{ rewindEpoch: 9 }, 'epochs'],
    [{ density: 1.5 }, 'density']
  ] as const)('refuses %j', async (options_, where) =>
    expect(await draw(options_)).toMatchObject({ left: { _tag: 'ArgumentError', where } })
  )
})
