import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { tangentError, type TangentError } from '../core/error.js'
import { attempt } from '../graph/trace.js'
import { decodeCheckpoint, encodeCheckpoint, type Store, type Tensors } from './checkpoint.js'
import type { Settings } from './fingerprint.js'

/** A run between two steps: how many are done, the state that they led to, and who computed it. */
export interface RunState<S> {
  readonly position: number
  readonly state: S
  /** The engine, as a result names it; empty before the first step. */
  readonly engine: string
}

/** A run that can be resumed, and its state as named tensors. */
export interface Resumable<S> {
  /** The name of the operation, for the checkpoint and for errors. */
  readonly kind: string
  readonly settings: Settings
  readonly encode: (state: S) => Tensors
  /** The state after so many steps; raises what does not fit. */
  readonly decode: (tensors: Tensors, position: number) => S
}

/** An ArgumentError of a run. */
export const refuse = (
  kind: string,
  expected: string,
  received: string,
  where: string
): E.Either<TangentError, never> => E.left(tangentError('ArgumentError', kind, expected, received, where))

/** Refuses a checkpoint of another kind or of other settings; the error names the first that differs. */
const sameSettings = (
  { kind, settings }: Pick<Resumable<unknown>, 'kind' | 'settings'>,
  saved: Pick<Resumable<unknown>, 'kind' | 'settings'>
): E.Either<TangentError, unknown> => {
  if (saved.kind !== kind)
    return refuse(kind, `a checkpoint of ${kind}`, `one of ${saved.kind}`, 'checkpoint')
  const names = [...new Set([...Object.keys(settings), ...Object.keys(saved.settings)])]
  const other = names.find((name) => saved.settings[name] !== settings[name])
  return other === undefined
    ? E.right(undefined)
    : refuse(
        kind,
        `the ${other} of the checkpoint (${saved.settings[other] ?? 'none'})`,
        settings[other] ?? 'none',
        other
      )
}

/**
 * Reads the saved state of a run; undefined where nothing is saved yet. A checkpoint that is damaged or foreign is a
 * DataError, one of other settings an ArgumentError that names the first that differs. Nothing is written.
 */
export const restore =
  <S>(run: Resumable<S>) =>
  (store: Store): TE.TaskEither<TangentError, RunState<S> | undefined> =>
    pipe(
      store.read,
      TE.flatMapEither((bytes) =>
        bytes === undefined
          ? E.right(undefined)
          : pipe(
              decodeCheckpoint(bytes),
              E.tap((saved) => sameSettings(run, saved)),
              E.flatMap(({ position, tensors, engine }) =>
                attempt(() => ({ position, engine, state: run.decode(tensors, position) }))
              )
            )
      )
    )

/**
 * Writes the state of a run to its store, from which {@link restore} reads it.
 *
 * @example
 * import assert from 'node:assert'
 * import * as E from 'fp-ts/lib/Either.js'
 * import * as TE from 'fp-ts/lib/TaskEither.js'
 * import { checkpoint, ndarray, type NdArray } from 'tangentflow'
 *
 * let saved: Uint8Array | undefined
 * const store: checkpoint.Store = { read: TE.fromIO(() => saved), write: (bytes) => TE.fromIO(() => void (saved = bytes)) }
 * const run: checkpoint.Resumable<NdArray> = {
 *   kind: 'counting',
 *   settings: { by: 'twos' },
 *   encode: (total) => ({ total }),
 *   decode: ({ total }) => total!
 * }
 * await checkpoint.save(run)(store)({ position: 3, state: ndarray.scalar(6), engine: 'by hand' })()
 * const there = await checkpoint.restore(run)(store)()
 * assert.ok(E.isRight(there) && there.right?.position === 3)
 * assert.equal(ndarray.toNumber(there.right.state), 6)
 * const other = await checkpoint.restore({ ...run, settings: { by: 'threes' } })(store)()
 * assert.ok(E.isLeft(other) && other.left.where === 'by')
 */
export const save =
  <S>({ kind, settings, encode }: Resumable<S>) =>
  (store: Store) =>
  ({ position, state, engine }: RunState<S>): TE.TaskEither<TangentError, void> =>
    pipe(
      TE.fromEither(encodeCheckpoint({ kind, settings, position, engine, tensors: encode(state) })),
      TE.flatMap(store.write)
    )
