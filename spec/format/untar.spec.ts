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
})
