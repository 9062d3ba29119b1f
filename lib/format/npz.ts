import * as E from 'fp-ts/lib/Either.js'
import { fail, type TangentError, TangentFailure } from '../core/error.js'
import type { NdArray } from '../core/ndarray.js'
import { attempt } from '../graph/trace.js'
import { concatBytes, crc32, viewOf } from './crc32.js'
import * as npy from './npy.js'

/** Unpacks a deflate stream of an entry that has `size` bytes. */
export type Inflate = (deflated: Uint8Array, size: number) => Uint8Array

/** A file inside a zip. */
export interface ZipEntry {
  readonly name: string
  readonly bytes: Uint8Array
}

const [LOCAL, CENTRAL, END] = [0x04034b50, 0x02014b50, 0x06054b50]
const [LOCAL_SIZE, CENTRAL_SIZE, END_SIZE] = [30, 46, 22]
/** 1 January 1980, the first day of zip: equal contents give equal bytes. */
const DAY = 0x0021
const UTF8 = 0x0800

/** A record of whole numbers, little-endian, two or four bytes each. */
const fields = (size: number, places: readonly (readonly [at: number, width: 2 | 4, value: number])[]) => {
  const out = new Uint8Array(size)
  const view = viewOf(out)
  for (const [at, width, value] of places)
    if (width === 2) view.setUint16(at, value, true)
    else view.setUint32(at, value, true)
  return out
}

/** A zip of stored entries, below 4 GiB. */
export const zip = (operation: string, entries: readonly ZipEntry[]): Uint8Array => {
  const locals: Uint8Array[] = []
  const centrals: Uint8Array[] = []
  let at = 0
  for (const { name, bytes } of entries) {
    const text = new TextEncoder().encode(name)
    const sum = crc32(bytes)
    const common = (from: number) =>
      [
        [from, 2, 20],
        [from + 2, 2, UTF8],
        [from + 8, 2, DAY],
        [from + 10, 4, sum],
        [from + 14, 4, bytes.length],
        [from + 18, 4, bytes.length],
        [from + 22, 2, text.length]
      ] as const
    const local = fields(LOCAL_SIZE, [[0, 4, LOCAL], ...common(4)])
    const central = fields(CENTRAL_SIZE, [[0, 4, CENTRAL], [4, 2, 20], ...common(6), [42, 4, at]])
    locals.push(local, text, bytes)
    centrals.push(central, text)
    at += LOCAL_SIZE + text.length + bytes.length
  }
  const directory = concatBytes(centrals)
  if (at + directory.length >= 2 ** 32 || entries.length >= 2 ** 16)
    fail(
      'ArgumentError',
      operation,
      'less than 4 GiB and 65,536 entries',
      `${at} bytes, ${entries.length} entries`
    )
  const end = fields(END_SIZE, [
    [0, 4, END],
    [8, 2, entries.length],
    [10, 2, entries.length],
    [12, 4, directory.length],
    [16, 4, at]
  ])
  return concatBytes([...locals, directory, end])
}

/** The entries of a zip, each checked against its checksum; compressed ones need `inflate`. */
export const unzip = (operation: string, bytes: Uint8Array, inflate?: Inflate): readonly ZipEntry[] => {
  const refuse = (expected: string, received: string, where?: string): never =>
    fail('DataError', operation, expected, received, where)
  const view = viewOf(bytes)
  const u16 = (at: number): number => (at + 2 <= bytes.length ? view.getUint16(at, true) : cut())
  const u32 = (at: number): number => (at + 4 <= bytes.length ? view.getUint32(at, true) : cut())
  const cut = (): never => refuse('a whole zip file', `one that is cut off at ${bytes.length} bytes`)
  const part = (at: number, length: number): Uint8Array =>
    at + length <= bytes.length ? bytes.subarray(at, at + length) : cut()

  let end = bytes.length - END_SIZE
  while (end >= 0 && view.getUint32(end, true) !== END) end--
  if (end < 0) return refuse('a zip file', 'one without a directory at its end')

  const entries: ZipEntry[] = []
  let at = u32(end + 16)
  for (let i = 0; i < u16(end + 10); i++) {
    if (u32(at) !== CENTRAL) refuse('an entry of the directory', 'something else')
    const [method, sum, packed, size] = [u16(at + 10), u32(at + 16), u32(at + 20), u32(at + 24)]
    const [nameLength, extra, comment, local] = [u16(at + 28), u16(at + 30), u16(at + 32), u32(at + 42)]
    const name = new TextDecoder().decode(part(at + CENTRAL_SIZE, nameLength))
    if (u32(local) !== LOCAL) refuse('an entry at the place that the directory gives', 'something else', name)
    const raw = part(local + LOCAL_SIZE + u16(local + 26) + u16(local + 28), packed)
    if (method !== 0 && (method !== 8 || inflate === undefined))
      refuse('stored entries', `compression method ${method}`, name)
    const content = method === 0 || inflate === undefined ? raw : inflate(raw, size)
    if (content.length !== size || crc32(content) !== sum)
      refuse('an entry with its checksum', 'another one', name)
    entries.push({ name, bytes: content })
    at += CENTRAL_SIZE + nameLength + extra + comment
  }
  return entries
}

const SUFFIX = '.npy'

const orThrow = <A>(either: E.Either<TangentError, A>, name: string): A => {
  if (E.isRight(either)) return either.right
  throw new TangentFailure({ ...either.left, where: name })
}

/**
 * Reads named arrays as `numpy.savez` writes them. Those of `numpy.savez_compressed` need `inflate`, which
 * `io.readArrays` has. A broken zip, a wrong checksum, a member that is no array and a name given twice are a
 * DataError naming the member.
 */
export const decode = (
  bytes: Uint8Array,
  inflate?: Inflate
): E.Either<TangentError, Readonly<Record<string, NdArray>>> =>
  attempt(() => {
    const arrays = new Map<string, NdArray>()
    for (const entry of unzip('format.npz.decode', bytes, inflate)) {
      const name = entry.name.endsWith(SUFFIX) ? entry.name.slice(0, -SUFFIX.length) : entry.name
      if (arrays.has(name)) fail('DataError', 'format.npz.decode', 'every name once', 'a name twice', name)
      arrays.set(name, orThrow(npy.decode(entry.bytes), name))
    }
    return Object.fromEntries(arrays)
  })

/**
 * Writes named arrays as `numpy.savez` does, uncompressed.
 *
 * @example
 * import assert from 'node:assert'
 * import * as E from 'fp-ts/lib/Either.js'
 * import { format, ndarray } from 'tangentflow'
 *
 * const arrays = { w: ndarray.of([2], [1, 2]), b: ndarray.scalar(3) }
 * const bytes = format.npz.encode(arrays)
 * assert.ok(E.isRight(bytes))
 * assert.deepEqual(format.npz.decode(bytes.right), E.right(arrays))
 */
export const encode = (arrays: Readonly<Record<string, NdArray>>): E.Either<TangentError, Uint8Array> =>
  attempt(() =>
    zip(
      'format.npz.encode',
      Object.entries(arrays).map(([name, array]) => ({
        name: `${name}${SUFFIX}`,
        bytes: orThrow(npy.encode(array), name)
      }))
    )
  )
