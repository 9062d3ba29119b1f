import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { data, key, ndarray } from 'tangentflow'
import { idxFile } from '../support/datasets.js'

const right = <A>(either: E.Either<unknown, A>): A => {
  if (E.isRight(either)) return either.right
  throw new Error(JSON.stringify(either.left))
}

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
})

describe('CIFAR-10', () => {
  const record = (label: number, shade: number): number[] => [label, ...new Array<number>(3072).fill(shade)]

  it('gives labels and planes', () => {
    const bytes = Uint8Array.from([...record(6, 255), ...record(9, 51)])
    bytes[1 + 1024] = 0
    const { x, y, classes } = right(data.cifar10(bytes))
    expect([x.shape, [...y.data], classes]).toEqual([[2, 3072], [6, 9], 10])
    expect([x.data[0], x.data[1024], x.data[3072]]).toEqual([1, 0, Math.fround(0.2)])
  })

  it('refuses a part of a record, nothing, and a label above 9', () => {
    const bytes = Uint8Array.from(record(1, 0))
    for (const wrong of [bytes.subarray(1), new Uint8Array(0)])
      expect(data.cifar10(wrong)).toMatchObject({
        left: { expected: 'a multiple of 3073 bytes, at least one' }
      })
    expect(data.cifar10(Uint8Array.from([...record(1, 0), ...record(10, 0)]))).toMatchObject({
      left: { received: '10', where: 'record 1' }
    })
  })
})

describe('parts of a set', () => {
  const set = data.synthetic.blobs({ points: 50 })(key(1))

  it('a validation split takes every pair once, in order, and depends on its key alone', () =>
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 49 }), fc.nat(), (size, seed) => {
        const { rest, held } = right(data.split(size)(key(seed))(set))
        expect([data.count(held), data.count(rest)]).toEqual([size, 50 - size])
        const rows = (part: data.Labelled): string[] =>
          Array.from({ length: data.count(part) }, (_, i) => `${part.x.data[2 * i]} ${part.y.data[i]}`)
        expect([...rows(held), ...rows(rest)].sort()).toEqual(rows(set).sort())
        const places = rows(rest).map((row) => rows(set).indexOf(row))
        expect(places).toEqual([...places].sort((a, b) => a - b))
        expect(right(data.split(size)(key(seed))(set))).toEqual({ rest, held })
      })
    ))

  it('counts classes, lays inputs out anew, and refuses sizes that leave nothing', () => {
    expect(data.classCounts(set)).toEqual([25, 25])
    expect(right(data.shaped([1, 1, 2])(set)).x.shape).toEqual([50, 1, 1, 2])
    expect(data.shaped([3])(set)).toMatchObject({ left: { expected: 'a shape of 2 features' } })
    for (const size of [0, 50, 2.5, NaN])
      expect(data.split(size)(key(0))(set)).toMatchObject({
        left: { _tag: 'DataError', operation: 'data.split' }
      })
  })
})
