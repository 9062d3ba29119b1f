import { element, type Markup } from './markup.js'

/** A table as text: a heading for each column, and rows of as many cells. */
export interface Table {
  readonly headings: readonly string[]
  readonly rows: readonly (readonly string[])[]
  /** The rows before which a line is drawn, counted from 0. */
  readonly starts?: readonly number[]
}

/** A table for a terminal: the first column to the left, the others to the right, under a rule. */
export const formatTable = ({ headings, rows, starts = [] }: Table): string => {
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => row[column]?.length ?? 0))
  )
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)))
      .join('  ')
      .trimEnd()
  const rule = widths.map((width) => '─'.repeat(width)).join('  ')
  return [
    line(headings),
    rule,
    ...rows.flatMap((row, i) => (starts.includes(i) ? [rule, line(row)] : [line(row)]))
  ].join('\n')
}

/** A table for a page. */
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
