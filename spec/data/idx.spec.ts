import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { data, ndarray } from 'tangentflow'
import { idxFile } from '../support/datasets.js'
import { right } from '../support/either.js'

describe('IDX', () => {
  it('gives the bytes in their shape, divided as asked', () =>
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 }),
        fc.uint8Array({ minLength: 64, maxLength: 64 }),
        (shape, pool) => {
          const elements = pool.subarray(
            0,
            shape.reduce((a, b) => a * b, 1)
          )
          const read = right(data.idx({ divisor: 255 })(idxFile(shape, elements)))
          expect(read.shape).toEqual(shape)
          expect(read.data).toEqual(Float32Array.from(elements, (byte) => byte / 255))
        }
      )
    ))

  it('reads the other element types, big-endian', () => {
    const int16 = Uint8Array.of(0, 0, 0x0b, 1, 0, 0, 0, 2, 0xff, 0xfe, 1, 0)
    expect(right(data.idx()(int16))).toEqual(ndarray.of([2], Float32Array.of(-2, 256)))
    const int8 = Uint8Array.of(0, 0, 0x09, 1, 0, 0, 0, 2, 0xff, 0x7f)
    expect(right(data.idx()(int8))).toEqual(ndarray.of([2], Float32Array.of(-1, 127)))
    const double = Uint8Array.of(0, 0, 0x0e, 1, 0, 0, 0, 1, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0)
    expect(right(data.idx()(double))).toEqual(ndarray.of([1], [1.5]))
  })

  it('refuses every other length, and foreign magic numbers', () => {
    const file = idxFile([2, 3], Uint8Array.of(1, 2, 3, 4, 5, 6))
    for (let cut = 0; cut < file.length; cut++)
      expect(data.idx()(file.subarray(0, cut))).toMatchObject({
        left: { _tag: 'DataError', operation: 'data.idx' }
      })
    expect(data.idx()(Uint8Array.from([...file, 0]))).toMatchObject({
      left: { expected: '18 bytes for [2,3]' }
    })
    for (const [place, byte] of [
      [0, 1],
      [1, 1],
      [2, 0x0a],
      [3, 0]
    ] as const)
      expect(data.idx()(file.with(place, byte))).toMatchObject({
        left: { expected: expect.stringContaining('magic number') as string }
      })
    expect(data.idx()(idxFile([0], new Uint8Array(0)))).toMatchObject({
      left: { expected: 'sizes of at least 1' }
    })
  })

  it.each([0, -1, NaN, Infinity])('refuses a divisor of %s', (divisor) =>
    expect(data.idx({ divisor })(Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 1, 7))).toMatchObject({
      left: { _tag: 'ArgumentError', where: 'divisor' }
    })
  )
})
