import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { linearAxis } from '../../../lib/report/plot/axis.js'
import { figure, layOut, type LegendEntry, picture } from '../../../lib/report/plot/drawing.js'
import { line } from '../../../lib/report/plot/mark.js'
import { expectSound } from '../../support/markup.js'

const axis = (label: string) => linearAxis({ domain: [0, 1], label })

const drawn = (legend: readonly LegendEntry[], title = 'a plot') =>
  layOut({
    title,
    x: axis('across'),
    y: axis('up'),
    marks: [
      line(
        [
          [0, 0],
          [1, 1]
        ],
        'red'
      )
    ],
    legend
  })

const heightsOf = (svg: string): readonly number[] =>
  [...svg.matchAll(/<text class="name"[^>]* y="([^"]*)"/g)].map(([, y]) => Number(y))

describe('layOut', () => {
  it('keeps names apart and in the order of their values', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.integer({ min: 0, max: 100 }).map((percent) => percent / 100),
          { minLength: 1, maxLength: 12 }
        ),
        (values) => {
          const legend = values.map((value, i) => ({ name: `n${i}`, colour: 'red', value }))
          const heights = heightsOf(picture(drawn(legend)).text)
          expect(heights).toHaveLength(values.length)
          const sorted = heights.map((y, i) => ({ y, value: values[i]! })).sort((a, b) => a.y - b.y)
          sorted.slice(1).forEach(({ y, value }, i) => {
            expect(y - sorted[i]!.y).toBeGreaterThanOrEqual(17 - 0.02)
            expect(value).toBeLessThanOrEqual(sorted[i]!.value)
          })
        }
      )
    )
  })

  it('is as wide as the longest name needs', () => {
    const short = drawn([{ name: 'a', value: 1 }])
    expect(short.width).toBe(720)
    expect(drawn([{ name: 'a'.repeat(60), value: 1 }]).width).toBeGreaterThan(560 + 60 * 7)
  })

  it('names both axes, and everything closes', () => {
    const svg = figure(drawn([{ name: 'a', shape: 1 }]))
    expectSound(svg)
    for (const text of ['>across<', '>up<', '>a<', '>a plot<']) expect(svg).toContain(text)
  })
})

describe('picture and figure', () => {
  it('say their title to a screen reader; a figure also draws it', () => {
    const drawing = drawn([], '<Θ & "x">')
    const said = 'role="img" aria-label="&lt;Θ &amp; &quot;x&quot;&gt;"'
    expect(picture(drawing).text).toContain(said)
    expect(picture(drawing).text).not.toContain('class="title"')
    expect(figure(drawing)).toContain(said)
    expect(figure(drawing)).toContain('class="title"')
  })
})
