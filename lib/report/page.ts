import { style } from './style.js'
import { element, type Markup } from './svg.js'
import type { Table } from './table.js'

/** A table of a page. */
export const tableOf = ({ headings, rows, starts = [] }: Table): Markup =>
  element(
    'table',
    {},
    element('thead', {}, element('tr', {}, ...headings.map((heading) => element('th', {}, heading)))),
    element(
      'tbody',
      {},
      ...rows.map((row, i) =>
        element(
          'tr',
          starts.includes(i) ? { class: 'start' } : {},
          ...row.map((cell) => element('td', {}, cell))
        )
      )
    )
  )

/** A part of a page: a heading, what it says, and what it shows. */
export const section = (heading: string, says: string, ...body: readonly Markup[]): Markup =>
  element('section', {}, element('h2', {}, heading), element('p', {}, says), ...body)

/** One HTML page that needs nothing else: no script, no font, no picture, no address outside it. */
export const page = (title: string, body: Markup): string =>
  '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n' +
  '<meta name="viewport" content="width=device-width, initial-scale=1">\n' +
  `<title>${title}</title>\n<style>${style}</style>\n</head>\n` +
  `<body>\n<main>\n${body.text}\n</main>\n</body>\n</html>\n`
