import * as E from 'fp-ts/lib/Either.js'
import { tangentError, type TangentError } from '../core/error.js'

const BLOCK = 512

const textOf = (bytes: Uint8Array): string => {
  const end = bytes.indexOf(0)
  return new TextDecoder('latin1').decode(end < 0 ? bytes : bytes.subarray(0, end))
}

/** The plain files of a tar archive (POSIX ustar), by their names without folders. One that is cut off is a DataError. */
export const untar = (tar: Uint8Array): E.Either<TangentError, ReadonlyMap<string, Uint8Array>> => {
  const files = new Map<string, Uint8Array>()
  for (let at = 0; at + BLOCK <= tar.length && tar[at] !== 0;) {
    const header = tar.subarray(at, at + BLOCK)
    const size = Number.parseInt(textOf(header.subarray(124, 136)).trim(), 8)
    const end = at + BLOCK + size
    if (!(size >= 0) || end > tar.length)
      return E.left(tangentError('DataError', 'io.fetchSet', 'a whole tar archive', 'one that is cut off'))
    const isFile = header[156] === 0 || header[156] === 0x30
    const name = textOf(header.subarray(0, 100)).split('/').pop()!
    if (isFile && name !== '') files.set(name, tar.subarray(at + BLOCK, end))
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK
  }
  return E.right(files)
}
