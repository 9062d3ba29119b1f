import type * as E from 'fp-ts/lib/Either.js'
import { entry } from '../core/entry.js'
import { fail, refuseWith, showValue, type TangentError } from '../core/error.js'
import { type NdArray, of } from '../core/ndarray.js'
import { type Shape, showShape, sizeOf } from '../core/shape.js'
import { attempt } from '../graph/trace.js'
import { concatBytes, viewOf } from './crc32.js'
import { type Dtype, dtypeOf, dtypes, elementBytes, readElements } from './dtype.js'

/** NumPy's names of the element types; `<` is little-endian, `|` has no order. */
const names: ReadonlyMap<string, Dtype> = new Map([
  ['<f8', 'F64'],
  ['<f4', 'F32'],
  ['<f2', 'F16'],
  ['<i8', 'I64'],
  ['<u8', 'U64'],
  ['<i4', 'I32'],
  ['<u4', 'U32'],
  ['<i2', 'I16'],
  ['<u2', 'U16'],
  ['|i1', 'I8'],
  ['|u1', 'U8'],
  ['|b1', 'BOOL']
])
const descrs = new Map([...names].map(([descr, dtype]) => [dtype, descr]))

const MAGIC = '\u0093NUMPY'
/** The longest header, in bytes, and the most axes, that NumPy itself writes. */
const [LONGEST, MOST_AXES] = [65_535, 64]

const refuse = refuseWith('DataError', 'format.npy.decode')

const latin = (bytes: Uint8Array): string => Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')

/** The header of versions 1, 2 and 3, and where it ends. */
const headerOf = (bytes: Uint8Array): { readonly text: string; readonly end: number } => {
  if (latin(bytes.subarray(0, 6)) !== MAGIC) refuse('a file that begins with \\x93NUMPY', 'another beginning')
  if (bytes.length < 10) refuse('a header of 10 bytes', `${bytes.length}`)
  const view = viewOf(bytes)
  const version = bytes[6]!
  const start = version === 1 ? 10 : 12
  if (version < 1 || version > 3) refuse('version 1, 2 or 3', String(version))
  if (bytes.length < start) refuse(`a header of ${start} bytes`, `${bytes.length}`)
  const length = start === 10 ? view.getUint16(8, true) : view.getUint32(8, true)
  if (length > LONGEST) refuse(`a header of at most ${LONGEST} bytes`, `${length}`)
  const end = start + length
  return end <= bytes.length
    ? { text: latin(bytes.subarray(start, end)), end }
    : refuse(`a header that ends at ${end}`, `a file of ${bytes.length} bytes`)
}

interface Described {
  readonly dtype: Dtype
  readonly isFortran: boolean
  readonly shape: Shape
}

/** The Python literal that describes the array: a dictionary of three known fields. */
const describe = (text: string): Described => {
  const received = showValue(text.trim())
  const descr = /'descr'\s*:\s*'([^']*)'/.exec(text)?.[1] ?? refuse("a 'descr' of a plain type", received)
  const order = /'fortran_order'\s*:\s*(True|False)/.exec(text)?.[1]
  const sizes = /'shape'\s*:\s*\(([\d\s,]*)\)/.exec(text)?.[1]
  if (order === undefined || sizes === undefined)
    return refuse("'fortran_order' and 'shape' in the header", received)
  const dtype = names.get(descr) ?? refuse(`one of ${[...names.keys()].join(', ')}`, showValue(descr))
  const shape = sizes
    .split(',')
    .filter((size) => size.trim() !== '')
    .map(Number)
  if (shape.length > MOST_AXES) refuse(`at most ${MOST_AXES} axes`, `${shape.length}`)
  return shape.every((size) => Number.isSafeInteger(size) && size > 0)
    ? { dtype, isFortran: order === 'True', shape }
    : refuse('sizes of at least 1', `(${showValue(sizes)})`)
}

/** Elements stored with the first axis fastest, in row-major order. */
const rowMajor = (data: NdArray['data'], shape: Shape): NdArray['data'] => {
  const out = data.slice()
  const index = shape.map(() => 0)
  for (let i = 0; i < data.length; i++) {
    let [from, stride] = [0, 1]
    index.forEach((place, axis) => {
      from += place * stride
      stride *= shape[axis]!
    })
    out[i] = data[from]!
    for (let axis = shape.length - 1; axis >= 0 && ++index[axis]! === shape[axis]; axis--) index[axis] = 0
  }
  return out
}

/** What a header says, and where the elements begin, of a file of `total` bytes of which `bytes` are the first. */
const header = (bytes: Uint8Array, total: number): Described & { readonly end: number } => {
  const { text, end } = headerOf(bytes)
  const described = describe(text)
  const { dtype, shape } = described
  const wanted = sizeOf(shape) * dtypes[dtype].bytes
  return total - end === wanted
    ? { ...described, end }
    : refuse(`${wanted} bytes for ${dtype} ${showShape(shape)}`, `${total - end}`)
}

const decodeHeader = (bytes: Uint8Array, total: number): E.Either<TangentError, unknown> =>
  attempt(() => header(bytes, total))

const decode = (bytes: Uint8Array): E.Either<TangentError, NdArray> =>
  attempt(() => {
    const { dtype, shape, isFortran, end } = header(bytes, bytes.length)
    const data = readElements(dtype, bytes.subarray(end))
    return of(shape, isFortran && shape.length > 1 ? rowMajor(data, shape) : data)
  })

const encode = ({ shape, data }: NdArray, dtype: Dtype = dtypeOf(data)): E.Either<TangentError, Uint8Array> =>
  attempt(() => {
    const descr =
      descrs.get(dtype) ??
      fail('ArgumentError', 'format.npy.encode', 'a type that NumPy has', showValue(dtype))
    const sizes = shape.length === 1 ? `${shape[0]!},` : shape.join(', ')
    const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${sizes}), }`
    const length = Math.ceil((10 + text.length + 1) / 64) * 64 - 10
    const head = `${MAGIC}\u0001\u0000${String.fromCharCode(length & 255, length >> 8)}${text.padEnd(length - 1)}\n`
    return concatBytes([Uint8Array.from(head, (letter) => letter.charCodeAt(0)), elementBytes(dtype, data)])
  })

/** NumPy's files of one array. */
export const npy = {
  /**
   * Reads an array as `numpy.save` writes it, little-endian, in C or Fortran order. F64 and whole numbers of 32 bits and more
   * give float64 elements, everything else float32. A foreign, truncated or too long file, a type that is no plain number,
   * an empty array, a header of more than 65,535 bytes and an array of more than 64 axes are a DataError.
   */
  decode: entry('format.npy.decode', 'Either', 1, decode),
  /** Checks that a file of `total` bytes that begins with these can be an array, before the rest of it is there. */
  decodeHeader: entry('format.npy.decodeHeader', 'Either', 1, decodeHeader),
  /** The longest header that is read, in bytes. */
  longestHeader: 12 + LONGEST,
  /**
   * Writes an array as `numpy.save` does, version 1; with elements of the given type.
   *
   * @defaultValue `dtype` is the type that the elements have
   *
   * @example
   * import assert from 'node:assert'
   * import * as E from 'fp-ts/lib/Either.js'
   * import { format, ndarray } from 'tangentflow'
   *
   * const x = ndarray.of([2, 3], [1, 2, 3, 4, 5, 6])
   * const bytes = format.npy.encode(x)
   * assert.ok(E.isRight(bytes))
   * assert.deepEqual(format.npy.decode(bytes.right), E.right(x))
   */
  encode: entry('format.npy.encode', 'Either', 1, encode)
}
