import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { entry } from '../core/entry.js'
import { leftWith, type TangentError } from '../core/error.js'
import type { NdArray } from '../core/ndarray.js'
import { crc32 } from '../format/crc32.js'
import { isRecord, parseJson } from '../format/parse-json.js'
import { safetensors } from '../format/safetensors.js'
import type { Settings } from './fingerprint.js'

/** Named arrays, as a file of tensors holds them. */
export type Tensors = Readonly<Record<string, NdArray>>

/** What a file holds of a run between two steps. */
export interface Checkpoint {
  /** The kind of run, such as `train.fit`. */
  readonly kind: string
  /** What the run was started with; a run resumes only with the same. */
  readonly settings: Settings
  /** How many steps are done. */
  readonly position: number
  /** The engine that computed it, as a result names it: the same steps on another engine need not give the same bits. */
  readonly engine: string
  /** The state, as named arrays. */
  readonly tensors: Tensors
}

/**
 * Where the checkpoint of one run is saved: all that pure code sees of a file. `read` gives undefined where there is none
 * yet; `write` replaces the last one whole or not at all. `fileStore` of `tangentflow/io` saves it in a file.
 */
export interface Store {
  /** Its name in errors, a path say. */
  readonly where?: string
  /** The bytes of the last checkpoint; undefined where there is none. */
  readonly read: TE.TaskEither<TangentError, Uint8Array | undefined>
  /** Replaces the last checkpoint whole or not at all. */
  readonly write: (bytes: Uint8Array) => TE.TaskEither<TangentError, void>
}

/** Stores by name: files of a folder that several processes or machines see, Redis, or a bucket of one's own. */
export type Stores = (name: string) => Store

/** What a store holds, decoded; undefined where nothing is saved yet. */
export const readStore = <A>(
  { read }: Store,
  decode: (bytes: Uint8Array) => E.Either<TangentError, A>
): TE.TaskEither<TangentError, A | undefined> =>
  pipe(
    read,
    TE.flatMapEither((bytes): E.Either<TangentError, A | undefined> =>
      bytes === undefined ? E.right(undefined) : decode(bytes)
    )
  )

const VERSION = 1
const [ABOUT, SUM] = ['tangentflow', 'crc32']

type About = Omit<Checkpoint, 'tensors'> & { readonly version: number }

/** By hand, since pages have checkpoints and would need io-ts for nothing else. */
const isAbout = (value: unknown): value is About => {
  if (!isRecord(value)) return false
  const { version, kind, settings, position, engine } = value
  return (
    typeof version === 'number' &&
    typeof kind === 'string' &&
    isRecord(settings) &&
    Object.values(settings).every((text) => typeof text === 'string') &&
    Number.isSafeInteger(position) &&
    Number(position) >= 0 &&
    typeof engine === 'string'
  )
}

const sumOf = (tensors: Tensors, about: string): E.Either<TangentError, string> =>
  pipe(
    safetensors.encode({ tensors, metadata: { [ABOUT]: about } }),
    E.map((bytes) => crc32(bytes).toString(16))
  )

/**
 * A checkpoint as one safetensors file, which any reader of that format opens: the tensors, and in its metadata what the run
 * is (JSON under `tangentflow`) and the CRC-32 of the file without that field. One file, so that it is written whole or not
 * at all.
 */
export const encodeCheckpoint = entry(
  'checkpoint.encodeCheckpoint',
  'Either',
  1,
  ({ tensors, ...about }: Checkpoint): E.Either<TangentError, Uint8Array> => {
    const text = JSON.stringify({ version: VERSION, ...about })
    return pipe(
      sumOf(tensors, text),
      E.flatMap((sum) => safetensors.encode({ tensors, metadata: { [ABOUT]: text, [SUM]: sum } }))
    )
  }
)

const refuse = (expected: string, received: string): E.Either<TangentError, never> =>
  leftWith('DataError', 'checkpoint')(expected, received, 'checkpoint')

const aboutOf = (text: string): E.Either<TangentError, About> => {
  const parsed = parseJson('fields in JSON', text)
  return E.isRight(parsed) && isAbout(parsed.right)
    ? E.right(parsed.right)
    : refuse('a checkpoint of this library', 'other fields')
}

/** Reads a checkpoint. A file that is cut off, damaged, or no checkpoint of this version is a DataError. */
export const decodeCheckpoint = entry(
  'checkpoint.decodeCheckpoint',
  'Either',
  1,
  (bytes: Uint8Array): E.Either<TangentError, Checkpoint> =>
    pipe(
      safetensors.decode(bytes),
      E.mapLeft((error) => ({
        ...error,
        operation: 'checkpoint',
        expected: `a whole checkpoint: ${error.expected}`,
        where: 'checkpoint'
      })),
      E.flatMap(({ tensors, metadata }) => {
        const { [ABOUT]: about, [SUM]: given } = metadata
        if (about === undefined || given === undefined)
          return refuse('a checkpoint of this library', 'another safetensors file')
        return pipe(
          sumOf(tensors, about),
          E.flatMap((sum) =>
            sum === given
              ? aboutOf(about)
              : refuse(`a checkpoint with the CRC-32 ${given}`, `${sum}: it is damaged`)
          ),
          E.flatMap(({ version, ...rest }) =>
            version === VERSION
              ? E.right({ ...rest, tensors })
              : refuse(`version ${VERSION} of checkpoints`, `${version}`)
          )
        )
      })
    )
)
