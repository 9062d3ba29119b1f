import fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { tangentError, type TangentError } from '../../lib/core/error.js'
import {
  nextRuns,
  performAll,
  type RunOrder,
  type RunStatus,
  withStatus
} from '../../lib/experiment/schedule.js'

/** Runs of which each waits for none or for one that waits for none, as runs wait for the dense one of their seed. */
const orders: fc.Arbitrary<RunOrder> = fc
  .array(fc.option(fc.nat(30), { nil: undefined }), { minLength: 1, maxLength: 24 })
  .map((asked) =>
    asked.map((place) => {
      const before = place === undefined ? undefined : place % asked.length
      return before !== undefined && asked[before] === undefined ? before : undefined
    })
  )

const failure = (place: number, tag: 'DataError' | 'StopError' = 'DataError'): TangentError =>
  tangentError(tag, 'spec', 'a run that works', `run ${place}`)

/** Performs the runs and ends them in an order that `pick` chooses; gives the result, and what was seen on the way. */
const performed = async (
  order: RunOrder,
  slots: number,
  pick: (count: number) => number,
  fails: (place: number) => TangentError | undefined = () => undefined,
  goOn = true
) => {
  const running = new Map<number, () => void>()
  const started: number[] = []
  const done = new Set<number>()
  const result = performAll({ order, slots, goOn })<number>((place) => () => {
    const before = order[place]
    if (before !== undefined) expect(done.has(before)).toBe(true)
    started.push(place)
    return new Promise((resolve) => {
      running.set(place, () => {
        const error = fails(place)
        if (error === undefined) done.add(place)
        resolve(error === undefined ? E.right(place) : E.left(error))
      })
    })
  })()
  let most = 0
  while (running.size > 0) {
    most = Math.max(most, running.size)
    const places = [...running.keys()]
    const place = places[pick(places.length) % places.length]!
    running.get(place)!()
    running.delete(place)
    // the next ones start in microtasks
    await new Promise((resolve) => setImmediate(resolve))
  }
  return { result: await result, started, most }
}

const picker = (choices: readonly number[]): (() => number) => {
  let at = 0
  return () => choices[at++ % choices.length]!
}
const choices = fc.array(fc.nat(100), { minLength: 1, maxLength: 30 })

describe('performAll', () => {
  it('gives the same results whichever run ends first, each run once, never more at once than slots', () =>
    fc.assert(
      fc.asyncProperty(orders, fc.integer({ min: 1, max: 6 }), choices, async (order, slots, picks) => {
        const { result, started, most } = await performed(order, slots, picker(picks))
        expect(result).toEqual(E.right(order.map((_, place) => place)))
        expect([...started].sort((a, b) => a - b)).toEqual(order.map((_, place) => place))
        expect(most).toBeLessThanOrEqual(slots)
      }),
      { numRuns: 60 }
    ))

  it('performs all but what waits for a failed run, and gives the error of the first one in the list', () =>
    fc.assert(
      fc.asyncProperty(
        orders,
        fc.integer({ min: 1, max: 6 }),
        choices,
        fc.uniqueArray(fc.nat(23), { minLength: 1 }),
        async (order, slots, picks, bad) => {
          const isBad = (place: number): boolean => bad.includes(place)
          const { result, started } = await performed(order, slots, picker(picks), (place) =>
            isBad(place) ? failure(place) : undefined
          )
          const expected = order.flatMap((before, place) =>
            before !== undefined && isBad(before) ? [] : [place]
          )
          expect([...started].sort((a, b) => a - b)).toEqual(expected)
          const first = expected.find(isBad)
          expect(result).toEqual(
            first === undefined ? E.right(order.map((_, place) => place)) : E.left(failure(first))
          )
        }
      ),
      { numRuns: 60 }
    ))

  it('starts nothing after a stop, nor after a failure where the others are not to go on', async () => {
    const order: RunOrder = [undefined, undefined, undefined, undefined]
    const stop = await performed(
      order,
      2,
      () => 0,
      (place) => (place === 0 ? failure(0, 'StopError') : undefined)
    )
    expect([stop.started, stop.result]).toEqual([[0, 1], E.left(failure(0, 'StopError'))])
    const failed = await performed(
      order,
      1,
      () => 0,
      (place) => (place === 1 ? failure(1) : undefined),
      false
    )
    expect([failed.started, failed.result]).toEqual([[0, 1], E.left(failure(1))])
  })

  it('names what failed rather than that the rest was stopped', async () => {
    const { result } = await performed(
      [undefined, undefined],
      2,
      () => 0,
      (place) => failure(place, place === 0 ? 'StopError' : 'DataError')
    )
    expect(result).toEqual(E.left(failure(1)))
  })
})

describe('nextRuns and withStatus', () => {
  it('start a run when the one that it waits for is done, and leave it out when that failed', () => {
    const order = [undefined, 0, 1, undefined]
    const waiting: readonly RunStatus[] = order.map(() => 'waiting')
    expect(nextRuns(order, waiting, 4)).toEqual([0, 3])
    expect(nextRuns(order, waiting, 1)).toEqual([0])
    const running = withStatus(order, waiting, 0, 'running')
    expect(nextRuns(order, running, 1)).toEqual([])
    expect(nextRuns(order, withStatus(order, running, 0, 'done'), 1)).toEqual([1])
    expect(withStatus(order, running, 0, 'failed')).toEqual(['failed', 'left out', 'left out', 'waiting'])
  })
})
