import type * as E from 'fp-ts/lib/Either.js'
import { fail, type TangentError } from '../core/error.js'
import { type NdArray, of } from '../core/ndarray.js'
import { type Shape, showShape, sizeOf } from '../core/shape.js'
import { attempt } from '../graph/trace.js'
import { concatBytes, viewOf } from './crc32.js'
import { type Dtype, dtypeOf, dtypes, elementBytes, readElements } from './dtype.js'

/** NumPy's names of the element types; `<` is little-endian, `|` has no order. */
const names: Readonly<Record<string, Dtype>> = {
  '<f8': 'F64',
  '<f4': 'F32',
  '<f2': 'F16',
  '<i8': 'I64',
  '<u8': 'U64',
  '<i4': 'I32',
  '<u4': 'U32',
  '<i2': 'I16',
  '<u2': 'U16',
  '|i1': 'I8',
  '|u1': 'U8',
  '|b1': 'BOOL'
}
const descrs = new Map(Object.entries(names).map(([descr, dtype]) => [dtype, descr]))

const MAGIC = '\u0093NUMPY'
const operation = 'format.npy.decode'

const refuse = (expected: string, received: string): never => fail('DataError', operation, expected, received)

const latin = (bytes: Uint8Array): string => Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')

/** The header of versions 1, 2 and 3, and where it ends. */
const headerOf = (bytes: Uint8Array): { readonly text: string; readonly end: number } => {
  if (latin(bytes.subarray(0, 6)) !== MAGIC) refuse('a file that begins with \\x93NUMPY', 'another beginning')
  const view = viewOf(bytes)
  const version = bytes[6]
  const start = version === 1 ? 10 : 12
  if (version === undefined || version < 1 || version > 3) refuse('version 1, 2 or 3', String(version))
  if (bytes.length < start) refuse(`a header of ${start} bytes`, `${bytes.length}`)
  const end = start + (start === 10 ? view.getUint16(8, true) : view.getUint32(8, true))
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
  const descr = /'descr'\s*:\s*'([^']*)'/.exec(text)?.[1] ?? refuse("a 'descr' of a plain type", text.trim())
  const order = /'fortran_order'\s*:\s*(True|False)/.exec(text)?.[1]
  const sizes = /'shape'\s*:\s*\(([\d\s,]*)\)/.exec(text)?.[1]
  if (order === undefined || sizes === undefined)
    return refuse("'fortran_order' and 'shape' in the header", text.trim())
  const dtype = names[descr] ?? refuse(`one of ${Object.keys(names).join(', ')}`, descr)
  const shape = sizes
    .split(',')
    .filter((size) => size.trim() !== '')
    .map(Number)
  return shape.every((size) => Number.isSafeInteger(size) && size > 0)
    ? { dtype, isFortran: order === 'True', shape }
    : refuse('sizes of at least 1', `(${sizes})`)
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

/**
 * Reads an array as `numpy.save` writes it, little-endian, in C or Fortran order. F64 and whole numbers of 32 bits and more
 * give float64 elements, everything else float32. A foreign, truncated or too long file, a type that is no plain number,
 * and an empty array are a DataError.
 */
export const decode = (bytes: Uint8Array): E.Either<TangentError, NdArray> =>
  attempt(() => {
    const { text, end } = headerOf(bytes)
    const { dtype, isFortran, shape } = describe(text)
    const wanted = sizeOf(shape) * dtypes[dtype].bytes
    if (bytes.length - end !== wanted)
      refuse(`${wanted} bytes for ${dtype} ${showShape(shape)}`, `${bytes.length - end}`)
    const data = readElements(dtype, bytes.subarray(end))
    return of(shape, isFortran && shape.length > 1 ? rowMajor(data, shape) : data)
  })

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
export const encode = (
  { shape, data }: NdArray,
  dtype: Dtype = dtypeOf(data)
): E.Either<TangentError, Uint8Array> =>
  attempt(() => {
    const descr =
      descrs.get(dtype) ?? fail('ArgumentError', 'format.npy.encode', 'a type that NumPy has', dtype)
    const sizes = shape.length === 1 ? `${shape[0]!},` : shape.join(', ')
    const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${sizes}), }`
    const length = Math.ceil((10 + text.length + 1) / 64) * 64 - 10
    const head = `${MAGIC}\u0001\u0000${String.fromCharCode(length & 255, length >> 8)}${text.padEnd(length - 1)}\n`
    return concatBytes([Uint8Array.from(head, (letter) => letter.charCodeAt(0)), elementBytes(dtype, data)])
  })
