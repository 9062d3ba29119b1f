import * as E from 'fp-ts/lib/Either.js'
import { entry } from '../core/entry.js'
import { fail, refuseWith, showValue, type TangentError } from '../core/error.js'
import { type NdArray, of } from '../core/ndarray.js'
import { type Shape, showShape, sizeOf } from '../core/shape.js'
import { attempt } from '../graph/trace.js'
import { concatBytes, viewOf } from './crc32.js'
import { isRecord, parseJson } from './parse-json.js'
import { type Dtype, dtypeOf, dtypes, elementBytes, isDtype, readElements } from './dtype.js'

/** Named tensors and free text about them. */
export interface TensorFile {
  /** The arrays by name. */
  readonly tensors: Readonly<Record<string, NdArray>>
  /** Text by name. */
  readonly metadata: Readonly<Record<string, string>>
}

/** What a header says of one tensor; `begin` and `end` count bytes of the file. */
export interface TensorEntry {
  /** The name of the array. */
  readonly name: string
  /** The type of its elements in the file. */
  readonly dtype: Dtype
  /** The length of every axis. */
  readonly shape: Shape
  /** The first byte in the file. */
  readonly begin: number
  /** The byte after the last one. */
  readonly end: number
}

const METADATA = '__metadata__'
/** The longest header that the reference implementation reads. */
const LONGEST = 100_000_000
const PREFIX = 8

const refuse = refuseWith('DataError', 'format.safetensors.decode')

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0

/** The length of the header, by the first eight bytes of a file. */
const headerLength = (bytes: Uint8Array): number => {
  if (bytes.length < PREFIX) refuse('8 bytes for the length of the header', `${bytes.length}`)
  const length = Number(viewOf(bytes).getBigUint64(0, true))
  if (length > LONGEST) refuse(`a header of at most ${LONGEST} bytes`, `${length}`)
  return bytes.length >= PREFIX + length
    ? length
    : refuse(`a header of ${length} bytes`, `a file that ends after ${bytes.length}`)
}

const headerText = (bytes: Uint8Array, length: number): string => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(PREFIX, PREFIX + length))
  } catch {
    return refuse('a header in UTF-8', 'other bytes')
  }
}

const headerObject = (text: string): Readonly<Record<string, unknown>> => {
  const parsed = parseJson('a header in JSON', text)
  if (E.isLeft(parsed)) return refuse(parsed.left.expected, parsed.left.received, parsed.left.where)
  return text.startsWith('{') && isRecord(parsed.right)
    ? parsed.right
    : refuse('an object as the header', text.slice(0, 20))
}

const metadataOf = (value: unknown): TensorFile['metadata'] => {
  if (value === undefined) return {}
  if (!isRecord(value)) return refuse('an object of texts', showValue(value), METADATA)
  const texts = Object.entries(value).map(([name, text]): [string, string] =>
    typeof text === 'string' ? [name, text] : refuse('a text', showValue(text), `${METADATA}.${name}`)
  )
  return Object.fromEntries(texts)
}

const entryOf = (name: string, value: unknown, start: number): TensorEntry => {
  if (!isRecord(value)) return refuse('dtype, shape and data_offsets', showValue(value), name)
  const { dtype, shape, data_offsets: offsets } = value
  if (!isDtype(dtype)) return refuse(`one of ${Object.keys(dtypes).join(', ')}`, showValue(dtype), name)
  if (!Array.isArray(shape) || !shape.every((n) => isCount(n) && n > 0))
    return refuse('a shape of sizes of at least 1', showValue(shape), name)
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount))
    return refuse('data_offsets [begin, end]', showValue(offsets), name)
  const [begin, end] = offsets as [number, number]
  const wanted = sizeOf(shape as number[]) * dtypes[dtype].bytes
  return end - begin === wanted
    ? { name, dtype, shape: shape as number[], begin: start + begin, end: start + end }
    : refuse(
        `${wanted} bytes for ${dtype} ${showShape(shape as number[])}`,
        `data_offsets [${begin}, ${end}]`,
        name
      )
}

/** The tensors must fill the file from the header on without a gap or an overlap. */
const checkTiling = (entries: readonly TensorEntry[], start: number, length: number): void => {
  const reached = [...entries]
    .sort((a, b) => a.begin - b.begin || a.end - b.end)
    .reduce(
      (at, { name, begin, end }) =>
        begin === at
          ? end
          : refuse(
              `data_offsets that begin at ${at - start}`,
              `${begin - start}, ${begin < at ? 'an overlap' : 'a gap'}`,
              name
            ),
      start
    )
  if (reached !== length) refuse(`a file of ${reached} bytes`, `${length}`)
}

/** What the header of a file says. */
export interface Header {
  /** Its tensors. */
  readonly entries: readonly TensorEntry[]
  /** Text by name. */
  readonly metadata: TensorFile['metadata']
}

const header = (bytes: Uint8Array, total: number): Header => {
  const length = headerLength(bytes)
  const object = headerObject(headerText(bytes, length))
  const start = PREFIX + length
  const entries = Object.entries(object)
    .filter(([name]) => name !== METADATA)
    .map(([name, value]) => entryOf(name, value, start))
  const metadata = metadataOf(object[METADATA])
  checkTiling(entries, start, total)
  return { entries, metadata }
}

const decodeHeader = (bytes: Uint8Array, total: number = bytes.length): E.Either<TangentError, Header> =>
  attempt(() => header(bytes, total))

const decode = (bytes: Uint8Array): E.Either<TangentError, TensorFile> =>
  attempt(() => {
    const { entries, metadata } = header(bytes, bytes.length)
    const tensors = entries.map(({ name, dtype, shape, begin, end }): [string, NdArray] => [
      name,
      of(shape, readElements(dtype, bytes.subarray(begin, end)))
    ])
    return { tensors: Object.fromEntries(tensors), metadata }
  })

/** Tensors and text to write; element types other than the arrays' own are asked for by name. */
export interface Encodable {
  /** The arrays by name. */
  readonly tensors: Readonly<Record<string, NdArray>>
  /** Text by name. @defaultValue none */
  readonly metadata?: Readonly<Record<string, string>>
  /** The types of the elements in the file, by name. @defaultValue those of the arrays */
  readonly dtypes?: Readonly<Record<string, Dtype>>
}

const encode = (file: Encodable): E.Either<TangentError, Uint8Array> =>
  attempt(() => {
    const { tensors, metadata = {} } = file
    const asked = new Map(Object.entries(file.dtypes ?? {}))
    if (Object.hasOwn(tensors, METADATA))
      fail('ArgumentError', 'format.safetensors.encode', 'another name of a tensor', METADATA)
    for (const [name, dtype] of asked)
      if (!isDtype(dtype))
        fail(
          'ArgumentError',
          'format.safetensors.encode',
          Object.keys(dtypes).join(', '),
          showValue(dtype),
          `dtypes.${name}`
        )
    const parts = Object.entries(tensors)
      .map(([name, { shape, data }]) => ({ name, shape, data, dtype: asked.get(name) ?? dtypeOf(data) }))
      .sort((a, b) => dtypes[b.dtype].bytes - dtypes[a.dtype].bytes || (a.name < b.name ? -1 : 1))
      .map((part) => ({ ...part, bytes: elementBytes(part.dtype, part.data) }))
    let at = 0
    const entries = parts.map(({ name, shape, dtype, bytes }) => {
      const begin = at
      at += bytes.length
      return [name, { dtype, shape, data_offsets: [begin, at] }] as const
    })
    const about = Object.keys(metadata).length === 0 ? [] : [[METADATA, sorted(metadata)] as const]
    const text = new TextEncoder().encode(JSON.stringify(Object.fromEntries([...about, ...entries])))
    const length = Math.ceil(text.length / PREFIX) * PREFIX
    const prefix = new Uint8Array(PREFIX)
    viewOf(prefix).setBigUint64(0, BigInt(length), true)
    const blanks = new Uint8Array(length - text.length).fill(0x20)
    return concatBytes([prefix, text, blanks, ...parts.map(({ bytes }) => bytes)])
  })

const sorted = (texts: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(texts).sort(([a], [b]) => (a < b ? -1 : 1)))

/** Files of named tensors, as huggingface.co/docs/safetensors describes them. */
export const safetensors = {
  /**
   * Reads a safetensors file (huggingface.co/docs/safetensors): F64 gives float64 elements, so do whole numbers of 32 bits and
   * more, which are exact up to 53 bits; everything else gives float32. A header that is cut off, too long or no JSON, a name
   * given twice, an unknown dtype, and offsets that leave the file, overlap or leave a gap are a DataError naming the tensor.
   */
  decode: entry('format.safetensors.decode', 'Either', 1, decode),
  /**
   * What a file of `total` bytes that begins with these holds, checked as {@link decode} checks it: enough to read single
   * tensors of a large file from their places. `bytes` must reach to the end of the header.
   */
  decodeHeader: entry('format.safetensors.decodeHeader', 'Either', 1, decodeHeader),
  /**
   * Writes a safetensors file: wide elements first, then by name, so equal contents give equal bytes and every tensor is
   * aligned. A tensor named `__metadata__`, and elements that the asked type cannot hold, are an error.
   *
   * @example
   * import assert from 'node:assert'
   * import * as E from 'fp-ts/lib/Either.js'
   * import { format, ndarray } from 'tangentflow'
   *
   * const w = ndarray.of([2], Float32Array.of(1, 2))
   * const bytes = format.safetensors.encode({ tensors: { w }, metadata: { made: 'by hand' } })
   * assert.ok(E.isRight(bytes))
   * assert.deepEqual(format.safetensors.decode(bytes.right), E.right({ tensors: { w }, metadata: { made: 'by hand' } }))
   */
  encode: entry('format.safetensors.encode', 'Either', 1, encode)
}
