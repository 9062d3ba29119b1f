import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { decode, encode } from '@jridgewell/sourcemap-codec'

// The last step of the build: what is published, without what is there twice. Docstrings are in the declarations, so JavaScript and
// the TypeScript that source maps carry go without. Maps go from line to line, which is a tenth of what mapping every word takes. The
// digits are data, the same in both languages, and need none. Calls that make public functions are marked as without effects: esbuild
// leaves out what nothing imports by the mark of a call alone, not by that of the function.

const dist = fileURLToPath(new URL('../dist', import.meta.url))
const data = join(dist, 'lib/data/digits/text.js')

/** For each line whether it is part of a docstring, which begins and ends a line; the printer of TypeScript puts it so. */
const docstringLines = (lines) => {
  let inside = false
  return lines.map((line) => {
    const isPart = inside || /^\s*\/\*\*/.test(line)
    inside = isPart && !/\*\/\s*$/.test(line)
    return isPart
  })
}

const marked = (line) =>
  line.replace(/^((?:export )?const \w+ = )(plain|plainRecord|entry|checked)\(/, '$1/* @__PURE__ */ $2(')

for (const name of readdirSync(dist, { recursive: true, encoding: 'utf8' })) {
  if (!name.endsWith('.js.map')) continue
  const file = join(dist, name)
  const script = file.slice(0, -'.map'.length)
  const text = readFileSync(script, 'utf8').split('\n')
  const isDocstring = docstringLines(text)
  const isKept = (_, i) => !isDocstring[i]
  const map = JSON.parse(readFileSync(file, 'utf8'))
  const source = map.sourcesContent[0].split('\n')
  const isSourceDocstring = docstringLines(source)
  /** For each line of the source which one it is without docstrings. */
  const places = []
  for (const isPart of isSourceDocstring) places.push((places.at(-1) ?? 0) + (isPart ? 0 : 1))
  // what is built incrementally and not written again has been through this already
  const lines = decode(map.mappings)
    .filter(isKept)
    .map((line) =>
      line.slice(0, 1).map(([at, of, row, column]) => [at, of, Math.max(0, places[row] - 1), column])
    )
  const sourcesContent = [source.filter((_, i) => !isSourceDocstring[i]).join('\n')]
  writeFileSync(file, JSON.stringify({ ...map, names: [], sourcesContent, mappings: encode(lines) }))
  writeFileSync(script, text.filter(isKept).map(marked).join('\n'))
}
rmSync(`${data}.map`, { force: true })
if (existsSync(data))
  writeFileSync(data, readFileSync(data, 'utf8').replace(/\n\/\/# sourceMappingURL.*\s*$/, '\n'))
