import { describe, expect, it } from 'vitest'
import { colourOf, paint } from '../../lib/report/colours.js'
import { palette } from '../../lib/report/style.js'

/** How light a colour is (WCAG relative luminance). */
const luminance = (hex: string): number => {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const channel = parseInt(hex.slice(at, at + 2), 16) / 255
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!
}

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
  it('gives methods colours in their order, wherever dense stands among them', () => {
    const colour = paint(['a', 'dense', 'b', 'a'])
    expect(['dense', 'a', 'b'].map(colour)).toEqual(['var(--dense)', 'var(--c1)', 'var(--c2)'])
    expect(paint(['dense', 'x'])('x')).toBe('var(--c1)')
  })
})
