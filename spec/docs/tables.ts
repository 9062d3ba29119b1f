/** A table of a page: its column titles, its rows, and the experiment whose command stands above it. */
export interface PageTable {
  readonly experiment: string
  readonly titles: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

const cellsOf = (line: string): readonly string[] =>
  line
    .slice(1, -1)
    .split('|')
    .map((cell) => cell.trim())

const command = /^npm start -- --experiment bench\/experiments\/([\w-]+)\.json/

/**
 * The tables of a Markdown page below commands that run experiments. Where a block has several commands, the first table
 * below it is the first one's, the second the second's; the last command has all that follow.
 */
export const experimentTables = (page: string): readonly PageTable[] => {
  const lines = page.split('\n')
  const tables: PageTable[] = []
  let waiting: readonly string[] = []
  lines.forEach((line, i) => {
    const named = command.exec(line)?.[1]
    if (named !== undefined) waiting = command.test(lines[i - 1] ?? '') ? [...waiting, named] : [named]
    const isTable = line.startsWith('|') && lines[i + 1]?.startsWith('| ---') === true
    const [experiment, ...later] = waiting
    if (!isTable || experiment === undefined) return
    const below = lines.slice(i + 2)
    const end = below.findIndex((row) => !row.startsWith('|'))
    tables.push({
      experiment,
      titles: cellsOf(line),
      rows: below.slice(0, end < 0 ? below.length : end).map(cellsOf)
    })
    if (later.length > 0) waiting = later
  })
  return tables
}
