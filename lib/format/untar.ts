import type * as E from 'fp-ts/lib/Either.js'
import { entry } from '../core/entry.js'
import { refuseWith, type TangentError } from '../core/error.js'
import { attempt } from '../graph/trace.js'

const BLOCK = 512

const refuse = refuseWith('DataError', 'format.untar')

const textOf = (bytes: Uint8Array): string => {
  const end = bytes.indexOf(0)
  return new TextDecoder('latin1').decode(end < 0 ? bytes : bytes.subarray(0, end)).trim()
}

/** A whole number in octal digits; NaN where there are others. */
const octal = (bytes: Uint8Array): number => {
  const text = textOf(bytes)
  return /^[0-7]+$/.test(text) ? Number.parseInt(text, 8) : Number.NaN
}

/** The sum of the bytes of a header, its own field counted as blanks. */
const sumOf = (header: Uint8Array): number =>
  header.reduce((sum, byte, i) => sum + (i >= 148 && i < 156 ? 0x20 : byte), 0)

/**
 * The plain files of a tar archive (POSIX ustar), by their names without folders: parts of the archive, not copies. One that is
 * cut off, a header without its checksum and a name given twice are a DataError.
 */
export const untar = entry(
  'io.untar',
  'Either',
  1,
  (tar: Uint8Array): E.Either<TangentError, ReadonlyMap<string, Uint8Array>> =>
    attempt(() => {
      const files = new Map<string, Uint8Array>()
      for (let at = 0; at + BLOCK <= tar.length && tar[at] !== 0;) {
        const header = tar.subarray(at, at + BLOCK)
        const name = textOf(header.subarray(0, 100)).split('/').pop()!
        if (octal(header.subarray(148, 156)) !== sumOf(header))
          refuse('a header with its checksum', 'another one', `byte ${at}`)
        const size = octal(header.subarray(124, 136))
        const end = at + BLOCK + size
        if (!(end <= tar.length)) refuse('a whole tar archive', 'one that is cut off', name)
        const isFile = header[156] === 0 || header[156] === 0x30
        if (isFile && name !== '') {
          if (files.has(name)) refuse('every name once', 'a name twice', name)
          files.set(name, tar.subarray(at + BLOCK, end))
        }
        at += BLOCK + Math.ceil(size / BLOCK) * BLOCK
      }
      return files
    })
)
