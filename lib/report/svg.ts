/** A piece of markup that needs no escaping any more. */
export interface Markup {
  readonly _tag: 'Markup'
  readonly text: string
}

export type Child = Markup | string | number

const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

const render = (child: Child): string =>
  typeof child === 'object' ? child.text : escape(typeof child === 'number' ? coordinate(child) : child)

/** At most two decimals: a hundredth of a pixel, and short files. */
const coordinate = (value: number): string => String(Math.round(value * 100) / 100)

/** An element of HTML or SVG; text children are escaped, elements are not. */
export const element = (
  name: string,
  attributes: { readonly [name: string]: string | number },
  ...children: readonly Child[]
): Markup => ({
  _tag: 'Markup',
  text:
    `<${name}${Object.entries(attributes)
      .map(([key, value]) => ` ${key}="${render(value)}"`)
      .join('')}>` + `${children.map(render).join('')}</${name}>`
})

/** Pieces side by side. */
export const group = (...children: readonly Child[]): Markup => ({
  _tag: 'Markup',
  text: children.map(render).join('')
})

/** An inline picture that scales with the page; `title` is what a screen reader says. */
export const picture = (
  width: number,
  height: number,
  title: string,
  ...children: readonly Child[]
): Markup =>
  element(
    'svg',
    { viewBox: `0 0 ${width} ${height}`, width, height, role: 'img', 'aria-label': title },
    ...children
  )

export type Scale = (value: number) => number

/** Maps [from, to] to [start, end]. */
export const linear =
  (from: number, to: number, start: number, end: number): Scale =>
  (value) =>
    start + ((value - from) / (to - from || 1)) * (end - start)

/** Round numbers from `from` to `to`: about `wanted` steps of 1, 2 or 5 times a power of ten. */
export const ticks = (from: number, to: number, wanted: number): readonly number[] => {
  const rough = (to - from || 1) / wanted
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = power * (rough / power < 1.5 ? 1 : rough / power < 3.5 ? 2 : rough / power < 7.5 ? 5 : 10)
  const first = Math.ceil(from / step - 1e-9)
  const last = Math.floor(to / step + 1e-9)
  // divided rather than multiplied by a fraction, so that 0.3 is not 0.30000000000000004
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)))
}
