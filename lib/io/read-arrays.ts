import { constants, inflateRawSync, type ZlibOptions } from 'node:zlib'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { entry } from '../core/entry.js'
import { atPath, fail, tangentError, type TangentError } from '../core/error.js'
import type { NdArray } from '../core/ndarray.js'
import { npy } from '../format/npy.js'
import { npz } from '../format/npz.js'
import { safetensors } from '../format/safetensors.js'
import { readBytes } from './read-bytes.js'
import { writeAtomic } from './file-store.js'

type Arrays = Readonly<Record<string, NdArray>>

/** Unpacks with options; a damaged stream, and one that gives more than it may, are a DataError. */
const inflated = (deflated: Uint8Array, options: ZlibOptions): Uint8Array => {
  try {
    return inflateRawSync(deflated, options)
  } catch (thrown) {
    return fail('DataError', 'format.npz.decode', 'a whole deflate stream', String(thrown))
  }
}

const inflate = (deflated: Uint8Array, size: number): Uint8Array =>
  inflated(deflated, { maxOutputLength: Math.max(1, size) })

const inflateStart = (deflated: Uint8Array): Uint8Array =>
  inflated(deflated, { finishFlush: constants.Z_SYNC_FLUSH })

/** How the arrays of a file are read and written, by the end of its name. */
const formats: Readonly<
  Record<
    string,
    {
      readonly decode: (bytes: Uint8Array) => E.Either<TangentError, Arrays>
      readonly encode: (arrays: Arrays) => E.Either<TangentError, Uint8Array>
    }
  >
> = {
  '.safetensors': {
    decode: (bytes) =>
      pipe(
        safetensors.decode(bytes),
        E.map(({ tensors }) => tensors)
      ),
    encode: (tensors) => safetensors.encode({ tensors })
  },
  '.npz': { decode: (bytes) => npz.decode(bytes, inflate, inflateStart), encode: npz.encode },
  '.npy': {
    decode: (bytes) =>
      pipe(
        npy.decode(bytes),
        E.map((array) => ({ array }))
      ),
    encode: (arrays) => {
      const [only, ...others] = Object.values(arrays)
      return only !== undefined && others.length === 0
        ? npy.encode(only)
        : E.left(
            tangentError(
              'ArgumentError',
              'io.writeArrays',
              'one array for .npy',
              Object.keys(arrays).join(', ')
            )
          )
    }
  }
}

/** The format that the name of a file ends in. */
const formatOf = (operation: string, path: string) => {
  const found = Object.entries(formats).find(([suffix]) => path.endsWith(suffix))
  return found === undefined
    ? E.left(
        tangentError(
          'ArgumentError',
          operation,
          `a name that ends in ${Object.keys(formats).join(', ')}`,
          path,
          path
        )
      )
    : E.right(found[1])
}

/**
 * The named arrays of a `.safetensors` or `.npz` file, or the one of a `.npy` file, by the name `array`. A file that cannot
 * be read is an IoError, one that is damaged a DataError; both name the path.
 */
export const readArrays = entry(
  'io.readArrays',
  'TaskEither',
  1,
  (path: string): TE.TaskEither<TangentError, Arrays> =>
    pipe(
      TE.fromEither(formatOf('io.readArrays', path)),
      TE.flatMap(({ decode }) =>
        pipe(
          readBytes(path),
          TE.flatMapEither((bytes) => pipe(decode(bytes), E.mapLeft(atPath(path))))
        )
      )
    )
)

/** Writes named arrays, whole or not at all, in the format that the name ends in: `.safetensors`, `.npz` or, one array, `.npy`. */
export const writeArrays = entry(
  'io.writeArrays',
  'TaskEither',
  2,
  (path: string) =>
    (arrays: Arrays): TE.TaskEither<TangentError, void> =>
      pipe(
        TE.fromEither(formatOf('io.writeArrays', path)),
        TE.flatMapEither(({ encode }) => pipe(encode(arrays), E.mapLeft(atPath(path)))),
        TE.flatMapIOEither(writeAtomic(path))
      )
)
