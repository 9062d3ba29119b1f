import { describe, expect, it } from 'vitest'
import { untar } from 'tangentflow/io'
import { right } from '../support/either.js'
import { tarOf } from '../support/tar.js'

describe('untar', () => {
  it('gives plain files by their names, and refuses an archive that is cut off', () => {
    const archive = tarOf([
      ['folder/', undefined],
      ['folder/a.bin', new Uint8Array(600).fill(1)],
      ['folder/b.bin', Uint8Array.of(1)]
    ])
    expect([...right(untar(archive))].map(([name, bytes]) => [name, bytes.length])).toEqual([
      ['a.bin', 600],
      ['b.bin', 1]
    ])
    expect(untar(archive.subarray(0, 1200))).toMatchObject({
      left: { _tag: 'DataError', expected: 'a whole tar archive', where: 'a.bin' }
    })
    const damaged = archive.slice()
    damaged[512]! ^= 1
    expect(untar(damaged)).toMatchObject({ left: { expected: 'a header with its checksum' } })
    const twice = tarOf([
      ['a/b', Uint8Array.of(1)],
      ['c/b', Uint8Array.of(2)]
    ])
    expect(untar(twice)).toMatchObject({ left: { received: 'a name twice', where: 'b' } })
  })

  it('takes the last part of a name that fills its field, and plain files alone', () => {
    const long = `${'f/'.repeat(48)}abcd`
    const archive = tarOf([[long, Uint8Array.of(7)]])
    expect([...right(untar(archive)).keys()]).toEqual(['abcd'])
    expect(right(untar(tarOf([['folder/', Uint8Array.of(7)]]))).size).toBe(0)
    // a link has the type 2
    const link = tarOf([['a', Uint8Array.of(7)]])
    link[156] = 0x32
    link[153]! += 2
    expect(right(untar(link)).size).toBe(0)
    // an old archive has the type 0 as a byte
    const old = tarOf([['a', Uint8Array.of(7)]])
    old[156] = 0
    const sum = old.subarray(0, 512).reduce((total, byte, i) => total + (i >= 148 && i < 156 ? 32 : byte), 0)
    old.set(new TextEncoder().encode(`${sum.toString(8).padStart(6, '0')}\u0000 `), 148)
    expect([...right(untar(old))]).toEqual([['a', Uint8Array.of(7)]])
  })
})
