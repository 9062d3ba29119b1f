/** A colour for each share in [0, 1], as `#rrggbb`. */
export type ColourMap = (share: number) => string

type Colour = readonly [red: number, green: number, blue: number]

const parse = (hex: string): Colour =>
  [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)) as [number, number, number]

const between = (stops: readonly Colour[]): ColourMap => {
  const last = stops.length - 1
  return (share) => {
    const at = Math.min(1, Math.max(0, share)) * last
    const from = Math.min(last - 1, Math.floor(at))
    const [a, b] = [stops[from]!, stops[from + 1]!]
    const mixed = a.map((channel, i) => Math.round(channel + (b[i]! - channel) * (at - from)))
    return `#${mixed.map((channel) => channel.toString(16).padStart(2, '0')).join('')}`
  }
}

/** From small to large: viridis (van der Walt and Smith, 2015), lighter all the way and so safe for the colour-blind. */
export const sequential: ColourMap = between(
  [
    '#440154',
    '#482173',
    '#433e85',
    '#38598c',
    '#2d708e',
    '#25858e',
    '#1e9b8a',
    '#2bb07f',
    '#51c56a',
    '#85d54a',
    '#c2df23',
    '#fde725'
  ].map(parse)
)

/** From negative over nothing (½) to positive: ColorBrewer's PuOr, reversed, which is safe for the colour-blind. */
export const diverging: ColourMap = between(
  [
    '#7f3b08',
    '#b35806',
    '#e08214',
    '#fdb863',
    '#fee0b6',
    '#f7f7f7',
    '#d8daeb',
    '#b2abd2',
    '#8073ac',
    '#542788',
    '#2d004b'
  ].map(parse)
)
