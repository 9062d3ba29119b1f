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
