import { constants, deflateRawSync, inflateRawSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { format, ndarray } from 'tangentflow'
import { right } from '../support/either.js'
import { zipOf } from '../support/zip.js'

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

  it('says in which entry something is wrong, and reads a file with a comment', () => {
    const bytes = right(format.npz.encode({ w: arrays.w, v: arrays.w }))
    const view = new DataView(bytes.buffer)
    const directory = view.getUint32(bytes.length - 6, true)
    const changed = (at: number, value: number): unknown => {
      const copy = bytes.slice()
      copy[at] = value
      return format.npz.decode(copy)
    }
    expect(changed(0, 0)).toMatchObject({
      left: { expected: 'an entry at the place that the directory gives', where: 'w.npy' }
    })
    expect(changed(directory, 0)).toMatchObject({ left: { expected: 'an entry of the directory' } })
    expect(changed(directory + 10, 9)).toMatchObject({
      left: { expected: 'stored or deflated entries', received: 'compression method 9', where: 'w.npy' }
    })
    // a directory may name its entries in any order; here both are equally long
    const size = (bytes.length - 22 - directory) / 2
    const turned = bytes.slice()
    turned.set(bytes.subarray(directory + size, directory + 2 * size), directory)
    turned.set(bytes.subarray(directory, directory + size), directory + size)
    expect(right(format.npz.decode(turned))).toEqual({ w: arrays.w, v: arrays.w })
    const commented = new Uint8Array(bytes.length + 40)
    commented.set(bytes)
    new DataView(commented.buffer).setUint16(bytes.length - 2, 40, true)
    expect(right(format.npz.decode(commented))).toEqual({ w: arrays.w, v: arrays.w })
    expect(format.npz.decode(Uint8Array.from({ length: 30 }, (_, i) => i))).toMatchObject({
      left: { expected: 'a zip file', received: 'one without a directory at its end' }
    })
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

  it('unpacks no byte twice, nothing that is no array, and no more than 4 GiB', () => {
    const unpacked: number[] = []
    const inflate = (raw: Uint8Array): Uint8Array => {
      const content = inflateRawSync(raw)
      unpacked.push(content.length)
      return content
    }
    const start = (raw: Uint8Array): Uint8Array =>
      inflateRawSync(raw, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, 70_000)
    const refused = (members: Parameters<typeof zipOf>[0]): unknown =>
      format.npz.decode(zipOf(members), inflate, start)
    const content = right(format.npy.encode(arrays.w))
    expect(refused([{ name: 'w.npy', content }])).toEqual({ _tag: 'Right', right: { w: arrays.w } })
    unpacked.length = 0

    const shared = Array.from({ length: 100 }, (_, i) => ({ name: `w${i + 1}.npy`, content, as: 0 }))
    expect(refused([{ name: 'w0.npy', content }, ...shared])).toMatchObject({
      left: { _tag: 'DataError', expected: 'entries that do not overlap' }
    })
    const zeros = new Uint8Array(2 ** 22)
    expect(refused([{ name: 'zeros.npy', content: zeros }])).toMatchObject({
      left: { _tag: 'DataError', expected: 'a file that begins with \\x93NUMPY', where: 'zeros' }
    })
    expect(refused([{ name: 'w.npy', content, size: 2 ** 31 }])).toMatchObject({
      left: { _tag: 'DataError', expected: '8 bytes for F32 [2]', where: 'w' }
    })
    expect(refused([0, 1, 2].map((i) => ({ name: `${i}.npy`, content, size: 2 ** 31 })))).toMatchObject({
      left: { expected: 'entries of at most 4294967296 bytes' }
    })
    expect(unpacked).toEqual([])
  })
})
