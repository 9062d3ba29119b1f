import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { readStore, type Store, type Stores } from '../checkpoint/checkpoint.js'
import type { Settings } from '../checkpoint/fingerprint.js'
import { sameSettings } from '../checkpoint/run-state.js'
import { entry } from '../core/entry.js'
import { atPath, tangentError, type TangentError } from '../core/error.js'
import { of } from '../core/ndarray.js'
import { attempt } from '../graph/trace.js'
import { sameShape, showShape } from '../core/shape.js'
import { crc32 } from '../format/crc32.js'
import { npy } from '../format/npy.js'
import { isRecord, parseJson } from '../format/parse-json.js'
import { type Tile, tilesOf } from '../ntk/empirical/tile-plan.js'

/**
 * A kernel in blocks. Its files are `kernel.json`, which says what the kernel is, and for each block `0-0.npy` (row and column
 * of the block), float32, with its CRC-32 and its engine in `0-0.json`. Of a symmetric kernel only the blocks on and
 * above the diagonal are there.
 */
export interface BlockedKernel {
  /** Where the files are, by name. */
  readonly stores: Stores
  /** Rows and columns of the kernel. */
  readonly shape: readonly [rows: number, columns: number]
  /** The most rows and columns of a block. */
  readonly lengths: readonly [rows: number, columns: number]
  /** Whether it is a kernel of one batch. */
  readonly isSymmetric: boolean
  /** What it was computed from. */
  readonly settings: Settings
}

/** The blocks that are there, row by row. */
export const tilesIn = ({ shape, lengths, isSymmetric }: BlockedKernel): readonly Tile[] =>
  tilesOf(shape, lengths, isSymmetric)

const [VERSION, MANIFEST] = [1, 'kernel.json']
const KIND = 'blocks'

const toBytes = (value: unknown): Uint8Array => new TextEncoder().encode(`${JSON.stringify(value)}\n`)

const isPair = (value: unknown): value is readonly [number, number] =>
  Array.isArray(value) && value.length === 2 && value.every((n) => Number.isSafeInteger(n) && n > 0)

const isSettings = (value: unknown): value is Settings =>
  isRecord(value) && Object.values(value).every((text) => typeof text === 'string')

const damaged = (expected: string, received: string, where?: string): TangentError =>
  tangentError('DataError', KIND, expected, received, where)

/** The fields of a small JSON file of ours. */
const fieldsOf = (bytes: Uint8Array): E.Either<TangentError, Readonly<Record<string, unknown>>> =>
  pipe(
    parseJson('a file in JSON', bytes),
    E.mapLeft(({ expected, received, where }) => damaged(expected, received, where)),
    E.flatMap((value) => (isRecord(value) ? E.right(value) : E.left(damaged('fields', 'another value'))))
  )

const decodeManifest =
  (stores: Stores) =>
  (bytes: Uint8Array): E.Either<TangentError, BlockedKernel> =>
    pipe(
      fieldsOf(bytes),
      E.flatMap(({ version, shape, lengths, isSymmetric, settings }) => {
        if (version !== VERSION)
          return E.left(damaged(`version ${VERSION} of kernels in blocks`, String(version)))
        return isPair(shape) && isPair(lengths) && typeof isSymmetric === 'boolean' && isSettings(settings)
          ? E.right({ stores, shape, lengths, isSymmetric, settings })
          : E.left(damaged('shape, lengths, isSymmetric and settings of a kernel', 'other fields'))
      })
    )

const whereOf = (store: Store, name: string): string => store.where ?? name

/** What the stores hold, or undefined where there is no kernel yet. */
const readManifest = (stores: Stores): TE.TaskEither<TangentError, BlockedKernel | undefined> => {
  const store = stores(MANIFEST)
  return readStore(store, (bytes) =>
    pipe(decodeManifest(stores)(bytes), E.mapLeft(atPath(whereOf(store, MANIFEST))))
  )
}

/** Writes what a kernel is where nothing is yet; another kernel that is there is refused. */
export const claim = (kernel: BlockedKernel): TE.TaskEither<TangentError, void> => {
  const { stores, shape, lengths, isSymmetric, settings } = kernel
  const compare = (found: BlockedKernel): TE.TaskEither<TangentError, void> =>
    pipe(
      TE.fromEither(
        sameSettings({ kind: KIND, settings }, { ...found, kind: KIND }, stores(MANIFEST), 'kernel')
      ),
      TE.map(() => undefined)
    )
  const read = readManifest(stores)
  const write = stores(MANIFEST).write(toBytes({ version: VERSION, shape, lengths, isSymmetric, settings }))
  return pipe(
    read,
    TE.flatMap((found) =>
      found !== undefined
        ? compare(found)
        : pipe(
            write,
            // another process may have written it meanwhile
            TE.orElse((error) =>
              pipe(
                read,
                TE.flatMap((other) => (other === undefined ? TE.left(error) : compare(other)))
              )
            )
          )
    )
  )
}

/**
 * Opens the kernel that {@link blocked} has written into these stores. One that is not there is an IoError, a file that is
 * damaged or of another version a DataError. Blocks are not read yet.
 */
export const openBlocked = entry(
  'blocks.openBlocked',
  'TaskEither',
  1,
  (stores: Stores): TE.TaskEither<TangentError, BlockedKernel> =>
    pipe(
      readManifest(stores),
      TE.flatMap(
        TE.fromNullable(
          tangentError(
            'IoError',
            'blocks.openBlocked',
            'a kernel in blocks (blocked computes one)',
            'nothing',
            whereOf(stores(MANIFEST), MANIFEST)
          )
        )
      )
    )
)

const nameOf = ({ lengths }: BlockedKernel, { row, column }: Tile): string =>
  `${row / lengths[0]}-${column / lengths[1]}`

/** What helps where a block is lost or damaged. */
const AGAIN = 'blocked, called again, computes it'

/** The sum of a block's file, and the engine that computed it. */
interface BlockSum {
  readonly crc32: number
  readonly engine: string
}

const decodeSum = (bytes: Uint8Array, where: string): E.Either<TangentError, BlockSum> =>
  pipe(
    fieldsOf(bytes),
    E.flatMap(({ crc32: sum, engine }) =>
      typeof sum === 'number' && typeof engine === 'string'
        ? E.right({ crc32: sum, engine })
        : E.left(damaged('a sum and an engine', 'other fields'))
    ),
    E.mapLeft((error) => ({ ...error, expected: `${error.expected} (${AGAIN})`, where }))
  )

const decodeBlock = (bytes: Uint8Array, tile: Tile, where: string): E.Either<TangentError, Float32Array> =>
  pipe(
    npy.decode(bytes),
    E.flatMap(({ shape, data }) =>
      sameShape(shape, [tile.rows, tile.columns]) && data instanceof Float32Array
        ? E.right(data)
        : E.left(damaged(`float32 [${tile.rows},${tile.columns}]`, `an array ${showShape(shape)}`))
    ),
    E.mapLeft((error) => ({ ...error, expected: `${error.expected} (${AGAIN})`, where }))
  )

/** What a store says, or else what is wrong with it; the store itself may fail. */
type Found<A> = TE.TaskEither<TangentError, E.Either<TangentError, A>>

/** The bytes of a file, which must be there. */
const find = (stores: Stores, name: string): Found<readonly [bytes: Uint8Array, where: string]> => {
  const store = stores(name)
  const where = whereOf(store, name)
  return pipe(
    store.read,
    TE.map((bytes) =>
      bytes === undefined
        ? E.left(tangentError('IoError', KIND, `the block (${AGAIN})`, 'nothing: it was lost', where))
        : E.right([bytes, where] as const)
    )
  )
}

/** The elements of a block without a look at its sum, for whoever reads all blocks again and again. */
export const readBlock = (kernel: BlockedKernel, tile: Tile): TE.TaskEither<TangentError, Float32Array> =>
  pipe(
    find(kernel.stores, `${nameOf(kernel, tile)}.npy`),
    TE.flatMapEither(E.flatMap(([bytes, where]) => decodeBlock(bytes, tile, where)))
  )

/** A block whose sum was compared, and who computed it. */
const findChecked = (
  kernel: BlockedKernel,
  tile: Tile
): Found<{ readonly data: Float32Array; readonly engine: string }> =>
  pipe(
    find(kernel.stores, `${nameOf(kernel, tile)}.npy`),
    TE.bindTo('block'),
    TE.bind('sum', () => find(kernel.stores, `${nameOf(kernel, tile)}.json`)),
    TE.map(({ block, sum }) =>
      pipe(
        E.Do,
        E.bind('file', () => block),
        E.bind('expected', () =>
          pipe(
            sum,
            E.flatMap(([bytes, where]) => decodeSum(bytes, where))
          )
        ),
        E.flatMap(({ file: [bytes, where], expected }) =>
          expected.crc32 === crc32(bytes)
            ? pipe(
                decodeBlock(bytes, tile, where),
                E.map((data) => ({ data, engine: expected.engine }))
              )
            : E.left(damaged(`a block with the CRC-32 ${expected.crc32} (${AGAIN})`, 'a damaged one', where))
        )
      )
    )
  )

/** The elements of a block; one that is missing is an IoError, one that is damaged a DataError. */
export const readCheckedBlock = (
  kernel: BlockedKernel,
  tile: Tile
): TE.TaskEither<TangentError, Float32Array> =>
  pipe(findChecked(kernel, tile), TE.flatMapEither(E.map(({ data }) => data)))

/** What is there, or undefined in place of what is wrong with it. */
const orUndefined: <A>(found: E.Either<TangentError, A>) => A | undefined = E.match(
  () => undefined,
  (value) => value
)

/** Who computed a block that is there and whole; undefined where it has to be computed. */
export const engineOfBlock = (
  kernel: BlockedKernel,
  tile: Tile
): TE.TaskEither<TangentError, string | undefined> =>
  pipe(
    findChecked(kernel, tile),
    TE.map((found) => orUndefined(found)?.engine)
  )

/** Who computed a block, as its sum says without a look at the block; undefined where there is no sum. */
export const engineOfSum = (
  kernel: BlockedKernel,
  tile: Tile
): TE.TaskEither<TangentError, string | undefined> =>
  pipe(
    find(kernel.stores, `${nameOf(kernel, tile)}.json`),
    TE.map(
      (found) =>
        orUndefined(
          pipe(
            found,
            E.flatMap(([bytes, where]) => decodeSum(bytes, where))
          )
        )?.engine
    )
  )

/**
 * Replaces what a store holds, which it must have read first. Where another process has written the same meanwhile, it is read and
 * written again.
 */
const replace = (store: Store, bytes: Uint8Array, tries = 3): TE.TaskEither<TangentError, void> =>
  pipe(
    store.read,
    TE.flatMap(() => store.write(bytes)),
    TE.orElse((error) => (tries > 1 ? replace(store, bytes, tries - 1) : TE.left(error)))
  )

/** Writes a block, then its sum: a block without a sum is computed again. */
export const writeBlock = (
  kernel: BlockedKernel,
  tile: Tile,
  block: Float32Array,
  engine: string
): TE.TaskEither<TangentError, void> => {
  const name = nameOf(kernel, tile)
  return pipe(
    TE.fromEither(attempt(() => of([tile.rows, tile.columns], block))),
    TE.flatMapEither((array) => npy.encode(array)),
    TE.flatMap((bytes) =>
      pipe(
        replace(kernel.stores(`${name}.npy`), bytes),
        TE.flatMap(() => replace(kernel.stores(`${name}.json`), toBytes({ crc32: crc32(bytes), engine })))
      )
    )
  )
}
