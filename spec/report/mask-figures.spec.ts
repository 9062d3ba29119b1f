import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { tile } from '../../lib/report/mask-figures.js'

/** What the paths of a tile paint, a pixel each: the opacity of the strip that covers it, and how many do. */
const painted = (svg: string, side: number): readonly (readonly [opacity: number, times: number])[] => {
  const strips = [...svg.matchAll(/<path d="([^"]*)"[^>]*fill-opacity="([^"]*)"/g)].flatMap(
    ([, path, opacity]) =>
      [...path!.matchAll(/M(\d+) (\d+)h(\d+)v(\d+)h-\d+z/g)].map(([, x, y, width, height]) => ({
        x: Number(x) / Number(height),
        y: Number(y) / Number(height),
        width: Number(width) / Number(height),
        opacity: Number(opacity)
      }))
  )
  return Array.from({ length: side * side }, (_, i) => {
    const [x, y] = [i % side, Math.floor(i / side)]
    const over = strips.filter((strip) => strip.y === y && strip.x <= x && x < strip.x + strip.width)
    return [over[0]?.opacity ?? 0, over.length]
  })
}

describe('tile', () => {
  it('paints every pixel above zero once, as strongly as its share of the largest', () => {
    const images = fc
      .integer({ min: 1, max: 9 })
      .chain((side) => fc.array(fc.nat(4), { minLength: side * side, maxLength: side * side }))
    fc.assert(
      fc.property(images, (values) => {
        const side = Math.sqrt(values.length)
        painted(tile('a mask', values, 4, 'red').text, side).forEach(([opacity, times], i) => {
          expect(times).toBe(values[i]! > 0 ? 1 : 0)
          expect(opacity).toBeCloseTo(values[i]! / 4, 3)
        })
      })
    )
  })

  it('stays small where pixels are many: 28 × 28 in less than 25 kB', () => {
    const values = Array.from({ length: 784 }, (_, i) => (i * 7919) % 61)
    expect(tile('a mask', values, 60, 'red').text.length).toBeLessThan(25_000)
  })
})
