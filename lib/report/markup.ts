import { palette } from './plot/palette.js'

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

/** As {@link fragment}, of pieces that may be more than a call takes arguments. */
export const fragmentOf = (children: readonly (Markup | string | number)[]): Markup => ({
  _tag: 'Markup',
  text: children.map(render).join('')
})

/** Several pieces side by side; text is escaped, markup is not. */
export const fragment = (...children: readonly (Markup | string | number)[]): Markup => fragmentOf(children)

/** An element of HTML or SVG, without the attributes that are undefined; text among its children is escaped, markup is not. */
export const element = (
  name: string,
  attributes: Readonly<Record<string, string | number | undefined>>,
  ...children: readonly (Markup | string | number)[]
): Markup => {
  const shown = Object.entries(attributes).map(([key, value]) =>
    value === undefined ? '' : ` ${key}="${render(value)}"`
  )
  return { _tag: 'Markup', text: `<${name}${shown.join('')}>${fragment(...children).text}</${name}>` }
}

/** The page's look. On a narrow screen plots keep a size in which they can be read, and their section scrolls. */
const style = (): string => `${palette(':root')}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 800px; margin: 0 auto; padding: 32px 24px 64px; }
h1 { font-size: 28px; line-height: 1.2; margin: 0 0 8px; }
h2 { font-size: 19px; margin: 44px 0 4px; }
h3 { font-size: 15px; margin: 20px 0 4px; }
p { margin: 0 0 12px; max-width: 68ch; }
.lead { font-size: 18px; }
.quiet, section > p { color: var(--quiet); }
svg { max-width: 100%; height: auto; display: block; }
section > svg { min-width: 620px; }
svg text { font: 13px system-ui, sans-serif; }
svg text:not(.name) { fill: var(--quiet); }
svg text.name { font-weight: 600; }
svg text.title { font-weight: 600; fill: var(--ink); }
.grid { stroke: var(--rule); stroke-width: 1; }
.open { fill: var(--paper); }
.ground { fill: var(--ground); }
table { border-collapse: collapse; margin: 12px 0; font-size: 14px; font-variant-numeric: tabular-nums; }
section { overflow-x: auto; }
th, td { padding: 5px 14px 5px 0; text-align: right; border-bottom: 1px solid var(--rule); white-space: nowrap; }
thead th { color: var(--quiet); font-weight: 500; }
tbody th { font-weight: inherit; }
tr.start td, tr.start th { border-top: 2px solid var(--quiet); }
th:first-child, td:first-child { text-align: left; }
.tiles { display: flex; flex-wrap: wrap; gap: 20px; }
figure { margin: 0; max-width: 128px; }
figcaption { display: grid; font-size: 13px; margin-top: 6px; color: var(--quiet); }
figcaption strong { color: var(--ink); }
@media print { body { font-size: 12px; } section { break-inside: avoid; } section > svg { min-width: 0; } }
`

/** A section of a page: a heading, an explanation, and what it shows. What is too wide scrolls, by the keyboard too. */
export const section = (heading: string, explanation: string, ...body: readonly Markup[]): Markup =>
  element(
    'section',
    { tabindex: 0, 'aria-label': heading },
    element('h2', {}, heading),
    element('p', {}, explanation),
    ...body
  )

/** One self-contained HTML page: no script, no font, no picture, no address outside it. */
export const page = (title: string, ...body: readonly Markup[]): string =>
  '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n' +
  '<meta name="viewport" content="width=device-width, initial-scale=1">\n' +
  '<meta name="generator" content="tangentflow">\n' +
  `<title>${escape(title)}</title>\n<style>${style()}</style>\n</head>\n` +
  `<body>\n<main>\n${fragment(...body).text}\n</main>\n</body>\n</html>\n`
