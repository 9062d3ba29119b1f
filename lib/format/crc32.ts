import { plain } from '../core/plain.js'
/** A view of the numbers in some bytes, which may be a part of a buffer. */
export const viewOf = ({ buffer, byteOffset, byteLength }: Uint8Array): DataView =>
  new DataView(buffer, byteOffset, byteLength)

/** Several parts one after another. */
export const concatBytes = (parts: readonly Uint8Array[]): Uint8Array => {
  const out = new Uint8Array(parts.reduce((total, { length }) => total + length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}

/** The reflected polynomial of CRC-32/ISO-HDLC, as in zip, gzip and PNG. */
const POLYNOMIAL = 0xedb88320

/** Eight tables, so that eight bytes are taken at a time: table k is the remainder of a byte followed by k zeros. */
const tables = (() => {
  const first = Uint32Array.from({ length: 256 }, (_, byte) => {
    let remainder = byte
    for (let bit = 0; bit < 8; bit++)
      remainder = remainder & 1 ? (remainder >>> 1) ^ POLYNOMIAL : remainder >>> 1
    return remainder
  })
  const all = [first]
  for (let k = 1; k < 8; k++)
    all.push(Uint32Array.from(all[k - 1]!, (remainder) => (remainder >>> 8) ^ first[remainder & 255]!))
  type T = Uint32Array
  return all as [T, T, T, T, T, T, T, T]
})()

/** The CRC-32 of some bytes; `before` is the sum of the bytes that precede them. */
export const crc32 = plain('format.crc32', (bytes: Uint8Array, before = 0): number => {
  const [t0, t1, t2, t3, t4, t5, t6, t7] = tables
  let sum = ~before
  let i = 0
  for (const last = bytes.length - 8; i <= last; i += 8) {
    sum ^= bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24)
    sum =
      t7[sum & 255]! ^
      t6[(sum >>> 8) & 255]! ^
      t5[(sum >>> 16) & 255]! ^
      t4[sum >>> 24]! ^
      t3[bytes[i + 4]!]! ^
      t2[bytes[i + 5]!]! ^
      t1[bytes[i + 6]!]! ^
      t0[bytes[i + 7]!]!
  }
  for (; i < bytes.length; i++) sum = (sum >>> 8) ^ t0[(sum ^ bytes[i]!) & 255]!
  return ~sum >>> 0
})
