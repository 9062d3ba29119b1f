import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { format, ndarray } from 'tangentflow'
import { right } from '../support/either.js'

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
