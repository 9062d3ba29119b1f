import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import * as E from 'fp-ts/lib/Either.js'
import * as fc from 'fast-check'
import { attack, format, key, ndarray, nn, ops, tangentError, train } from 'tangentflow'
import { describe, expect, it } from 'vitest'
import { decodeCheckpoint, encodeCheckpoint } from '../../lib/checkpoint/index.js'
import { batchOf } from '../support/networks.js'
import { runs } from '../support/runs.js'
import { right } from '../support/either.js'
import { attemptFit, memoryStore, small } from '../support/training.js'

const fit = async (options: train.FitOptions): Promise<train.FitResult> => right(await attemptFit(options))

const record = { x: small.set.x, times: 4 }

/** A score that depends on all weights: minus their size. */
const size: train.Validate['score'] = (params) =>
  RTE.of(-params.flatMap(({ w }) => Array.from(w?.data ?? [])).reduce((sum, x) => sum + x * x, 0))

/** Says stop once so many steps are taken. */
const stopAfter = (steps: number): Pick<train.FitOptions, 'stop' | 'observe'> => {
  let taken = 0
  return {
    stop: () => taken >= steps,
    observe:
      ({ step }) =>
      () =>
        void (taken = step)
  }
}

describe('a kept run', () => {
  it.each([1, 15, 40])(
    'goes on where it was to be recorded %s times, be it more often than it has steps',
    async (times) => {
      const options = { ...small.options, record: { x: small.set.x, times } }
      const store = memoryStore()
      await fit({ ...options, checkpoint: { store, steps: 1 }, ...stopAfter(4) })
      const resumed = await fit({ ...options, checkpoint: { store, steps: 1 } })
      expect(resumed).toEqual(await fit(options))
      expect(resumed.recorded.every(({ step }) => step > 0)).toBe(true)
      expect(resumed.recorded.at(-1)!.step).toBe(15)
    }
  )

  it('ends in the same bits wherever and however often it was stopped, taken up and saved, and whatever was asked for', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 14 }), fc.integer({ min: 1, max: 9 })), {
          minLength: 1,
          maxLength: 3
        }),
        fc.integer({ min: 1, max: 4 }),
        fc.constantFrom(train.sgd, train.momentum(0.9), train.adam()),
        fc.boolean(),
        async (stops, unroll, optimiser, isJudged) => {
          const options: train.FitOptions = {
            ...small.options,
            optimiser,
            unroll,
            record,
            ...(isJudged ? { validate: { score: size } } : {})
          }
          const whole = memoryStore()
          const uninterrupted = await fit({ ...options, checkpoint: { store: whole } })
          const store = memoryStore()
          for (const [stop, steps] of [...stops].sort(([a], [b]) => a - b)) {
            const part = await fit({ ...options, checkpoint: { store, steps }, ...stopAfter(stop) })
            expect(part.losses.length).toBeGreaterThanOrEqual(stop)
          }
          const resumed = await fit({ ...options, checkpoint: { store, steps: 100 } })
          expect(resumed).toEqual(uninterrupted)
          expect(store.written.at(-1)).toEqual(whole.written.at(-1))
        }
      ),
      // the checkpoint at step 5 lies where no program of four steps begins
      { numRuns: runs(4), examples: [[[[5, 5]], 4, train.sgd, false]] }
    ))

  it('is kept after so many steps and at the end, and gives the same numbers as one that is not', async () => {
    const store = memoryStore()
    const kept = await fit({ ...small.options, checkpoint: { store, steps: 4 } })
    expect(kept).toEqual(await fit(small.options))
    expect(store.written.map((bytes) => right(decodeCheckpoint(bytes)).position)).toEqual([4, 8, 12, 15])
    const epochs = memoryStore()
    await fit({ ...small.options, checkpoint: { store: epochs } })
    expect(epochs.written.map((bytes) => right(decodeCheckpoint(bytes)).position)).toEqual([5, 10, 15])
  })

  it('takes a set that says more of itself than inputs and labels', async () => {
    const labelled = { ...small.set, classes: 3 }
    const store = memoryStore()
    expect(right(await attemptFit({ ...small.options, checkpoint: { store } }, { set: labelled }))).toEqual(
      await fit(small.options)
    )
  })

  it('is finished when taken up at its end: no step is taken, nothing is written', async () => {
    const store = memoryStore()
    const first = await fit({ ...small.options, checkpoint: { store } })
    const again = memoryStore(store.written.at(-1))
    const seen: train.FitEvent[] = []
    const second = await fit({
      ...small.options,
      checkpoint: { store: again },
      observe: (event) => () => void seen.push(event)
    })
    expect(second).toEqual(first)
    expect([seen, again.written]).toEqual([[], []])
  })

  it('keeps parameters by the names that other readers of safetensors expect', async () => {
    const store = memoryStore()
    const { params } = await fit({ ...small.options, checkpoint: { store } })
    const { tensors } = right(format.safetensors.decode(store.written.at(-1)!))
    expect(tensors['at.params.0.w']).toEqual(params[0]!.w)
    expect(tensors['at.state.slots.0.2.b']!.shape).toEqual([3])
  })

  it.each<[string, Partial<train.FitOptions>, Parameters<typeof attemptFit>[1]]>([
    ['epochs', { epochs: 4 }, {}],
    ['batch', { batch: 5 }, {}],
    ['unroll', { unroll: 2 }, {}],
    ['schedule', { schedule: train.schedule.cosine(0.2) }, {}],
    ['objective', { attack: attack.pgd({ epsilon: 0.1, steps: 3, stepSize: 0.1 }) }, {}],
    ['objective', { loss: (y) => (z) => ops.scale(2)(nn.crossEntropy(y)(z)) }, {}],
    ['optimiser', { optimiser: train.momentum(0.8) }, {}],
    ['mask', { mask: [{ w: ndarray.full([6, 10], 1) }, {}, { w: ndarray.full([10, 3], 1) }] }, {}],
    ['record', { record: { x: small.set.x, times: 3 } }, {}],
    ['validate', { validate: { score: size } }, {}],
    ['key', {}, { seed: 2 }],
    ['params', {}, { params: small.net.init(key(3), [6]) }],
    ['data', {}, { set: batchOf(10, 21, 6, 3) }]
  ])('is refused with another %s, which the error names, and stays as it is', async (where, other, rest) => {
    const store = memoryStore()
    await fit({ ...small.options, checkpoint: { store }, ...stopAfter(5) })
    const again = memoryStore(store.written.at(-1))
    const result = await attemptFit({ ...small.options, checkpoint: { store: again }, ...other }, rest)
    expect(result).toMatchObject({ left: { _tag: 'ArgumentError', operation: 'train.fit', where } })
    expect(again.written).toEqual([])
  })

  it('is refused on another engine', async () => {
    const store = memoryStore()
    await fit({ ...small.options, checkpoint: { store }, ...stopAfter(5) })
    const there = right(decodeCheckpoint(store.written.at(-1)!))
    const elsewhere = memoryStore(right(encodeCheckpoint({ ...there, engine: 'onnx:native, x, 2 threads' })))
    expect(await attemptFit({ ...small.options, checkpoint: { store: elsewhere } })).toMatchObject({
      left: { _tag: 'ArgumentError', where: 'engine' }
    })
    expect(elsewhere.written).toEqual([])
  })

  it('is refused when its checkpoint is cut off or any bit of it is wrong; nothing is written', async () => {
    const store = memoryStore()
    await fit({ ...small.options, checkpoint: { store }, ...stopAfter(5) })
    const good = store.written.at(-1)!
    const refused = async (bytes: Uint8Array): Promise<void> => {
      const bad = memoryStore(bytes)
      expect(await attemptFit({ ...small.options, checkpoint: { store: bad } })).toMatchObject({
        left: { _tag: 'DataError', operation: 'checkpoint', where: 'checkpoint' }
      })
      expect(bad.written).toEqual([])
    }
    await refused(new Uint8Array(0))
    await refused(good.subarray(0, good.length - 1))
    await refused(new TextEncoder().encode('not found'))
    await refused(right(format.safetensors.encode({ tensors: { w: ndarray.scalar(1) } })))
    const decoded = right(decodeCheckpoint(good))
    expect(right(encodeCheckpoint(decoded))).toEqual(good)
    // Blanks and the order of fields carry no meaning; everything else does.
    fc.assert(
      fc.property(fc.nat({ max: good.length - 1 }), fc.nat({ max: 7 }), (place, bit) => {
        const bytes = good.slice()
        bytes[place]! ^= 1 << bit
        const read = decodeCheckpoint(bytes)
        if (E.isRight(read)) expect(read.right).toEqual(decoded)
      })
    )
  })

  it('fails with the error of a store that cannot be read or written', async () => {
    const full = tangentError('IoError', 'io.writeAtomic', 'to write the file', 'a full disk', 'x')
    const broken: train.Store = { read: TE.left(full), write: () => TE.left(full) }
    expect(await attemptFit({ ...small.options, checkpoint: { store: broken } })).toEqual(E.left(full))
    const unwritable: train.Store = { ...broken, read: TE.right(undefined) }
    expect(await attemptFit({ ...small.options, checkpoint: { store: unwritable } })).toEqual(E.left(full))
  })
})

describe('validation', () => {
  /** Gives these scores one after the other. */
  const given = (...scores: number[]): train.Validate['score'] => {
    let at = 0
    return () => RTE.of(scores[at++]!)
  }
  const options = { ...small.options, epochs: 5 }

  it('judges after every epoch, tells of it, and keeps the best parameters, the earliest of equal ones', async () => {
    const scores: (number | undefined)[] = []
    const { validations, best, ended, losses } = await fit({
      ...options,
      validate: { score: given(0.1, NaN, 0.5, 0.5, 0.2) },
      observe:
        ({ score }) =>
        () =>
          void scores.push(score)
    })
    expect(validations.map(({ epoch, score }) => [epoch, score])).toEqual([
      [1, 0.1],
      [2, NaN],
      [3, 0.5],
      [4, 0.5],
      [5, 0.2]
    ])
    expect(scores.filter((score) => score !== undefined)).toEqual([0.1, NaN, 0.5, 0.5, 0.2])
    expect([best!.epoch, best!.score, ended, losses.length]).toEqual([3, 0.5, 'all', 25])
    // the parameters after three epochs of five
    const there = await fit({ ...options, ...stopAfter(15) })
    expect(best!.params).toEqual(there.params)
    expect(there.ended).toBe('stop')
  })

  it('stops early when told so, also when taken up again after that', async () => {
    const store = memoryStore()
    const early: train.FitOptions = {
      ...options,
      checkpoint: { store },
      validate: { score: given(0.3, 0.2, 0.1, 0.9), until: train.patience(2) }
    }
    const first = await fit(early)
    expect([first.ended, first.validations.length, first.best!.epoch]).toEqual(['until', 3, 1])
    expect(await fit(early)).toEqual(first)
  })

  it('passes the error of the score on', async () => {
    const error = tangentError('EngineError', 'score', 'a', 'b')
    expect(await attemptFit({ ...options, validate: { score: () => RTE.left(error) } })).toEqual(
      E.left(error)
    )
  })
})
