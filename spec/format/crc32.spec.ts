import { crc32 as nodeCrc32 } from 'node:zlib'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { format } from 'tangentflow'
import { concatBytes, viewOf } from '../../lib/format/crc32.js'

describe('crc32', () => {
  it('is that of zlib, in one piece or in two', () =>
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 50 }), fc.nat({ max: 50 }), (bytes, cut) => {
        expect(format.crc32(bytes)).toBe(nodeCrc32(bytes))
        expect(format.crc32(bytes.subarray(cut), format.crc32(bytes.subarray(0, cut)))).toBe(nodeCrc32(bytes))
      })
    ))
})

describe('concatBytes and viewOf', () => {
  it('give the parts in order, and the numbers of a part of a buffer', () => {
    const all = concatBytes([Uint8Array.of(1), new Uint8Array(0), Uint8Array.of(2, 3)])
    expect(all).toEqual(Uint8Array.of(1, 2, 3))
    expect(viewOf(all.subarray(1)).getUint16(0, true)).toBe(0x0302)
    expect(viewOf(all.subarray(1)).byteLength).toBe(2)
  })
})
