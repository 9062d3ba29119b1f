import { fail } from '../core/error.js'
import type { NdArray } from '../core/ndarray.js'

type Elements = NdArray['data']

/** How one element type is laid out in a file, little-endian. */
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

/** Requires whole numbers in [low, high]. */
const requireWholes = (type: string, low: number, high: number, data: Elements): Elements => {
  for (const value of data)
    if (!(Number.isInteger(value) && value >= low && value <= high)) refuse(value, type)
  return data
}

/** Requires numbers that do not overflow float32, ±∞ and NaN aside. */
const requireSingles = (data: Elements): Elements => {
  if (data instanceof Float32Array) return data
  for (const value of data)
    if (Number.isFinite(value) && !Number.isFinite(Math.fround(value))) refuse(value, 'F32')
  return data
}

/** A typed array of whole numbers, and the one that holds its elements exactly. */
interface RawArray {
  readonly BYTES_PER_ELEMENT: number
  new (raw: ArrayBuffer): ArrayLike<number>
  from(data: ArrayLike<number>): ArrayBufferView
}

/** Whole numbers of up to 32 bits: `I32` has a sign, `U32` has none. */
const whole = (type: string, Raw: RawArray, Held: { from(data: ArrayLike<number>): Elements }): Layout => {
  const count = 2 ** (8 * Raw.BYTES_PER_ELEMENT)
  const [low, high] = type.startsWith('I') ? [-count / 2, count / 2 - 1] : [0, count - 1]
  return {
    bytes: Raw.BYTES_PER_ELEMENT,
    read: (raw) => Held.from(new Raw(raw)),
    write: (data) => Raw.from(requireWholes(type, low, high, data))
  }
}

const safe = (value: bigint): number => {
  const number = Number(value)
  return Number.isSafeInteger(number)
    ? number
    : fail('DataError', 'format.decode', 'whole numbers of at most 53 bits', String(value))
}

const safes = (values: BigInt64Array | BigUint64Array): Float64Array => {
  const out = new Float64Array(values.length)
  values.forEach((value: bigint, i: number) => void (out[i] = safe(value)))
  return out
}

const SAFE = Number.MAX_SAFE_INTEGER

const readOnly = (type: string) => (): never =>
  fail('ArgumentError', 'format.encode', 'a type that is written', type)

/** Every element type that tensor files of ours know, by the names of safetensors. */
export const dtypes = {
  F64: { bytes: 8, read: (raw) => new Float64Array(raw), write: (data) => Float64Array.from(data) },
  F32: {
    bytes: 4,
    read: (raw) => new Float32Array(raw),
    write: (data) => Float32Array.from(requireSingles(data))
  },
  F16: { bytes: 2, read: (raw) => Float32Array.from(new Uint16Array(raw), half), write: readOnly('F16') },
  BF16: { bytes: 2, read: (raw) => brain(new Uint16Array(raw)), write: readOnly('BF16') },
  I64: {
    bytes: 8,
    read: (raw) => safes(new BigInt64Array(raw)),
    write: (data) => BigInt64Array.from(Array.from(requireWholes('I64', -SAFE, SAFE, data), BigInt))
  },
  U64: {
    bytes: 8,
    read: (raw) => safes(new BigUint64Array(raw)),
    write: (data) => BigUint64Array.from(Array.from(requireWholes('U64', 0, SAFE, data), BigInt))
  },
  I32: whole('I32', Int32Array, Float64Array),
  U32: whole('U32', Uint32Array, Float64Array),
  I16: whole('I16', Int16Array, Float32Array),
  U16: whole('U16', Uint16Array, Float32Array),
  I8: whole('I8', Int8Array, Float32Array),
  U8: whole('U8', Uint8Array, Float32Array),
  BOOL: {
    bytes: 1,
    read: (raw) => Float32Array.from(new Uint8Array(raw), (byte) => (byte === 0 ? 0 : 1)),
    write: (data) => Uint8Array.from(requireWholes('BOOL', 0, 1, data))
  }
} as const satisfies Readonly<Record<string, Layout>>

/** The element type of a tensor in a file; F16 and BF16 are read only. */
export type Dtype = keyof typeof dtypes

/** Whether a name is that of an element type. */
export const isDtype = (name: unknown): name is Dtype =>
  typeof name === 'string' && Object.hasOwn(dtypes, name)

/** The type that elements have in memory: what is written by default. */
export const dtypeOf = (data: Elements): Dtype => (data instanceof Float32Array ? 'F32' : 'F64')

/** Elements of a type from a part of a file, copied; the part may begin at any byte. */
export const readElements = (dtype: Dtype, part: Uint8Array): Elements =>
  dtypes[dtype].read(new Uint8Array(part).buffer)

/** The bytes of elements under a type. */
export const elementBytes = (dtype: Dtype, data: Elements): Uint8Array => {
  const { buffer, byteOffset, byteLength } = dtypes[dtype].write(data)
  return new Uint8Array(buffer, byteOffset, byteLength)
}
