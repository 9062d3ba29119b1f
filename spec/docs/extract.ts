import ts from 'typescript'

/** A runnable example: `source` starts on line `line` (from 1) of `file`. */
export type Example = { readonly file: string; readonly line: number; readonly source: string }

type Line = { readonly number: number; readonly text: string }

const example = (file: string, lines: readonly Line[]): Example[] =>
  lines.some(({ text }) => text.trim() !== '')
    ? [{ file, line: lines[0]!.number, source: lines.map(({ text }) => text).join('\n') }]
    : []

/** The bodies of the fenced blocks whose info string is exactly `ts`; `undefined` if there is no fence at all. */
const fenced = (file: string, lines: readonly Line[]): Example[] | undefined => {
  const examples: Example[] = []
  let open: { fence: string; indent: number; info: string; body: Line[] } | undefined
  let seen = false
  for (const line of lines) {
    const [, indent = '', fence, info = ''] = /^(\s*)(`{3,})\s*([^`]*)$/.exec(line.text) ?? []
    if (open === undefined) {
      if (fence !== undefined) open = { fence, indent: indent.length, info: info.trim(), body: [] }
      seen ||= fence !== undefined
    } else if (fence?.startsWith(open.fence) && info.trim() === '') {
      if (open.info === 'ts') examples.push(...example(file, open.body))
      open = undefined
    } else {
      const { indent: depth } = open
      open.body.push({ ...line, text: line.text.replace(/^\s*/, (blank) => blank.slice(depth)) })
    }
  }
  if (open !== undefined) throw new Error(`${file}: a fenced block is never closed`)
  return seen ? examples : undefined
}

const numbered = (text: string, first = 1): Line[] =>
  text.split(/\r?\n/).map((line, i) => ({ number: first + i, text: line }))

/** The ```` ```ts ```` blocks of a Markdown page. Other info strings (`ts no-run`, `sh`, …) are not run. */
export const fromMarkdown = (file: string, text: string): Example[] => fenced(file, numbered(text)) ?? []

/** The docstrings of a TypeScript source, found by the compiler's scanner so that strings cannot fool it. */
const docstrings = (text: string): { start: number; text: string }[] => {
  const source = ts.createSourceFile('source.ts', text, ts.ScriptTarget.Latest)
  const found = new Map<number, string>()
  const visit = (node: ts.Node): void => {
    for (const { pos, end } of ts.getLeadingCommentRanges(text, node.getFullStart()) ?? [])
      if (text.startsWith('/**', pos)) found.set(pos, text.slice(pos, end))
    node.forEachChild(visit)
  }
  visit(source)
  return [...found].map(([start, comment]) => ({
    start: source.getLineAndCharacterOfPosition(start).line + 1,
    text: comment
  }))
}

/**
 * The `@example` blocks of a source's docstrings: the lines after the tag up to the next tag, or where they
 * contain fences, the ```` ```ts ```` ones among them. Text on the line of the tag is a title.
 */
export const fromSource = (file: string, text: string): Example[] =>
  docstrings(text).flatMap((docstring) => {
    const lines = numbered(docstring.text.replace(/\s*\*\/$/, ''), docstring.start).map(
      ({ number, text }) => ({
        number,
        text: text.replace(/^\s*\/?\*{1,2} ?/, '')
      })
    )
    const tags = lines.flatMap(({ text }, i) => (/^@\w+/.test(text) ? [i] : []))
    return tags
      .filter((tag) => /^@example\b/.test(lines[tag]!.text))
      .flatMap((tag) => {
        const body = lines.slice(tag + 1, tags.find((next) => next > tag) ?? lines.length)
        if (body.every(({ text }) => text.trim() === ''))
          throw new Error(`${file}:${lines[tag]!.number}: @example without code on the lines after it`)
        return fenced(file, body) ?? example(file, body)
      })
  })
