/** A text table: the first column to the left, all others to the right, as numbers want it. */
export const table = (header: readonly string[], rows: readonly (readonly string[])[]): string => {
  const all = [header, ...rows]
  const widths = header.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)))
  const line = (row: readonly string[]): string =>
    widths
      .map((width, column) =>
        column === 0 ? (row[column] ?? '').padEnd(width) : (row[column] ?? '').padStart(width)
      )
      .join('  ')
      .trimEnd()
  return [line(header), widths.map((width) => '-'.repeat(width)).join('  '), ...rows.map(line)].join('\n')
}

/** Milliseconds with three significant digits; a dash for what was not measured. */
export const showTime = (ms: number | undefined): string => {
  if (ms === undefined || !Number.isFinite(ms)) return '–'
  if (ms >= 100) return ms.toFixed(0)
  return ms >= 10 ? ms.toFixed(1) : ms.toFixed(2)
}

export const showPercent = (share: number): string =>
  Number.isFinite(share) ? `±${(100 * share).toFixed(0)} %` : '–'

/** A table of Markdown, all columns to the right. */
export const markdownTable = (header: readonly string[], rows: readonly (readonly string[])[]): string =>
  [header, header.map(() => '---:'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
