import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { posix } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A path of the repository on this machine. */
export const inRepository = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url))

const read = (path: string): string => readFileSync(inRepository(path), 'utf8')

/** Where files outside docs/ are served: the records and the experiments that the pages speak of. */
export const fileFolder = 'repository'

/** The pages of the site that are made of files outside docs/, or of folders. */
const pageOf: Readonly<Record<string, string>> = {
  'bench/README.md': 'benchmarks',
  'bench/results': 'records',
  'bench/experiments': 'records',
  'docs/examples': 'example',
  'docs/decisions/README.md': 'decisions/',
  'CHANGELOG.md': 'changelog',
  'CONTRIBUTING.md': 'contributing'
}

/** The files that the site serves beside its pages. */
export const files = (): readonly string[] =>
  ['bench/experiments', 'bench/results'].flatMap((folder) =>
    readdirSync(inRepository(folder)).map((name) => `${folder}/${name}`)
  )

const isRelative = (link: string): boolean => !/^([a-z]+:|\/|#)/.test(link)

/**
 * What a link of a file of the repository leads to on the site: a page of its own where docs/ has none, a served file, or the
 * link as it is. One that leads to nothing is an error.
 */
export const siteLink = (from: string, link: string): string => {
  if (!isRelative(link)) return link
  const [path = '', hash] = link.split('#')
  const target = posix.join(posix.dirname(from), path).replace(/\/$/, '')
  const suffix = hash === undefined ? '' : `#${hash}`
  const page = pageOf[target]
  if (page !== undefined) return `/${page}${suffix}`
  if (target.startsWith('docs/'))
    return from.startsWith('docs/') ? link : `/${target.slice('docs/'.length)}${suffix}`
  if (!files().includes(target)) throw new Error(`${from} links to ${link}, which the site does not have`)
  return `/${fileFolder}/${target}`
}

/** A page of the repository with its links as the site has them. */
const fromFile = (path: string): string =>
  read(path).replace(/\]\(([^)\s]+)\)/g, (_, link: string) => `](${siteLink(path, link)})`)

const size = (path: string): string => {
  const kilobytes = statSync(inRepository(path)).size / 1000
  return `${kilobytes < 10 ? kilobytes.toFixed(1) : kilobytes.toFixed(0)} kB`
}

const listing = (folder: string): string =>
  files()
    .filter((path) => path.startsWith(`${folder}/`))
    .map((path) => `- [${posix.basename(path)}](/${fileFolder}/${path}), ${size(path)}`)
    .join('\n')

const records = (): string => `# Experiments and records

Experiments are JSON files, see [Experiments](/experiments.md); a record is what one gave, with every run and the machine.
The pages take their figures from these.

## Experiments

${listing('bench/experiments')}

## Records

${listing('bench/results')}
`

const code = (path: string): string =>
  `\`\`\`${posix.extname(path).slice(1)}\n${read(path).trimEnd()}\n\`\`\``

const example = (): string => `# An example page

A page that trains a network, attacks it and draws its kernel. \`npm run example\` in the repository bundles and serves it. It
takes the library as one module, see [In a browser](/browser.md).

${['index.html', 'digits.js', 'digits.css'].map((name) => `## ${name}\n\n${code(`docs/examples/${name}`)}`).join('\n\n')}
`

/** The pages whose text is outside docs/, by name. */
export const repositoryPages = (): Readonly<Record<string, string>> => ({
  benchmarks: fromFile('bench/README.md'),
  changelog: fromFile('CHANGELOG.md'),
  contributing: fromFile('CONTRIBUTING.md'),
  records: records(),
  example: example()
})

/** The first title of a page of docs/. */
export const titleOf = (path: string): string => {
  const title = existsSync(inRepository(path)) ? /^# (.+)$/m.exec(read(path))?.[1] : undefined
  if (title === undefined) throw new Error(`${path} has no title`)
  return title
}
