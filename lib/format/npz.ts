import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { entry } from '../core/entry.js'
import { fail, getOrThrow, refuseWith, type TangentError } from '../core/error.js'
import type { NdArray } from '../core/ndarray.js'
import { attempt } from '../graph/trace.js'
import { concatBytes, crc32, viewOf } from './crc32.js'
import { npy } from './npy.js'

/** Unpacks a deflate stream of an entry that has `size` bytes. */
export type Inflate = (deflated: Uint8Array, size: number) => Uint8Array

/** Unpacks the beginning of a deflate stream, as far as it goes. */
export type InflateStart = (deflated: Uint8Array) => Uint8Array

const [LOCAL, CENTRAL, END] = [0x04034b50, 0x02014b50, 0x06054b50]
const [LOCAL_SIZE, CENTRAL_SIZE, END_SIZE] = [30, 46, 22]
const LONGEST_COMMENT = 65_535
/** What the entries of a zip may have together, unpacked, in bytes. */
const LARGEST = 2 ** 32
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
const zip = (entries: readonly { readonly name: string; readonly bytes: Uint8Array }[]): Uint8Array => {
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
      'format.npz.encode',
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

/** Where an entry is in a zip, and what the directory says of it. */
interface Member {
  readonly name: string
  readonly isStored: boolean
  readonly sum: number
  readonly size: number
  /** Where its own header begins, and its packed bytes. */
  readonly at: number
  readonly packed: Uint8Array
}

const refuse = refuseWith('DataError', 'format.npz.decode')

/** The directory of a zip: entries whose places are in the file and do not overlap, so that no byte is unpacked twice. */
const membersOf = (bytes: Uint8Array): readonly Member[] => {
  const view = viewOf(bytes)
  const cut = (): never => refuse('a whole zip file', `one that is cut off at ${bytes.length} bytes`)
  const u16 = (at: number): number => (at + 2 <= bytes.length ? view.getUint16(at, true) : cut())
  const u32 = (at: number): number => (at + 4 <= bytes.length ? view.getUint32(at, true) : cut())
  const part = (at: number, length: number): Uint8Array =>
    at + length <= bytes.length ? bytes.subarray(at, at + length) : cut()

  let end = bytes.length - END_SIZE
  const least = Math.max(0, end - LONGEST_COMMENT)
  while (end >= least && view.getUint32(end, true) !== END) end--
  if (end < least) return refuse('a zip file', 'one without a directory at its end')

  const members: Member[] = []
  let at = u32(end + 16)
  for (let i = 0; i < u16(end + 10); i++) {
    if (u32(at) !== CENTRAL) refuse('an entry of the directory', 'something else')
    const [method, sum, length, size] = [u16(at + 10), u32(at + 16), u32(at + 20), u32(at + 24)]
    const [nameLength, extra, comment, local] = [u16(at + 28), u16(at + 30), u16(at + 32), u32(at + 42)]
    const name = new TextDecoder().decode(part(at + CENTRAL_SIZE, nameLength))
    if (u32(local) !== LOCAL) refuse('an entry at the place that the directory gives', 'something else', name)
    if (method !== 0 && method !== 8)
      refuse('stored or deflated entries', `compression method ${method}`, name)
    const packed = part(local + LOCAL_SIZE + u16(local + 26) + u16(local + 28), length)
    members.push({ name, isStored: method === 0, sum, size, at: local, packed })
    at += CENTRAL_SIZE + nameLength + extra + comment
  }

  let reached = bytes.byteOffset
  for (const { name, at: begin, packed } of [...members].sort((a, b) => a.at - b.at)) {
    if (bytes.byteOffset + begin < reached) refuse('entries that do not overlap', 'an overlap', name)
    reached = packed.byteOffset + packed.length
  }
  const total = members.reduce((sum, { size }) => sum + size, 0)
  return total <= LARGEST ? members : refuse(`entries of at most ${LARGEST} bytes`, `${total}`)
}

/** The content of an entry, checked against its size and its checksum. */
const contentOf = ({ name, isStored, sum, size, packed }: Member, inflate?: Inflate): Uint8Array => {
  if (!isStored && inflate === undefined) return refuse('stored entries', 'compression method 8', name)
  const content = isStored ? packed : inflate!(packed, size)
  return content.length === size && crc32(content) === sum
    ? content
    : refuse('an entry with its checksum', 'another one', name)
}

const SUFFIX = '.npy'

const named = <A>(either: E.Either<TangentError, A>, name: string): A =>
  getOrThrow(
    pipe(
      either,
      E.mapLeft((error) => ({ ...error, where: name }))
    )
  )

/** Bytes of a deflate stream from which the header of an array is unpacked, to begin with. */
const START = 1024

/** Refuses a packed member whose header is that of no array of its size, before all of it is unpacked. */
const checkStart = ({ isStored, size, packed }: Member, name: string, inflateStart: InflateStart): void => {
  if (isStored) return
  let length = START
  let start = inflateStart(packed.subarray(0, length))
  while (start.length < npy.longestHeader && length < packed.length) {
    length *= 2
    start = inflateStart(packed.subarray(0, length))
  }
  named(npy.decodeHeader(start, size), name)
}

const decode = (
  bytes: Uint8Array,
  inflate?: Inflate,
  inflateStart?: InflateStart
): E.Either<TangentError, Readonly<Record<string, NdArray>>> =>
  attempt(() => {
    const arrays = new Map<string, NdArray>()
    // each member is read before the next is unpacked
    for (const member of membersOf(bytes)) {
      const name = member.name.endsWith(SUFFIX) ? member.name.slice(0, -SUFFIX.length) : member.name
      if (arrays.has(name)) refuse('every name once', 'a name twice', name)
      if (inflateStart !== undefined) checkStart(member, name, inflateStart)
      arrays.set(name, named(npy.decode(contentOf(member, inflate)), name))
    }
    return Object.fromEntries(arrays)
  })

const encode = (arrays: Readonly<Record<string, NdArray>>): E.Either<TangentError, Uint8Array> =>
  attempt(() =>
    zip(
      Object.entries(arrays).map(([name, array]) => ({
        name: `${name}${SUFFIX}`,
        bytes: named(npy.encode(array), name)
      }))
    )
  )

/** NumPy's files of named arrays, a zip of npy files. */
export const npz = {
  /**
   * Reads named arrays as `numpy.savez` writes them. Those of `numpy.savez_compressed` need `inflate`, and `inflateStart` so that
   * no more is unpacked than the header of an array promises; `io.readArrays` has both. A broken zip, a wrong checksum, entries
   * that overlap or exceed 4 GiB together, a member that is no array and a name given twice are a DataError naming the
   * member.
   */
  decode: entry('format.npz.decode', 'Either', 1, decode),
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
  encode: entry('format.npz.encode', 'Either', 1, encode)
}
