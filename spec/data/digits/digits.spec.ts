import { existsSync, readFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { gunzipSync } from 'node:zlib'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { digits, digitsSplit } from '../../../lib/data/index.js'

const published = fileURLToPath(new URL('../../../../shared/data/digits/digits.csv.gz', import.meta.url))

describe('digits', () => {
  const { x, y, classes } = digits()

  it('holds the published counts, labels and first rows', () => {
    expect([x.shape, y.shape, classes]).toEqual([[1797, 64], [1797], 10])
    const counts = new Array<number>(10).fill(0)
    for (const label of y.data) counts[label]!++
    expect(counts).toEqual([178, 182, 177, 183, 181, 182, 181, 179, 174, 180])
    expect([...y.data.slice(0, 10)]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    expect([...x.data.slice(0, 8)].map((pixel) => pixel * 16)).toEqual([0, 0, 5, 13, 9, 1, 0, 0])
    expect(x.data.every((pixel) => pixel >= 0 && pixel <= 1 && Number.isInteger(pixel * 16))).toBe(true)
  })

  it('has the published pixel sums', () => {
    // A checksum of every pixel and label that needs no file: positions weighted modulo a prime.
    const sum = [...x.data].reduce((total, pixel, i) => (total * 31 + pixel * 16 + (i % 7)) % 1_000_003, 0)
    expect(sum).toBe(582356)
  })

  it('equals the published file, pixel by pixel', (context) => {
    context.skip(!existsSync(published), 'the published digits.csv.gz is not beside this checkout')
    const file = readFileSync(published)
    expect(createHash('md5').update(file).digest('hex')).toBe('ca09b38354112f159cd554f69e213828')
    const rows = gunzipSync(file)
      .toString()
      .trim()
      .split('\n')
      .map((line) => line.split(',').map(Number))
    expect([...x.data].map((pixel) => pixel * 16)).toEqual(rows.flatMap((row) => row.slice(0, 64)))
    expect([...y.data]).toEqual(rows.map((row) => row[64]))
  })

  it('splits into 1,397 and 400 by place', () => {
    const { train, test } = digitsSplit()
    expect([train.x.shape, test.x.shape]).toEqual([
      [1397, 64],
      [400, 64]
    ])
    expect([...test.y.data.slice(0, 4)]).toEqual([0, 5, 9, 14].map((place) => y.data[place]))
    expect([...train.x.data.slice(0, 64)]).toEqual([...x.data.slice(64, 128)])
  })
})
