import { deflateRawSync, crc32 as nodeCrc32 } from 'node:zlib'
import { inflateRawSync } from 'node:zlib'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { format, ndarray } from 'tangentflow'

const right = <A>(either: E.Either<unknown, A>): A => {
  if (E.isRight(either)) return either.right
  throw new Error(JSON.stringify(either.left))
}
const bytesOf = (text: string): Uint8Array => Uint8Array.from(text, (letter) => letter.charCodeAt(0))

/** What NumPy 1.24 writes for `numpy.save(f, a)`, by hand: magic, version 1.0, header padded to 64 bytes. */
const numpyFile = (header: string, body: Uint8Array): Uint8Array => {
  const text = `${header.padEnd(117)}\n`
  return Uint8Array.from([...bytesOf('\u0093NUMPY'), 1, 0, text.length, 0, ...bytesOf(text), ...body])
}
const floats = (...values: number[]): Uint8Array => new Uint8Array(Float64Array.from(values).buffer)

describe('crc32', () => {
  it('is that of zlib, in one piece or in two', () =>
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 50 }), fc.nat({ max: 50 }), (bytes, cut) => {
        expect(format.crc32(bytes)).toBe(nodeCrc32(bytes))
        expect(format.crc32(bytes.subarray(cut), format.crc32(bytes.subarray(0, cut)))).toBe(nodeCrc32(bytes))
      })
    ))
})

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

describe('npz', () => {
  const arrays = { w: ndarray.of([2], Float32Array.of(1, 2)), 'layer/b': ndarray.scalar(3) }

  it('gives back what was written, and refuses what is damaged or cut off', () => {
    const bytes = right(format.npz.encode(arrays))
    expect(right(format.npz.decode(bytes))).toEqual(arrays)
    for (let cut = 0; cut < bytes.length; cut++)
      expect(format.npz.decode(bytes.subarray(0, cut))).toMatchObject({ left: { _tag: 'DataError' } })
    const damaged = bytes.slice()
    damaged[bytes.indexOf(0x80)]! ^= 1
    expect(format.npz.decode(damaged)).toMatchObject({ left: { expected: 'an entry with its checksum' } })
  })

  it('reads compressed members with the help of inflate, and says so without it', () => {
    const inner = right(format.npy.encode(arrays.w))
    const packed = deflateRawSync(inner)
    const stored = right(format.npz.encode({ w: arrays.w }))
    // The stored file with the member replaced: method 8, packed length, everything behind it moved.
    const head = 30 + 5
    const bytes = new Uint8Array(stored.length - inner.length + packed.length)
    bytes.set(stored.subarray(0, head))
    bytes.set(packed, head)
    bytes.set(stored.subarray(head + inner.length), head + packed.length)
    const view = new DataView(bytes.buffer)
    const directory = head + packed.length
    view.setUint16(8, 8, true)
    view.setUint32(18, packed.length, true)
    view.setUint16(directory + 10, 8, true)
    view.setUint32(directory + 20, packed.length, true)
    view.setUint32(bytes.length - 6, directory, true)
    expect(format.npz.decode(bytes)).toMatchObject({ left: { expected: 'stored entries', where: 'w.npy' } })
    expect(right(format.npz.decode(bytes, (raw) => inflateRawSync(raw)))).toEqual({ w: arrays.w })
  })
})
