import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { fromMarkdown, fromSource, type Example } from './extract.js'

// Every example of README.md, docs/ and the docstrings runs as a test and is type-checked. docs/api is made of the docstrings.

const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = join(root, 'spec/.examples')

const files = (where: string, extension: string): string[] =>
  readdirSync(root)
    .filter((name) => name === where)
    .flatMap((name) => readdirSync(join(root, name), { recursive: true, encoding: 'utf8' }))
    .filter((name) => name.endsWith(extension) && !/node_modules|^api[/\\]/.test(name))
    .map((name) => `${where}/${name.replaceAll('\\', '/')}`)
    .sort()

const markdown = [...readdirSync(root).filter((name) => name === 'README.md'), ...files('docs', '.md')]
const sources = [...files('lib', '.ts'), ...files('kernels', '.ts')]

const read = (file: string): string => readFileSync(join(root, file), 'utf8')
const examples: Example[] = [
  ...markdown.flatMap((file) => fromMarkdown(file, read(file))),
  ...sources.flatMap((file) => fromSource(file, read(file)))
]

const place = ({ file, line }: Example): string => `${file}:${line}`
const pathOf = ({ file, line }: Example): string =>
  join(folder, `${file.replace(/[^A-Za-z0-9]+/g, '-')}-${line}.ts`)

// An example is padded to its line in the original, so that stack traces and diagnostics name that line.
rmSync(folder, { recursive: true, force: true })
mkdirSync(folder, { recursive: true })
for (const each of examples)
  writeFileSync(pathOf(each), `${'\n'.repeat(each.line - 1)}${each.source}\nexport {}\n`)

const diagnostics = (): string[] => {
  const config = ts.readConfigFile(join(root, 'tsconfig.json'), (path) => ts.sys.readFile(path)).config as {
    compilerOptions: object
  }
  const { options } = ts.parseJsonConfigFileContent(
    {
      compilerOptions: {
        ...config.compilerOptions,
        incremental: false,
        tsBuildInfoFile: null,
        paths: {
          tangentflow: ['./lib/index.ts'],
          'tangentflow/experiment': ['./lib/experiment/index.ts'],
          'tangentflow/io': ['./lib/io/index.ts'],
          'tangentflow/blocks': ['./lib/blocks/index.ts'],
          'tangentflow/queue': ['./lib/queue/index.ts'],
          'tangentflow/laws': ['./lib/laws/index.ts'],
          'tangentflow/promise': ['./lib/promise/index.ts']
        }
      },
      files: []
    },
    ts.sys,
    root
  )
  const program = ts.createProgram(examples.map(pathOf), options)
  return examples.flatMap((each) => {
    const source = program.getSourceFile(pathOf(each))
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(
      ({ start = 0, messageText }) =>
        `${each.file}:${source!.getLineAndCharacterOfPosition(start).line + 1}: ` +
        ts.flattenDiagnosticMessageText(messageText, '\n')
    )
  })
}

describe('examples', () => {
  it('have the right types', { timeout: 300_000 }, () => expect(diagnostics()).toEqual([]))

  for (const each of examples)
    it(place(each), async () => {
      await import(relative(fileURLToPath(new URL('.', import.meta.url)), pathOf(each)))
    })
})
