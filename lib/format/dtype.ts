import { fail } from '../core/error.js'
import type { NdArray } from '../core/ndarray.js'

type Elements = NdArray['data']

/** How one element type lies in a file, little-endian. */
interface Layout {
  readonly bytes: number
  /** Elements as this library holds them: float32 where it is exact, else float64. */
  readonly read: (raw: ArrayBuffer) => Elements
  /** What is written for each element; a value that the type cannot hold is refused. */
  readonly write: (data: Elements) => ArrayBufferView
}

/** A half-precision or bfloat16 word as a number. */
const half = (word: number): number => {
  const [sign, exponent, fraction] = [word & 0x8000 ? -1 : 1, (word >> 10) & 31, word & 1023]
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15))
}
const brain = (words: Uint16Array): Float32Array =>
  new Float32Array(Uint32Array.from(words, (word) => word << 16).buffer)

const refuse = (value: number | bigint, type: string): never =>
  fail('DataError', 'format.encode', `elements that ${type} holds`, String(value))

/** Whole numbers in [low, high], exact. */
const wholes = (type: string, low: number, high: number, data: Elements): Elements => {
  for (const value of data)
    if (!(Number.isInteger(value) && value >= low && value <= high)) refuse(value, type)
  return data
}

const safe = (value: bigint): number => {
  const number = Number(value)
  return Number.isSafeInteger(number)
    ? number
    : fail('DataError', 'format.decode', 'whole numbers of at most 53 bits', String(value))
}

const SAFE = Number.MAX_SAFE_INTEGER

const readOnly = (type: string) => (): never =>
  fail('ArgumentError', 'format.encode', 'a type that is written', type)

/** Every element type that tensor files of ours know, by the names of safetensors. */
export const dtypes = {
  F64: { bytes: 8, read: (raw) => new Float64Array(raw), write: (data) => Float64Array.from(data) },
  F32: { bytes: 4, read: (raw) => new Float32Array(raw), write: (data) => Float32Array.from(data) },
  F16: { bytes: 2, read: (raw) => Float32Array.from(new Uint16Array(raw), half), write: readOnly('F16') },
  BF16: { bytes: 2, read: (raw) => brain(new Uint16Array(raw)), write: readOnly('BF16') },
  I64: {
    bytes: 8,
    read: (raw) => Float64Array.from(Array.from(new BigInt64Array(raw), safe)),
    write: (data) => BigInt64Array.from(Array.from(wholes('I64', -SAFE, SAFE, data), BigInt))
  },
  U64: {
    bytes: 8,
    read: (raw) => Float64Array.from(Array.from(new BigUint64Array(raw), safe)),
    write: (data) => BigUint64Array.from(Array.from(wholes('U64', 0, SAFE, data), BigInt))
  },
  I32: {
    bytes: 4,
    read: (raw) => Float64Array.from(new Int32Array(raw)),
    write: (data) => Int32Array.from(wholes('I32', -(2 ** 31), 2 ** 31 - 1, data))
  },
  U32: {
    bytes: 4,
    read: (raw) => Float64Array.from(new Uint32Array(raw)),
    write: (data) => Uint32Array.from(wholes('U32', 0, 2 ** 32 - 1, data))
  },
  I16: {
    bytes: 2,
    read: (raw) => Float32Array.from(new Int16Array(raw)),
    write: (data) => Int16Array.from(wholes('I16', -(2 ** 15), 2 ** 15 - 1, data))
  },
  U16: {
    bytes: 2,
    read: (raw) => Float32Array.from(new Uint16Array(raw)),
    write: (data) => Uint16Array.from(wholes('U16', 0, 2 ** 16 - 1, data))
  },
  I8: {
    bytes: 1,
    read: (raw) => Float32Array.from(new Int8Array(raw)),
    write: (data) => Int8Array.from(wholes('I8', -128, 127, data))
  },
  U8: {
    bytes: 1,
    read: (raw) => Float32Array.from(new Uint8Array(raw)),
    write: (data) => Uint8Array.from(wholes('U8', 0, 255, data))
  },
  BOOL: {
    bytes: 1,
    read: (raw) => Float32Array.from(new Uint8Array(raw), (byte) => (byte === 0 ? 0 : 1)),
    write: (data) => Uint8Array.from(wholes('BOOL', 0, 1, data))
  }
} as const satisfies Readonly<Record<string, Layout>>

/** The element type of a tensor in a file; F16 and BF16 are read only. */
export type Dtype = keyof typeof dtypes

export const isDtype = (name: unknown): name is Dtype =>
  typeof name === 'string' && Object.hasOwn(dtypes, name)

/** The type under which elements are kept unless asked otherwise: the one they have. */
export const dtypeOf = (data: Elements): Dtype => (data instanceof Float32Array ? 'F32' : 'F64')

/** Elements of a type from a part of a file, copied; the part may begin at any byte. */
export const readElements = (dtype: Dtype, part: Uint8Array): Elements =>
  dtypes[dtype].read(new Uint8Array(part).buffer)

/** The bytes of elements under a type. */
export const elementBytes = (dtype: Dtype, data: Elements): Uint8Array => {
  const { buffer, byteOffset, byteLength } = dtypes[dtype].write(data)
  return new Uint8Array(buffer, byteOffset, byteLength)
}
