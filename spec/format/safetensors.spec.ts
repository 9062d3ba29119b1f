import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { format, ndarray, type NdArray } from 'tangentflow'
import { right } from '../support/either.js'

const { encode, decode, decodeHeader } = format.safetensors

const arrays: fc.Arbitrary<NdArray> = fc
  .array(fc.integer({ min: 1, max: 4 }), { maxLength: 3 })
  .chain((shape) => {
    const size = shape.reduce((a, b) => a * b, 1)
    return fc
      .oneof(
        fc.float32Array({ minLength: size, maxLength: size }),
        fc.float64Array({ minLength: size, maxLength: size })
      )
      .map((data) => ndarray.of(shape, data))
  })
const files = fc.record({
  tensors: fc.dictionary(
    fc.string().filter((name) => name !== '__metadata__'),
    arrays,
    { noNullPrototype: true }
  ),
  metadata: fc.dictionary(fc.string(), fc.string(), { noNullPrototype: true })
})

/** A file with the given header text and so many bytes of tensors. */
const file = (header: string, body: number, length = header.length): Uint8Array => {
  const bytes = new Uint8Array(8 + header.length + body)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true)
  bytes.set(new TextEncoder().encode(header), 8)
  return bytes
}
const entry = (dtype: string, shape: readonly number[], offsets: readonly number[]): string =>
  JSON.stringify({ dtype, shape, data_offsets: offsets })
const refusal = (bytes: Uint8Array): unknown => {
  const result = decode(bytes)
  return E.isLeft(result) ? result.left : 'read'
}

describe('safetensors', () => {
  it('gives back what was written, bit for bit', () =>
    fc.assert(
      fc.property(files, (given) => {
        expect(right(decode(right(encode(given))))).toEqual(given)
      })
    ))

  it('gives equal bytes for equal contents in any order, each tensor aligned to its elements', () => {
    const [a, b] = [ndarray.of([3], Float32Array.of(1, 2, 3)), ndarray.of([1], [4])]
    const bytes = right(encode({ tensors: { a, b }, metadata: { p: '1', q: '2' } }))
    expect(right(encode({ tensors: { b, a }, metadata: { q: '2', p: '1' } }))).toEqual(bytes)
    for (const { begin, dtype } of right(decodeHeader(bytes)).entries)
      expect(begin % (dtype === 'F64' ? 8 : 4)).toBe(0)
  })

  it('refuses every shorter file, and a longer one', () =>
    fc.assert(
      fc.property(files, fc.nat(), (given, cut) => {
        const bytes = right(encode(given))
        expect(refusal(bytes.subarray(0, cut % bytes.length))).toMatchObject({ _tag: 'DataError' })
        const longer = new Uint8Array(bytes.length + 1)
        longer.set(bytes)
        expect(refusal(longer)).toMatchObject({ _tag: 'DataError' })
      })
    ))

  it('never throws, whatever byte is wrong', () =>
    fc.assert(
      fc.property(files, fc.nat(), fc.integer({ min: 1, max: 255 }), (given, place, change) => {
        const bytes = right(encode(given))
        bytes[place % bytes.length]! ^= change
        const read = decode(bytes)
        if (E.isLeft(read)) expect(read.left._tag).toMatch(/DataError|ShapeError/)
      })
    ))

  it.each([
    ['a header that is no JSON', file('{"a":', 0), 'a header in JSON', undefined],
    ['a header that is no object', file('[1]', 0), 'an object as the header', undefined],
    ['blanks before the object', file(' {}', 0), 'an object as the header', undefined],
    ['a header beyond the file', file('{}', 0, 3), 'a header of 3 bytes', undefined],
    ['a header without end', file('{}', 0, 2 ** 40), 'a header of at most 100000000 bytes', undefined],
    [
      'a name given twice',
      file(`{"a":${entry('F32', [1], [0, 4])},"a":${entry('F32', [1], [4, 8])}}`, 8),
      'every name once',
      'a'
    ],
    [
      'a name given twice, once escaped',
      file(`{"a":${entry('F32', [1], [0, 4])},"\\u0061":${entry('F32', [1], [4, 8])}}`, 8),
      'every name once',
      'a'
    ],
    ['an unknown dtype', file(`{"a":${entry('F8_E4M3', [1], [0, 1])}}`, 1), 'one of F64, F32', 'a'],
    ['a dtype that objects have', file(`{"a":${entry('toString', [1], [0, 1])}}`, 1), 'one of F64, F32', 'a'],
    ['an empty tensor', file(`{"a":${entry('F32', [0], [0, 0])}}`, 0), 'a shape of sizes of at least 1', 'a'],
    [
      'offsets that do not fit the shape',
      file(`{"a":${entry('F32', [2], [0, 4])}}`, 4),
      '8 bytes for F32 [2]',
      'a'
    ],
    ['offsets beyond the file', file(`{"a":${entry('F32', [2], [0, 8])}}`, 4), 'a file of', undefined],
    ['negative offsets', file(`{"a":${entry('F32', [1], [-4, 0])}}`, 4), 'data_offsets [begin, end]', 'a'],
    [
      'an overlap',
      file(`{"a":${entry('F32', [2], [0, 8])},"b":${entry('F32', [1], [4, 8])}}`, 8),
      'data_offsets that begin at 8',
      'b'
    ],
    ['a gap', file(`{"a":${entry('F32', [1], [4, 8])}}`, 8), 'data_offsets that begin at 0', 'a'],
    [
      'nothing where a type should be',
      file('{"a":{"shape":[1],"data_offsets":[0,4]}}', 4),
      'one of F64, F32',
      'a'
    ],
    ['nothing where a shape should be', file('{"a":{"dtype":"F32"}}', 4), 'a shape of sizes', 'a'],
    ['nothing where offsets should be', file('{"a":{"dtype":"F32","shape":[1]}}', 4), 'data_offsets', 'a'],
    [
      'a header that nests 100,000 deep',
      file(`{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`, 0),
      'a header in JSON of at most 64 levels',
      undefined
    ],
    [
      'a header that nests and does not end',
      file('{"a":'.repeat(100_000), 0),
      'at most 64 levels',
      undefined
    ],
    ['a string that does not end', file('{"a', 0), 'a header in JSON', undefined],
    ['metadata that is no text', file('{"__metadata__":{"a":1}}', 0), 'a text', '__metadata__.a']
  ])('refuses %s', (_, bytes, expected, where) => {
    const error = refusal(bytes)
    expect(error).toMatchObject({ _tag: 'DataError', operation: 'format.safetensors.decode' })
    expect(error).toMatchObject({ expected: expect.stringContaining(expected) as string })
    if (where !== undefined) expect(error).toMatchObject({ where })
    expect(error).toMatchObject({ received: expect.stringMatching(/./) as string })
  })

  it('reads 100,000 names in linear time, and names that objects have', () => {
    const header = (count: number): string =>
      `{${Array.from({ length: count }, (_, i) => `"t${i}":${entry('U8', [1], [i, i + 1])}`).join()}}`
    expect(Object.keys(right(decode(file(header(100_000), 100_000))).tensors)).toHaveLength(100_000)
    const tensors = Object.fromEntries(
      ['__proto__', 'constructor', 'toString'].map((name) => [name, ndarray.scalar(1)])
    )
    const read = right(decode(right(encode({ tensors, dtypes: { w: 'F32' } })))).tensors
    expect(Object.keys(read).sort()).toEqual(Object.keys(tensors).sort())
  })

  it('refuses what overflows float32, and a type that is none', () => {
    const of = (value: number, dtype: string) =>
      encode({ tensors: { a: ndarray.of([1], [value]) }, dtypes: { a: dtype as 'F32' } })
    for (const value of [1e300, -3.5e38])
      expect(of(value, 'F32')).toMatchObject({ left: { _tag: 'DataError' } })
    for (const value of [3.4e38, Infinity, -Infinity, NaN, 1e-300])
      expect(E.isRight(of(value, 'F32'))).toBe(true)
    const error = { _tag: 'ArgumentError', where: 'dtypes.a', received: '"F99"' }
    expect(of(1, 'F99')).toMatchObject({ left: error })
  })

  it('keeps whole numbers exactly under every type, and refuses what does not fit', () => {
    const limits = [
      ['I8', -128, 127],
      ['U8', 0, 255],
      ['I16', -32768, 32767],
      ['U16', 0, 65535],
      ['I32', -(2 ** 31), 2 ** 31 - 1],
      ['U32', 0, 2 ** 32 - 1],
      ['I64', -(2 ** 53 - 1), 2 ** 53 - 1],
      ['U64', 0, 2 ** 53 - 1],
      ['BOOL', 0, 1]
    ] as const
    for (const [dtype, low, high] of limits) {
      const x = ndarray.of([2], [low, high])
      const { tensors } = right(decode(right(encode({ tensors: { x }, dtypes: { x: dtype } }))))
      expect([...tensors.x!.data]).toEqual([low, high])
      for (const wrong of [low - 1, high + 1, 0.5])
        expect(E.isLeft(encode({ tensors: { x: ndarray.of([1], [wrong]) }, dtypes: { x: dtype } }))).toBe(
          true
        )
    }
  })

  it('reads half precision, bfloat16 and whole numbers of 64 bits as they were written by others', () => {
    const header = `{"h":${entry('F16', [4], [8, 16])},"b":${entry('BF16', [2], [16, 20])},"i":${entry('I64', [1], [0, 8])}}`
    const bytes = file(header, 20)
    const view = new DataView(bytes.buffer, 8 + header.length)
    view.setBigInt64(0, -5n, true)
    ;[0x3c00, 0xc000, 0x0001, 0x7c00].forEach((word, i) => view.setUint16(8 + 2 * i, word, true))
    ;[0x3f80, 0xc040].forEach((word, i) => view.setUint16(16 + 2 * i, word, true))
    const { tensors } = right(decode(bytes))
    expect([...tensors.h!.data]).toEqual([1, -2, 2 ** -24, Infinity])
    expect([...tensors.b!.data]).toEqual([1, -3])
    expect([...tensors.i!.data]).toEqual([-5])
    view.setBigInt64(0, 2n ** 60n, true)
    expect(refusal(bytes)).toMatchObject({ expected: 'whole numbers of at most 53 bits' })
  })
})
