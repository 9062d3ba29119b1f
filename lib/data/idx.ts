import type * as E from 'fp-ts/lib/Either.js'
import { entry } from '../core/entry.js'
import { requirePositive } from '../core/check.js'
import { checkOptions, option, type OptionKinds } from '../core/options.js'
import { refuseWith, type TangentError } from '../core/error.js'
import { type NdArray, of } from '../core/ndarray.js'
import { type Shape, showShape, sizeOf } from '../core/shape.js'
import { attempt } from '../graph/trace.js'

const HEADER = 4
const refuse = refuseWith('DataError', 'data.idx')

interface ElementType {
  readonly name: string
  readonly bytes: number
  readonly read: (view: DataView, at: number) => number
  readonly isWide?: boolean
}

/** The element types of IDX by the third byte of the magic number; big-endian. */
const types: ReadonlyMap<number, ElementType> = new Map([
  [0x08, { name: 'unsigned bytes', bytes: 1, read: (view, at) => view.getUint8(at) }],
  [0x09, { name: 'signed bytes', bytes: 1, read: (view, at) => view.getInt8(at) }],
  [0x0b, { name: '16-bit whole numbers', bytes: 2, read: (view, at) => view.getInt16(at) }],
  [0x0c, { name: '32-bit whole numbers', bytes: 4, read: (view, at) => view.getInt32(at), isWide: true }],
  [0x0d, { name: 'float32', bytes: 4, read: (view, at) => view.getFloat32(at) }],
  [0x0e, { name: 'float64', bytes: 8, read: (view, at) => view.getFloat64(at), isWide: true }]
] satisfies readonly (readonly [number, ElementType])[])

/** How an IDX file is read. */
export interface IdxOptions {
  /**
   * Every element is divided by it: 255 takes bytes to [0, 1].
   *
   * @defaultValue 1
   */
  readonly divisor?: number
}

const kinds: OptionKinds<IdxOptions> = { divisor: option.number }

const hex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')

/** What the header of an IDX file says. */
export interface IdxHeader {
  /** The type of the elements. */
  readonly type: ElementType
  /** The length of every axis. */
  readonly shape: Shape
  /** Where the elements begin, and how many bytes the whole file has. */
  readonly start: number
  /** The bytes of the whole file. */
  readonly length: number
}

const headerOf = (bytes: Uint8Array): IdxHeader => {
  const type = types.get(bytes[2] ?? -1)
  const rank = bytes[3] ?? 0
  if (bytes[0] !== 0 || bytes[1] !== 0 || type === undefined || rank === 0)
    return refuse(
      'the magic number of an IDX file, 00000801 or 00000803 say',
      bytes.length === 0 ? 'an empty file' : hex(bytes.subarray(0, HEADER))
    )
  const start = HEADER * (1 + rank)
  if (bytes.length < start) return refuse(`${rank} sizes`, `a file that ends after ${bytes.length} bytes`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(HEADER * (1 + axis)))
  return shape.every((size) => size > 0)
    ? { type, shape, start, length: start + sizeOf(shape) * type.bytes }
    : refuse('sizes of at least 1', showShape(shape))
}

/** What an IDX file says of itself in its first bytes. */
export const idxHeader = entry(
  'data.idxHeader',
  'Either',
  1,
  (bytes: Uint8Array): E.Either<TangentError, IdxHeader> => attempt(() => headerOf(bytes))
)

/**
 * Reads an array in the IDX format, that of MNIST: two zero bytes, the element type, the number of axes, their sizes as
 * 32-bit big-endian numbers, then the elements row by row. A foreign magic number, and a file that is shorter or longer than
 * its sizes say, are a DataError.
 *
 * @example
 * import assert from 'node:assert'
 * import * as E from 'fp-ts/lib/Either.js'
 * import { data, ndarray } from 'tangentflow'
 *
 * const labels = Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 3, 7, 0, 255)
 * const read = data.idx({ divisor: 255 })(labels)
 * assert.ok(E.isRight(read) && read.right.shape[0] === 3 && read.right.data[2] === 1)
 * const cut = data.idx()(labels.subarray(0, 10))
 * assert.ok(E.isLeft(cut) && cut.left._tag === 'DataError')
 */
export const idx = entry('data.idx', 'Either', 2, (options: IdxOptions = {}) => {
  const { divisor = 1 } = checkOptions('data.idx', kinds, options)
  requirePositive('data.idx', 'divisor', divisor)
  return (bytes: Uint8Array): E.Either<TangentError, NdArray> =>
    attempt(() => {
      const { type, shape, start, length } = headerOf(bytes)
      if (bytes.length !== length) return refuse(`${length} bytes for ${showShape(shape)}`, `${bytes.length}`)
      const size = sizeOf(shape)
      const out = type.isWide === true ? new Float64Array(size) : new Float32Array(size)
      if (type.bytes === 1) {
        const every = new DataView(Uint8Array.from({ length: 256 }, (_, byte) => byte).buffer)
        const values = Float32Array.from({ length: 256 }, (_, byte) => type.read(every, byte) / divisor)
        for (let i = 0; i < size; i++) out[i] = values[bytes[start + i]!]!
      } else {
        const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
        for (let i = 0; i < size; i++) out[i] = type.read(view, start + i * type.bytes) / divisor
      }
      return of(shape, out)
    })
})
