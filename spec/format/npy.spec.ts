import { describe, expect, it } from 'vitest'
import { format, ndarray } from 'tangentflow'
import { right } from '../support/either.js'

const bytesOf = (text: string): Uint8Array => Uint8Array.from(text, (letter) => letter.charCodeAt(0))

/** What NumPy 1.24 writes for `numpy.save(f, a)`, by hand: magic, version 1.0, header padded to 64 bytes. */
const numpyFile = (header: string, body: Uint8Array): Uint8Array => {
  const text = `${header.padEnd(117)}\n`
  return Uint8Array.from([...bytesOf('\u0093NUMPY'), 1, 0, text.length, 0, ...bytesOf(text), ...body])
}
const floats = (...values: number[]): Uint8Array => new Uint8Array(Float64Array.from(values).buffer)

describe('npy', () => {
  it('reads what NumPy writes, in both orders', () => {
    const rows = numpyFile(
      "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }",
      floats(1, 2, 3, 4, 5, 6)
    )
    const columns = numpyFile(
      "{'descr': '<f8', 'fortran_order': True, 'shape': (2, 3), }",
      floats(1, 4, 2, 5, 3, 6)
    )
    const expected = ndarray.fromNested([
      [1, 2, 3],
      [4, 5, 6]
    ])
    expect(right(format.npy.decode(rows))).toEqual(expected)
    expect(right(format.npy.decode(columns))).toEqual(expected)
    expect(right(format.npy.encode(expected))).toEqual(rows)
    const scalar = numpyFile("{'descr': '<f8', 'fortran_order': False, 'shape': (), }", floats(7))
    expect(right(format.npy.decode(scalar))).toEqual(ndarray.scalar(7))
    expect(right(format.npy.encode(ndarray.scalar(7)))).toEqual(scalar)
  })

  it('reads and writes every element type of NumPy', () => {
    const cases: readonly (readonly [string, ArrayBufferView, readonly number[]])[] = [
      ['<f8', Float64Array.of(1.5, -2), [1.5, -2]],
      ['<f4', Float32Array.of(1.5, -2), [1.5, -2]],
      // 1, 1.5, −2, the least above 0, 65504, −0.333251953125, ∞
      [
        '<f2',
        Uint16Array.of(0x3c00, 0x3e00, 0xc000, 0x0001, 0x7bff, 0xb555, 0x7c00),
        [1, 1.5, -2, 2 ** -24, 65504, -0.333251953125, Infinity]
      ],
      ['<i8', BigInt64Array.of(-3n, 4n), [-3, 4]],
      ['<u8', BigUint64Array.of(3n, 4n), [3, 4]],
      ['<i4', Int32Array.of(-3, 4), [-3, 4]],
      ['<u4', Uint32Array.of(2 ** 32 - 1, 4), [2 ** 32 - 1, 4]],
      ['<i2', Int16Array.of(-3, 4), [-3, 4]],
      ['<u2', Uint16Array.of(65535, 4), [65535, 4]],
      ['|i1', Int8Array.of(-3, 4), [-3, 4]],
      ['|u1', Uint8Array.of(255, 4), [255, 4]],
      ['|b1', Uint8Array.of(1, 0), [1, 0]]
    ]
    for (const [descr, { buffer }, values] of cases) {
      const body = new Uint8Array(buffer as ArrayBuffer)
      const header = `{'descr' : '${descr}', 'fortran_order': False, 'shape'  : (${values.length},), }`
      expect([descr, [...right(format.npy.decode(numpyFile(header, body))).data]]).toEqual([descr, values])
    }
    const half = numpyFile(
      "{'descr': '<f2', 'fortran_order': False, 'shape': (1,), }",
      Uint8Array.of(1, 0x7e)
    )
    expect(right(format.npy.decode(half)).data[0]).toBeNaN()
  })

  it.each([
    [[], 'a header of 10 bytes', '6'],
    [[1, 0, 8], 'a header of 10 bytes', '9'],
    [[2, 0, 8, 0, 0], 'a header of 12 bytes', '11'],
    [[0, 0, 8, 0, 0, 0], 'version 1, 2 or 3', '0'],
    [[2, 0, 0, 0, 1, 0], 'a header of at most 65535 bytes', '65536'],
    [[1, 0, 9, 0], 'a header that ends at 19', 'a file of 10 bytes']
  ])('says what is wrong with a header that goes on with %j', (more, expected, received) =>
    expect(format.npy.decode(Uint8Array.from([...bytesOf('\u0093NUMPY'), ...more]))).toMatchObject({
      left: { expected, received }
    })
  )

  it('says how many bytes there are, and takes at most 64 axes', () => {
    const header = "{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }"
    expect(format.npy.decode(numpyFile(header, floats(1, 2)))).toMatchObject({
      left: { expected: '8 bytes for F64 [1]', received: '16' }
    })
    const wide = (axes: number) => {
      const text = `{'descr': '<f8', 'fortran_order': False, 'shape': (${'1, '.repeat(axes)}), }`
      const padded = `${text.padEnd(245)}\n`
      return Uint8Array.from([
        ...bytesOf('\u0093NUMPY'),
        1,
        0,
        padded.length,
        0,
        ...bytesOf(padded),
        ...floats(7)
      ])
    }
    expect(right(format.npy.decode(wide(64))).shape).toHaveLength(64)
    expect(format.npy.decode(wide(65))).toMatchObject({
      left: { expected: 'at most 64 axes', received: '65' }
    })
  })

  it.each([
    ['a foreign file', bytesOf('PK\u0003\u0004 and so on')],
    ['an empty file', new Uint8Array(0)],
    ['a version of the future', Uint8Array.from([...bytesOf('\u0093NUMPY'), 9, 0, 0, 0])],
    ['a big-endian type', numpyFile("{'descr': '>f8', 'fortran_order': False, 'shape': (1,), }", floats(1))],
    ['objects', numpyFile("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", floats(1))],
    ...['constructor', '__proto__', 'toString', 'hasOwnProperty'].map(
      (name) =>
        [
          `a type that objects have, ${name}`,
          numpyFile(`{'descr': '${name}', 'fortran_order': False, 'shape': (1,), }`, floats(1))
        ] as [string, Uint8Array]
    ),
    ['records', numpyFile("{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (1,), }", floats(1))],
    ['an empty array', numpyFile("{'descr': '<f8', 'fortran_order': False, 'shape': (0,), }", floats())],
    ['too few elements', numpyFile("{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }", floats(1))],
    [
      'too many elements',
      numpyFile("{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }", floats(1, 2))
    ]
  ])('refuses %s', (_, bytes) =>
    expect(format.npy.decode(bytes)).toMatchObject({
      left: { _tag: 'DataError', operation: 'format.npy.decode' }
    })
  )
})
