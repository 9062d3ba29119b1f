import * as E from 'fp-ts/lib/Either.js'
import type { IO } from 'fp-ts/lib/IO.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { TangentError } from '../core/error.js'
import type { Executed } from '../graph/runner.js'
import { engineOf, keep as keepRun, type Resumable, restore, sameEngine, type Standing } from './run.js'
import type { Store } from './store.js'

/** Where the state of a run is kept, and how often. */
export interface KeepEvery {
  readonly store: Store
  /** Steps from one checkpoint to the next; the last one is kept in any case. */
  readonly steps: number
}

/** A run of so many equal steps. */
export interface Steps<S> extends Resumable<S> {
  readonly count: number
  readonly first: S
  /** Step i from the state that the steps before it left, and who computed it. */
  readonly take: (
    step: number,
    state: S
  ) => TE.TaskEither<TangentError, { readonly state: S; readonly executed: Executed }>
  /** Nothing is kept unless given. */
  readonly keep?: KeepEvery | undefined
  /** Asked after every step: true ends the run there. */
  readonly stop?: IO<boolean> | undefined
}

/**
 * Takes the steps of a run from where its store left it, or from the first one, to the end or until it is stopped; what
 * was stopped goes on from there with the same store. A loop and not a chain of flatMap, so that ten thousand steps hold
 * no ten thousand promises.
 */
export const takeSteps = <S>(run: Steps<S>): TE.TaskEither<TangentError, S> => {
  const { count, keep, stop, take, kind } = run
  const write = (standing: Standing<S>): TE.TaskEither<TangentError, void> =>
    keep === undefined ? TE.right(undefined) : keepRun<S>(run)(keep.store)(standing)
  const from =
    (start: Standing<S>): TE.TaskEither<TangentError, S> =>
    async () => {
      let [at, kept, stopped] = [start, start.position, false]
      while (at.position < count && !stopped) {
        const next = await take(at.position, at.state)()
        if (E.isLeft(next)) return next
        const { state, executed } = next.right
        const same = sameEngine(kind, at.engine === '' ? undefined : at.engine, executed)
        if (E.isLeft(same)) return same
        at = { position: at.position + 1, state, engine: engineOf(executed) }
        stopped = stop?.() === true
        const isLast = stopped || at.position === count
        if (keep === undefined || !(isLast || at.position - kept >= keep.steps)) continue
        const written = await write(at)()
        if (E.isLeft(written)) return written
        kept = at.position
      }
      return E.right(at.state)
    }
  return pipe(
    keep === undefined ? TE.right(undefined) : restore<S>(run)(keep.store),
    TE.flatMap((standing) => from(standing ?? { position: 0, engine: '', state: run.first }))
  )
}
