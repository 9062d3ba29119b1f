import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { constants, gunzip, type ZlibOptions } from 'node:zlib'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { entry } from '../core/entry.js'
import { atPath, messageOf, tangentError, type TangentError } from '../core/error.js'
import { codeOf, ioError } from './io-error.js'

/** No file of a data set is larger once unpacked; a larger one is refused before it fills the memory. */
const LARGEST = 2 ** 30

const refuse = (expected: string, received: string, path: string): TangentError =>
  tangentError('DataError', 'io.readBytes', expected, received, path)

/** Whether bytes begin as a gzip file does. */
const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b

/** How many bytes a file has once unpacked, by its first bytes, or why it is none of its kind. */
export type LengthOf = (start: Uint8Array) => E.Either<TangentError, number>

/** Packed bytes from which the first ones are unpacked, and how many of these say what a file promises. */
const [START, HEADER] = [1024, 256]

const gunzipped = (
  path: string,
  bytes: Uint8Array,
  options: ZlibOptions
): TE.TaskEither<TangentError, Uint8Array> =>
  TE.tryCatch(
    () => promisify<Uint8Array, ZlibOptions, Uint8Array>(gunzip)(bytes, options),
    (thrown) =>
      codeOf(thrown) === 'ERR_BUFFER_TOO_LARGE'
        ? refuse(`at most ${options.maxOutputLength} bytes once unpacked`, 'more', path)
        : refuse('a whole gzip file', messageOf(thrown), path)
  )

/** The first bytes of what is packed. */
const startOf = (path: string, bytes: Uint8Array, length = START): TE.TaskEither<TangentError, Uint8Array> =>
  pipe(
    gunzipped(path, bytes.subarray(0, length), { finishFlush: constants.Z_SYNC_FLUSH }),
    TE.flatMap((start) =>
      start.length >= HEADER || length >= bytes.length ? TE.right(start) : startOf(path, bytes, 2 * length)
    )
  )

/**
 * Unpacks gzip, to no more than `lengthOf` says by the first bytes of the content, or to 1 GiB; a file that is longer, cut off
 * or damaged is a DataError naming it.
 */
export const unpacked =
  (path: string, lengthOf: LengthOf = () => E.right(LARGEST)) =>
  (bytes: Uint8Array): TE.TaskEither<TangentError, Uint8Array> =>
    pipe(
      startOf(path, bytes),
      TE.flatMapEither((start) => pipe(lengthOf(start), E.mapLeft(atPath(path)))),
      TE.flatMap((length) =>
        gunzipped(path, bytes, { maxOutputLength: Math.max(1, Math.min(length, LARGEST)) })
      )
    )

/**
 * The bytes of a file, unpacked where it is gzip (by its first bytes, whatever its name). A file that cannot be read is an
 * IoError, one whose gzip is cut off, damaged or longer than its content promises a DataError; both name the path.
 */
export const readBytes = entry(
  'io.readBytes',
  'TaskEither',
  1,
  (path: string, lengthOf?: LengthOf): TE.TaskEither<TangentError, Uint8Array> =>
    pipe(
      TE.tryCatch(
        (): Promise<Uint8Array> => readFile(path),
        ioError('io.readBytes', 'a file that can be read', path)
      ),
      TE.flatMap((bytes) => (isGzip(bytes) ? unpacked(path, lengthOf)(bytes) : TE.right(bytes)))
    )
)
