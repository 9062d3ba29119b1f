import { deflateRawSync } from 'node:zlib'
import { format } from 'tangentflow'

const record = (size: number, places: readonly (readonly [number, 2 | 4, number])[]): Uint8Array => {
  const bytes = new Uint8Array(size)
  const view = new DataView(bytes.buffer)
  for (const [at, width, value] of places)
    if (width === 2) view.setUint16(at, value, true)
    else view.setUint32(at, value, true)
  return bytes
}

/** A deflated member of a zip: what is packed, and what the zip says of it. */
export interface Packed {
  readonly name: string
  readonly content: Uint8Array
  /** The place of another member, whose bytes this one claims for its own. */
  readonly as?: number
  /** The size that the zip claims. */
  readonly size?: number
}

/** A zip of deflated members, as `numpy.savez_compressed` writes them. */
export const zipOf = (members: readonly Packed[]): Uint8Array => {
  const locals: Uint8Array[] = []
  const centrals: Uint8Array[] = []
  const starts: number[] = []
  let at = 0
  for (const { name, content, as, size = content.length } of members) {
    const text = new TextEncoder().encode(name)
    const packed = deflateRawSync(content)
    const common = (from: number) =>
      [
        [from, 2, 20],
        [from + 4, 2, 8],
        [from + 10, 4, format.crc32(content)],
        [from + 14, 4, packed.length],
        [from + 18, 4, size],
        [from + 22, 2, text.length]
      ] as const
    const start = as === undefined ? at : starts[as]!
    starts.push(start)
    centrals.push(record(46, [[0, 4, 0x02014b50], ...common(6), [42, 4, start]]), text)
    if (as !== undefined) continue
    const local = record(30, [[0, 4, 0x04034b50], ...common(4)])
    locals.push(local, text, packed)
    at += local.length + text.length + packed.length
  }
  const directory = Buffer.concat(centrals)
  const end = record(22, [
    [0, 4, 0x06054b50],
    [8, 2, members.length],
    [10, 2, members.length],
    [12, 4, directory.length],
    [16, 4, at]
  ])
  return new Uint8Array(Buffer.concat([...locals, directory, end]))
}
