// Exits with 1 where two files export a type of the same name: one word has one meaning in all of lib/ and kernels/.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import ts from 'typescript'

const isType = (node) =>
  ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node) || ts.isClassDeclaration(node)

const isExported = (node) => node.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) === true

/** The names of the types that a source text declares and exports; what it passes on from elsewhere does not count. */
export const exportedTypes = (text) =>
  ts
    .createSourceFile('file.ts', text, ts.ScriptTarget.Latest)
    .statements.filter((node) => isType(node) && isExported(node))
    .map(({ name }) => name.text)

/** Names that still have two meanings; a name leaves the list when one of them is renamed. */
const known = new Set(['Schedule'])

/** A line for each name that several of the sources (`[path, text]`) export. */
export const repeatedTypes = (sources) => {
  const places = new Map()
  for (const [path, text] of sources)
    for (const name of exportedTypes(text)) places.set(name, [...(places.get(name) ?? []), path])
  return [...places].flatMap(([name, paths]) =>
    paths.length > 1 ? [`${name} is exported by ${paths.join(', ')}`] : []
  )
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const files = ['lib', 'kernels'].flatMap((folder) =>
    readdirSync(folder, { recursive: true })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => join(folder, name))
  )
  const repeated = repeatedTypes(files.map((path) => [path, readFileSync(path, 'utf8')]))
  const wrong = repeated.filter((line) => !known.has(line.split(' ')[0]))
  wrong.forEach((line) => console.error(line))
  process.exitCode = wrong.length > 0 ? 1 : 0
}
