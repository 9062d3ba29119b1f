import * as E from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { TangentError } from '../core/error.js'

/** How far each run of a list is; one is left out where the run that it waits for failed. */
export type RunStatus = 'waiting' | 'running' | 'done' | 'failed' | 'left out'

/** For each run of a list the place of the one that it waits for. */
export type RunOrder = readonly (number | undefined)[]

/** The places of the runs to start now, the first ones first, so that at most so many are running. */
export const nextRuns = (
  order: RunOrder,
  statuses: readonly RunStatus[],
  slots: number
): readonly number[] => {
  const free = slots - statuses.filter((status) => status === 'running').length
  const isReady = (status: RunStatus, place: number): boolean => {
    const before = order[place]
    return status === 'waiting' && (before === undefined || statuses[before] === 'done')
  }
  const ready: number[] = []
  for (let place = 0; place < statuses.length && ready.length < free; place++)
    if (isReady(statuses[place]!, place)) ready.push(place)
  return ready
}

/** The statuses after a run is started or has ended; runs that wait for a failed one are left out. */
export const withStatus = (
  order: RunOrder,
  statuses: readonly RunStatus[],
  place: number,
  status: RunStatus
): readonly RunStatus[] => {
  const next = statuses.map((old, i) => (i === place ? status : old))
  if (status !== 'failed' && status !== 'left out') return next
  return order.reduce<readonly RunStatus[]>(
    (all, before, i) => (before === place ? withStatus(order, all, i, 'left out') : all),
    next
  )
}

/** How a list of runs is gone through. */
export interface ScheduleOptions {
  readonly order: RunOrder
  /** How many run at once. */
  readonly slots: number
  /** Whether the other runs go on after one has failed. A StopError starts nothing more in any case. */
  readonly goOn: boolean
}

/**
 * Performs the runs of a list, at most `slots` at once, each after the one that it waits for, and gives their results in the
 * order of the list. Where runs fail, the error is that of the first of them in the list, so that it does not depend on which
 * run ends first; a StopError counts only where nothing else failed.
 */
export const performAll =
  ({ order, slots, goOn }: ScheduleOptions) =>
  <A>(perform: (place: number) => TaskEither<TangentError, A>): TaskEither<TangentError, readonly A[]> =>
  () =>
    new Promise((resolve, reject) => {
      const results = new Map<number, A>()
      const errors = new Map<number, TangentError>()
      let [statuses, isOpen]: [readonly RunStatus[], boolean] = [order.map(() => 'waiting'), true]
      const note = (place: number, status: RunStatus): void =>
        void (statuses = withStatus(order, statuses, place, status))

      const ended = (place: number, result: E.Either<TangentError, A>): void => {
        if (E.isRight(result)) results.set(place, result.right)
        else {
          errors.set(place, result.left)
          isOpen &&= goOn && result.left._tag !== 'StopError'
        }
        note(place, E.isRight(result) ? 'done' : 'failed')
        advance()
      }
      const advance = (): void => {
        for (const place of isOpen ? nextRuns(order, statuses, slots) : []) {
          note(place, 'running')
          perform(place)().then((result) => ended(place, result), reject)
        }
        if (statuses.includes('running')) return
        const failed = order.flatMap((_, place) => errors.get(place) ?? [])
        const error = failed.find(({ _tag }) => _tag !== 'StopError') ?? failed[0]
        resolve(error === undefined ? E.right(order.map((_, place) => results.get(place)!)) : E.left(error))
      }
      advance()
    })
