import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { entry } from '../core/entry.js'
import { fail, leftWith, type TangentError } from '../core/error.js'
import { type NdArray, of } from '../core/ndarray.js'
import { fromNamed, named } from '../core/tree.js'
import { attempt } from '../graph/trace.js'
import { decodeCheckpoint, encodeCheckpoint, readStore, type Store, type Tensors } from './checkpoint.js'
import type { Settings } from './fingerprint.js'

/** A run between two steps: how many are done, the state that they led to, and who computed it. */
export interface RunState<S> {
  /** How many steps are done. */
  readonly position: number
  /** The state that they led to. */
  readonly state: S
  /** The engine, as a result names it; empty before the first step. */
  readonly engine: string
}

/** A run that can be resumed, and its state as named tensors. */
export interface Resumable<S> {
  /** The name of the operation, for the checkpoint and for errors. */
  readonly kind: string
  /** What the run was started with; a checkpoint of other settings is refused. */
  readonly settings: Settings
  /** The state as named arrays. */
  readonly encode: (state: S) => Tensors
  /** The state after so many steps; raises what does not fit. */
  readonly decode: (tensors: Tensors, position: number) => S
}

/** A setting of a record that need not have it; the names in a file are anybody's. */
const settingOf = (settings: Settings, name: string): string =>
  Object.hasOwn(settings, name) ? settings[name]! : 'none'

/** Refuses what is saved (`what`) where it is of another kind or of other settings; the error names the first that differs, and the file. */
export const sameSettings = (
  { kind, settings }: Pick<Resumable<unknown>, 'kind' | 'settings'>,
  saved: Pick<Resumable<unknown>, 'kind' | 'settings'>,
  { where }: Store,
  what = 'checkpoint'
): E.Either<TangentError, unknown> => {
  const refuse = leftWith('ArgumentError', kind)
  const at = (name: string): string => (where === undefined ? name : `${where}: ${name}`)
  if (saved.kind !== kind) return refuse(`a ${what} of ${kind}`, `one of ${saved.kind}`, where ?? what)
  const names = new Set([...Object.keys(settings), ...Object.keys(saved.settings)])
  const other = [...names].find((name) => settingOf(saved.settings, name) !== settingOf(settings, name))
  return other === undefined
    ? E.right(undefined)
    : refuse(
        `the ${other} of the ${what} (${settingOf(saved.settings, other)})`,
        settingOf(settings, other),
        at(other)
      )
}

/**
 * Reads the saved state of a run; undefined where nothing is saved yet. A checkpoint that is damaged or foreign is a
 * DataError, one of other settings an ArgumentError that names the first that differs. Nothing is written.
 */
export const restore = entry(
  'checkpoint.restore',
  'TaskEither',
  2,
  <S>(run: Resumable<S>) =>
    (store: Store): TE.TaskEither<TangentError, RunState<S> | undefined> =>
      readStore(store, (bytes) =>
        pipe(
          decodeCheckpoint(bytes),
          E.mapLeft((error) => ({ ...error, where: store.where ?? 'checkpoint' })),
          E.tap((saved) => sameSettings(run, saved, store)),
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
export const save = entry(
  'checkpoint.save',
  'TaskEither',
  3,
  <S>({ kind, settings, encode }: Resumable<S>) =>
    (store: Store) =>
    ({ position, state, engine }: RunState<S>): TE.TaskEither<TangentError, void> =>
      pipe(
        TE.fromEither(encodeCheckpoint({ kind, settings, position, engine, tensors: encode(state) })),
        TE.flatMap(store.write)
      )
)

/** Rows of numbers by name: what every step of a run adds to. The rows of a column are equally long. */
export type Columns = Readonly<Record<string, readonly (readonly number[])[]>>

const arrayOf = (rows: readonly (readonly number[])[]): readonly NdArray[] => {
  const width = rows[0]?.length ?? 0
  const shape = width === 1 ? [rows.length] : [rows.length, width]
  return width === 0 ? [] : [of(shape, Float64Array.from(rows.flat()))]
}

const rowsOf = ({ shape: [count = 0, width = 1], data }: NdArray): readonly (readonly number[])[] =>
  Array.from({ length: count }, (_, i) => Array.from(data.subarray(i * width, (i + 1) * width)))

/** The state of a run as named tensors: the arrays of its trees by their places, and its columns. Empty columns are left out. */
export const encodeState = (trees: object, columns: Columns): Tensors => ({
  ...named(trees),
  ...Object.fromEntries(
    Object.entries(columns).flatMap(([name, rows]) => arrayOf(rows).map((array) => [name, array]))
  )
})

/**
 * Reads {@link encodeState} back: trees of the form of `like`, and columns, each with as many rows as `counts` says. Anything
 * that does not fit raises a TreeError.
 */
export const decodeState =
  <T extends object>(like: T, counts: Readonly<Record<string, number>>) =>
  (tensors: Tensors): { readonly trees: T; readonly columns: Columns } => {
    const columns = Object.entries(counts).map(([name, count]) => {
      const rows = Object.hasOwn(tensors, name) ? rowsOf(tensors[name]!) : []
      return rows.length === count
        ? ([name, rows] as const)
        : fail('TreeError', 'checkpoint', `${count} rows`, `${rows.length}`, name)
    })
    const arrays = Object.entries(tensors).filter(([name]) => !Object.hasOwn(counts, name))
    return { trees: fromNamed(like)(Object.fromEntries(arrays)), columns: Object.fromEntries(columns) }
  }

/** A list that grows by an entry without a copy, since a run adds to it in every step. */
export type Log<A> = { readonly last: A; readonly before: Log<A> } | undefined

/** The log with further entries. */
export const append = <A>(log: Log<A>, entries: readonly A[]): Log<A> =>
  entries.reduce<Log<A>>((before, last) => ({ last, before }), log)

/** The entries of a log, the first one first. */
export const entriesOf = <A>(log: Log<A>): readonly A[] => {
  const entries: A[] = []
  for (let at = log; at !== undefined; at = at.before) entries.push(at.last)
  return entries.reverse()
}
