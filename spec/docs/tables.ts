/** A table of a page: its column titles, its rows, and the experiment whose command stands above it. */
export interface PageTable {
  readonly experiment: string
  readonly titles: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

/** The titles and the rows of the table that starts at a line; undefined where none does. */
export const tableAt = (
  lines: readonly string[],
  at: number
): Pick<PageTable, 'titles' | 'rows'> | undefined => {
  if (!lines[at]!.startsWith('|') || lines[at + 1]?.startsWith('| ---') !== true) return undefined
  const below = lines.slice(at + 2)
  const end = below.findIndex((row) => !row.startsWith('|'))
  return {
    titles: cellsOf(lines[at]!),
    rows: below.slice(0, end < 0 ? below.length : end).map(cellsOf)
  }
}

const cellsOf = (line: string): readonly string[] =>
  line
    .slice(1, -1)
    .split('|')
    .map((cell) => cell.trim())

/** A command of another sort, below which no table is an experiment's. */
const other = /^npm run /

const command = /^npm start -- --experiment bench\/experiments\/([\w-]+)\.json/

/**
 * The tables of a Markdown page below commands that run experiments. Where a block has several commands, the first table
 * below it is the first one's, the second the second's; the last command has all that follow, to the next command of any sort.
 */
export const experimentTables = (page: string): readonly PageTable[] => {
  const lines = page.split('\n')
  const tables: PageTable[] = []
  let waiting: readonly string[] = []
  lines.forEach((line, i) => {
    const named = command.exec(line)?.[1]
    if (named !== undefined) waiting = command.test(lines[i - 1] ?? '') ? [...waiting, named] : [named]
    if (other.test(line)) waiting = []
    const table = tableAt(lines, i)
    const [experiment, ...later] = waiting
    if (table === undefined || experiment === undefined) return
    tables.push({ experiment, ...table })
    if (later.length > 0) waiting = later
  })
  return tables
}
