import { describe, expect, it } from 'vitest'
import { colourOf, diverging, paint, palette, sequential } from '../../../lib/report/plot/palette.js'
import { luminance } from '../../support/markup.js'

describe('the palette', () => {
  const [light, dark] = palette(':root').split('@media')
  it.each([
    ['light', light!],
    ['dark', dark!]
  ])('has eight %s colours that text can be read in (WCAG AA: contrast of 4.5 to the paper)', (_, css) => {
    const valueOf = (name: string): string => new RegExp(`--${name}: (#[0-9a-f]{6})`).exec(css)![1]!
    const paper = luminance(valueOf('paper'))
    const names = Array.from({ length: 8 }, (__, i) => /--(c\d)/.exec(colourOf(i))![1]!)
    expect(new Set(names.map(valueOf)).size).toBe(8)
    for (const name of [...names, 'dense', 'quiet', 'ink']) {
      const ink = luminance(valueOf(name))
      const contrast = (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05)
      expect(contrast, name).toBeGreaterThanOrEqual(4.5)
    }
  })
})

describe('paint', () => {
  it('gives methods colours in their order, wherever dense is among them', () => {
    const colour = paint(['a', 'dense', 'b', 'a'])
    expect(['dense', 'a', 'b'].map(colour)).toEqual(['var(--dense)', 'var(--c1)', 'var(--c2)'])
    expect(paint(['dense', 'x'])('x')).toBe('var(--c1)')
  })
})

const shares = Array.from({ length: 64 }, (_, i) => i / 63)

describe('colour maps', () => {
  it('can be read by lightness alone: ever lighter, or darker to either side of the middle', () => {
    const [up, both] = [shares.map(sequential).map(luminance), shares.map(diverging).map(luminance)]
    up.slice(1).forEach((value, i) => expect(value).toBeGreaterThan(up[i]!))
    both
      .slice(1)
      .forEach((value, i) =>
        i < 31 ? expect(value).toBeGreaterThan(both[i]!) : i > 31 && expect(value).toBeLessThan(both[i]!)
      )
    expect([sequential(0), sequential(1), sequential(7)]).toEqual(['#440154', '#fde725', '#fde725'])
  })
})
