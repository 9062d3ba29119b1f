import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { tangentError, type TangentError } from '../core/error.js'
import { ioError } from './file-store.js'

/** No file of a data set is larger once unpacked; a larger one is refused before it fills the memory. */
const LARGEST = 2 ** 30

/** An error with the path of the file that it is about before the place inside that file. */
export const atPath =
  (path: string) =>
  (error: TangentError): TangentError => ({
    ...error,
    where: error.where === undefined ? path : `${path}: ${error.where}`
  })

/** Whether bytes begin as a gzip file does. */
const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b

/** Unpacks gzip; a file that is cut off or damaged is a DataError naming it. */
export const unpacked =
  (path: string) =>
  (bytes: Uint8Array): TE.TaskEither<TangentError, Uint8Array> =>
    TE.tryCatch(
      () => promisify(gunzip)(bytes, { maxOutputLength: LARGEST }),
      (thrown) =>
        tangentError(
          'DataError',
          'io.readBytes',
          'a whole gzip file',
          thrown instanceof Error ? thrown.message : String(thrown),
          path
        )
    )

/**
 * The bytes of a file, unpacked where it is gzip (by its first bytes, whatever its name). A file that cannot be read is an
 * IoError, one whose gzip is cut off or damaged a DataError; both name the path.
 */
export const readBytes = (path: string): TE.TaskEither<TangentError, Uint8Array> =>
  pipe(
    TE.tryCatch(
      (): Promise<Uint8Array> => readFile(path),
      ioError('io.readBytes', 'a file that can be read', path)
    ),
    TE.flatMap((bytes) => (isGzip(bytes) ? unpacked(path)(bytes) : TE.right(bytes)))
  )
