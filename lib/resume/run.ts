import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { tangentError, type TangentError } from '../core/error.js'
import type { Executed } from '../graph/runner.js'
import { attempt } from '../graph/trace.js'
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from './checkpoint.js'
import type { Settings } from './settings.js'
import type { Store } from './store.js'

/** A run that can be taken up again, and how its state is told in tensors. */
export interface Resumable<S> {
  readonly kind: string
  readonly settings: Settings
  readonly save: (state: S) => Checkpoint['tensors']
  /** Raises what does not fit. */
  readonly load: (tensors: Checkpoint['tensors'], position: number) => S
}

/** Where a run stands: what is done, the state that left, and who computed it. */
export interface Standing<S> {
  readonly position: number
  readonly state: S
  readonly engine: string
}

/** What tells one executor from another whose bits may differ. */
export const engineOf = ({ engine, backend, threads }: Executed): string =>
  `${engine}, ${backend}, ${threads} threads`

const refuse = (
  kind: string,
  expected: string,
  received: string,
  where: string
): E.Either<TangentError, never> => E.left(tangentError('ArgumentError', kind, expected, received, where))

/** The first setting in which a checkpoint differs from this run. */
const sameSettings = (
  { kind, settings }: Pick<Checkpoint, 'kind' | 'settings'>,
  mine: Pick<Checkpoint, 'kind' | 'settings'>
): E.Either<TangentError, unknown> => {
  if (kind !== mine.kind)
    return refuse(mine.kind, `a checkpoint of ${mine.kind}`, `one of ${kind}`, 'checkpoint')
  const names = [...new Set([...Object.keys(mine.settings), ...Object.keys(settings)])]
  const other = names.find((name) => settings[name] !== mine.settings[name])
  return other === undefined
    ? E.right(undefined)
    : refuse(
        kind,
        `the ${other} of the checkpoint (${settings[other] ?? 'none'})`,
        mine.settings[other] ?? 'none',
        other
      )
}

/**
 * Where a run stands by its store; undefined where nothing is kept yet. A checkpoint that is damaged or foreign is a
 * DataError, one of other settings an ArgumentError naming the first that differs; nothing is written.
 */
export const restore =
  <S>({ kind, settings, load }: Resumable<S>) =>
  (store: Store): TE.TaskEither<TangentError, Standing<S> | undefined> =>
    pipe(
      store.read,
      TE.flatMapEither((bytes) =>
        bytes === undefined
          ? E.right(undefined)
          : pipe(
              decodeCheckpoint(bytes),
              E.tap((found) => sameSettings(found, { kind, settings })),
              E.flatMap(({ position, tensors, engine }) =>
                attempt(() => ({ position, engine, state: load(tensors, position) }))
              )
            )
      )
    )

/**
 * Keeps where a run stands: `keep(run)(store)({ position, state, engine })`. {@link restore} gives it back.
 *
 * @example
 * import assert from 'node:assert'
 * import * as E from 'fp-ts/lib/Either.js'
 * import * as TE from 'fp-ts/lib/TaskEither.js'
 * import { ndarray, type NdArray, resume } from 'tangentflow'
 *
 * let kept: Uint8Array | undefined
 * const store: resume.Store = { read: TE.fromIO(() => kept), write: (bytes) => TE.fromIO(() => void (kept = bytes)) }
 * const run: resume.Resumable<NdArray> = {
 *   kind: 'counting',
 *   settings: { by: 'twos' },
 *   save: (total) => ({ total }),
 *   load: ({ total }) => total!
 * }
 * await resume.keep(run)(store)({ position: 3, state: ndarray.scalar(6), engine: 'by hand' })()
 * const there = await resume.restore(run)(store)()
 * assert.ok(E.isRight(there) && there.right?.position === 3)
 * assert.equal(ndarray.toNumber(there.right.state), 6)
 * const other = await resume.restore({ ...run, settings: { by: 'threes' } })(store)()
 * assert.ok(E.isLeft(other) && other.left.where === 'by')
 */
export const keep =
  <S>({ kind, settings, save }: Resumable<S>) =>
  (store: Store) =>
  ({ position, state, engine }: Standing<S>): TE.TaskEither<TangentError, void> =>
    pipe(
      TE.fromEither(encodeCheckpoint({ kind, settings, position, engine, tensors: save(state) })),
      TE.flatMap(store.write)
    )

/** Refuses to go on where another engine than the checkpoint's computes: its bits would be others. */
export const sameEngine = (
  kind: string,
  before: string | undefined,
  executed: Executed
): E.Either<TangentError, unknown> =>
  before === undefined || before === engineOf(executed)
    ? E.right(undefined)
    : refuse(kind, `the engine of the checkpoint (${before})`, engineOf(executed), 'engine')
