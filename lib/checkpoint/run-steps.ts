import * as E from 'fp-ts/lib/Either.js'
import type { IO } from 'fp-ts/lib/IO.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { entry } from '../core/entry.js'
import { requireWhole } from '../core/check.js'
import { leftWith, type TangentError } from '../core/error.js'
import type { Executed } from '../graph/runner.js'
import type { Store } from './checkpoint.js'
import { type Resumable, restore, type RunState, save } from './run-state.js'

/** Where a run is saved, and how often. */
export interface Checkpointing {
  /** Where the run is saved. */
  readonly store: Store
  /**
   * Steps from one checkpoint to the next; the end is saved in any case.
   *
   * @defaultValue an epoch of a training, 100 steps of a search
   */
  readonly steps?: number
}

/** Why a run ended: all its steps were taken, `until` held, or `stop` said so. */
export type Ended = 'all' | 'until' | 'stop'

/** What a turn of {@link runSteps} leaves. */
export interface Taken<S> {
  /** The state after the steps. */
  readonly state: S
  /** Who computed them. */
  readonly executed: Executed
  /** @defaultValue 1 */
  readonly steps?: number
}

/** A run of so many steps. */
export interface Steps<S> extends Resumable<S> {
  /** How many steps the run has. */
  readonly count: number
  /** The state before the first step. */
  readonly first: S
  /** Takes the next step, or the next few, from the state after so many steps. */
  readonly take: (position: number, state: S) => TE.TaskEither<TangentError, Taken<S>>
  /** Where and how often the run is saved. @defaultValue it is not saved */
  readonly checkpoint?: Checkpointing | undefined
  /** Asked before every turn: true ends the run there. */
  readonly stop?: IO<boolean> | undefined
  /** The same, by the state. */
  readonly until?: (state: S) => boolean
}

/** Who computed something, in words: two of the same words give the same bits. */
export const nameOfExecuted = ({ engine, backend, threads }: Executed): string =>
  `${engine}, ${backend}, ${threads} threads`

/**
 * Takes the steps of a run from its last checkpoint, or from the first step, to the end or until it is stopped; a run that
 * was stopped continues with the same store, to the same bits. Another engine than the checkpoint's is an ArgumentError,
 * since its bits may differ. The state before a step that fails is saved. A loop and not a chain of flatMap, so that ten thousand steps hold no ten thousand promises.
 */
export const runSteps = entry(
  'checkpoint.runSteps',
  'TaskEither',
  1,
  <S>(
    run: Steps<S>
  ): TE.TaskEither<
    TangentError,
    {
      /** The last state. */
      readonly state: S
      /** Why the run ended. */
      readonly ended: Ended
    }
  > => {
    const { kind, count, first, take, checkpoint, stop, until } = run
    const write = (at: RunState<S>): TE.TaskEither<TangentError, void> =>
      checkpoint === undefined ? TE.right(undefined) : save(run)(checkpoint.store)(at)
    const intervalOf = ({ position }: RunState<S>): number =>
      Math.floor(position / (checkpoint?.steps ?? 100))

    const advance = (at: RunState<S>): TE.TaskEither<TangentError, RunState<S>> =>
      pipe(
        take(at.position, at.state),
        TE.flatMapEither(({ state, executed, steps = 1 }) => {
          const engine = nameOfExecuted(executed)
          return at.engine === '' || at.engine === engine
            ? E.right({ position: at.position + steps, state, engine })
            : leftWith('ArgumentError', kind)(`the engine of the checkpoint (${at.engine})`, engine, 'engine')
        })
      )

    const from =
      (start: RunState<S>): TE.TaskEither<TangentError, { readonly state: S; readonly ended: Ended }> =>
      async () => {
        let [at, saved, ended] = [start, start.position, 'all' as Ended]
        while (at.position < count) {
          if (until?.(at.state) === true) ended = 'until'
          else if (stop?.() === true) ended = 'stop'
          if (ended !== 'all') break
          const next = await advance(at)()
          if (E.isLeft(next)) {
            // what was computed before the failure is saved; the failure is what the caller hears of
            if (saved !== at.position) await write(at)()
            return next
          }
          const isDue = intervalOf(next.right) > intervalOf(at)
          at = next.right
          if (!isDue) continue
          const written = await write(at)()
          if (E.isLeft(written)) return written
          saved = at.position
        }
        const written = saved === at.position ? E.right(undefined) : await write(at)()
        return E.isLeft(written) ? written : E.right({ state: at.state, ended })
      }

    if (checkpoint?.steps !== undefined)
      requireWhole('checkpoint.runSteps', 'checkpoint.steps', checkpoint.steps, 1)
    return pipe(
      checkpoint === undefined ? TE.right(undefined) : restore(run)(checkpoint.store),
      TE.flatMap((saved) => from(saved ?? { position: 0, engine: '', state: first }))
    )
  }
)
