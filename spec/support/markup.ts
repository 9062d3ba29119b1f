import { expect } from 'vitest'

/** Expects that every element closes, nothing is fetched from elsewhere, and no number went wrong. */
export const expectSound = (markup: string): void => {
  const open: string[] = []
  for (const [, close, name, , empty] of markup.matchAll(
    /<(\/?)([a-z][a-z0-9]*)((?:"[^"]*"|[^">])*?)(\/?)>/g
  )) {
    if (empty === '/' || name === 'meta') continue
    if (close === '') open.push(name!)
    else expect(open.pop()).toBe(name)
  }
  expect(open).toEqual([])
  expect(markup).not.toMatch(/NaN|Infinity|undefined|\[object/)
  expect(markup.replaceAll('xmlns="http://www.w3.org/2000/svg"', '')).not.toMatch(
    /https?:|\/\/|<script|<link|<img|<image|@import|url\(|src=|href=/i
  )
}

/** How light a colour `#rrggbb` is (WCAG relative luminance). */
export const luminance = (hex: string): number => {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const channel = parseInt(hex.slice(at, at + 2), 16) / 255
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!
}
