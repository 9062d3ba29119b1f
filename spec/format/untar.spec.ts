import { describe, expect, it } from 'vitest'
import { format } from 'tangentflow'
import { right } from '../support/either.js'

describe('untar', () => {
  /** A file of a tar archive: name, size in octal, type, contents in blocks of 512 bytes. */
  const member = (name: string, type: string, content: string): Uint8Array => {
    const header = new Uint8Array(512)
    const put = (text: string, at: number): void => header.set(new TextEncoder().encode(text), at)
    put(name, 0)
    put(content.length.toString(8).padStart(11, '0'), 124)
    put(type, 156)
    put('        ', 148)
    put(
      header
        .reduce((sum, byte) => sum + byte, 0)
        .toString(8)
        .padStart(6, '0'),
      148
    )
    header[154] = 0
    const body = new Uint8Array(Math.ceil(content.length / 512) * 512)
    body.set(new TextEncoder().encode(content))
    return Uint8Array.from([...header, ...body])
  }

  it('gives plain files by their names, and refuses an archive that is cut off', () => {
    const archive = Uint8Array.from([
      ...member('folder/', '5', ''),
      ...member('folder/a.bin', '0', 'x'.repeat(600)),
      ...member('folder/b.bin', '0', 'y'),
      ...new Uint8Array(1024)
    ])
    expect([...right(format.untar(archive))].map(([name, bytes]) => [name, bytes.length])).toEqual([
      ['a.bin', 600],
      ['b.bin', 1]
    ])
    expect(format.untar(archive.subarray(0, 1200))).toMatchObject({
      left: { _tag: 'DataError', expected: 'a whole tar archive', where: 'a.bin' }
    })
    const damaged = archive.slice()
    damaged[512]! ^= 1
    expect(format.untar(damaged)).toMatchObject({ left: { expected: 'a header with its checksum' } })
    const twice = Uint8Array.from([...member('a/b', '0', 'x'), ...member('c/b', '0', 'y')])
    expect(format.untar(twice)).toMatchObject({ left: { received: 'a name twice', where: 'b' } })
  })
})
