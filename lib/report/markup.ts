/** A piece of HTML or SVG whose text is already escaped. */
export interface Markup {
  readonly _tag: 'Markup'
  readonly text: string
}

const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

/** Numbers have at most two decimals: a hundredth of a pixel, and short files. */
const render = (child: Markup | string | number): string =>
  typeof child === 'object'
    ? child.text
    : typeof child === 'string'
      ? escape(child)
      : String(Math.round(child * 100) / 100)

/** Several pieces side by side; text is escaped, markup is not. */
export const group = (...children: readonly (Markup | string | number)[]): Markup => ({
  _tag: 'Markup',
  text: children.map(render).join('')
})

/** An element of HTML or SVG; text among its children is escaped, markup is not. */
export const element = (
  name: string,
  attributes: Readonly<Record<string, string | number>>,
  ...children: readonly (Markup | string | number)[]
): Markup => {
  const shown = Object.entries(attributes).map(([key, value]) => ` ${key}="${render(value)}"`)
  return { _tag: 'Markup', text: `<${name}${shown.join('')}>${group(...children).text}</${name}>` }
}
