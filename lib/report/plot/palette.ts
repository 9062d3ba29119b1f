/** Every colour, as variables of what the selector names, once for light and once for dark. */
export const palette = (selector: string): string => `
${selector} {
  color-scheme: light dark;
  --paper: #ffffff; --ink: #1c2128; --quiet: #59636e; --rule: #d8dee4; --ground: #f3f5f7; --dense: #59636e;
  --c1: #1f6feb; --c2: #0b7f6a; --c3: #8a4fd0; --c4: #a96100; --c5: #c9372c;
  --c6: #c2308f; --c7: #64780a; --c8: #1c2128;
}
@media (prefers-color-scheme: dark) {
  ${selector} {
    --paper: #14181d; --ink: #e6eaef; --quiet: #9aa4af; --rule: #333b44; --ground: #1d232a; --dense: #9aa4af;
    --c1: #62a8ff; --c2: #3fc1a0; --c3: #bc8cff; --c4: #e3a13b; --c5: #ff7b72;
    --c6: #ff7ac6; --c7: #b5cc3f; --c8: #e6eaef;
  }
}`

/** How many colours the palette has for things that are told apart. */
const COLOURS = 8

/** The colour of the i-th of several things. */
export const colourOf = (place: number): string => `var(--c${(place % COLOURS) + 1})`

/** The colour of a method, as CSS. */
export type Paint = (method: string) => string

/** A colour for each method, in their order; grey for the dense network. */
export const paint = (methods: readonly string[]): Paint => {
  const masked = [...new Set(methods)].filter((method) => method !== 'dense')
  return (method) => (method === 'dense' ? 'var(--dense)' : colourOf(Math.max(0, masked.indexOf(method))))
}

/** A colour for each share in [0, 1], as `#rrggbb`. */
export type ColourMap = (share: number) => string

/** Colours in between are mixed of the two next stops, each six hexadecimal digits. */
const between = (stops: string): ColourMap => {
  const colours = stops.split(' ').map((hex) => [0, 2, 4].map((at) => parseInt(hex.slice(at, at + 2), 16)))
  const last = colours.length - 1
  return (share) => {
    const at = Math.min(1, Math.max(0, share)) * last
    const from = Math.min(last - 1, Math.floor(at))
    const [a, b] = [colours[from]!, colours[from + 1]!]
    const mixed = a.map((channel, i) => Math.round(channel + (b[i]! - channel) * (at - from)))
    return `#${mixed.map((channel) => channel.toString(16).padStart(2, '0')).join('')}`
  }
}

/** From small to large: viridis (van der Walt and Smith, 2015), lighter all the way and so safe for the colour-blind. */
export const sequential: ColourMap = between(
  '440154 482173 433e85 38598c 2d708e 25858e 1e9b8a 2bb07f 51c56a 85d54a c2df23 fde725'
)

/** From negative over nothing (½) to positive: ColorBrewer's PuOr, reversed, which is safe for the colour-blind. */
export const diverging: ColourMap = between(
  '7f3b08 b35806 e08214 fdb863 fee0b6 f7f7f7 d8daeb b2abd2 8073ac 542788 2d004b'
)
