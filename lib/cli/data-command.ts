import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { tangentError, type TangentError } from '../core/error.js'
import { classCounts } from '../data/index.js'
import { isPublished, published, type PublishedName, publishedNames } from '../data/published.js'
import { fetchSet, type LoadedSet, loadSet, planFetch } from '../io/index.js'
import type { Terminal } from './terminal.js'
import { parseWords } from './arguments.js'

/** What `npm start -- data` prints. */
const dataUsage = [
  'Published data sets: where they are, and how to get them.',
  '',
  'npm start -- data check <name> [--data DIR]',
  'npm start -- data fetch <name> [--data DIR] [--from URL] [--yes]',
  '',
  ...publishedNames.map((name) => `  ${name.padEnd(16)}${published[name].title}`),
  '',
  `  ${'--data <folder>'.padEnd(24)}the folder that holds data sets (TANGENTFLOW_DATA)`,
  `  ${'--from <url>'.padEnd(24)}where to fetch from instead of the published source`,
  `  ${'--yes'.padEnd(24)}download: without it, fetch only says what it would ask for and write`
].join('\n')

interface Request {
  readonly verb: 'check' | 'fetch'
  readonly name: PublishedName
  readonly data?: string
  readonly source?: string
  readonly yes: boolean
}

const refuse = (expected: string, received: string): E.Either<TangentError, never> =>
  E.left(tangentError('ConfigError', 'npm start -- data', expected, received))

const read = (args: readonly string[]): E.Either<TangentError, 'help' | Request> => {
  const parsed = parseWords({
    args: [...args],
    allowPositionals: true,
    options: {
      data: { type: 'string' },
      from: { type: 'string' },
      yes: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false }
    }
  })
  if (E.isLeft(parsed)) return refuse('check or fetch, a set, --data, --from, --yes', parsed.left)
  const {
    values: { data, from, yes, help },
    positionals: [verb, name, ...rest]
  } = parsed.right
  if (help || verb === undefined) return E.right('help')
  if (verb !== 'check' && verb !== 'fetch') return refuse('check or fetch', JSON.stringify(verb))
  if (name === undefined || !isPublished(name) || rest.length > 0)
    return refuse(`one of ${publishedNames.join(', ')}`, [name, ...rest].join(' '))
  return E.right({
    verb,
    name,
    yes,
    ...(data === undefined ? {} : { data }),
    ...(from === undefined ? {} : { source: from })
  })
}

const describeSet = ({ title, train, test, files }: LoadedSet): string =>
  [
    title,
    ...[train, test].map(
      (part, i) =>
        `  ${i === 0 ? 'train' : 'test'}: ${part.y.data.length} images, by class ${classCounts(part).join(' ')}`
    ),
    ...files.map(
      ({ path, md5, isPublished: isKnown }) =>
        `  ${path}: md5 ${md5}, ${isKnown ? 'as published' : 'no published file that is known'}`
    )
  ].join('\n')

/** `data …` of the command: checks what is there, or downloads what is asked for in so many words. */
export const dataCommand = (
  args: readonly string[],
  { err }: Terminal
): TE.TaskEither<TangentError, string> =>
  pipe(
    TE.fromEither(read(args)),
    TE.flatMap((request) => {
      if (request === 'help') return TE.right(dataUsage)
      const { verb, name, yes, ...where } = request
      if (verb === 'check') return pipe(loadSet(name, where), TE.map(describeSet))
      const options = { ...where, tell: (line: string) => () => err(`${line}\n`) }
      if (!yes)
        return TE.right(
          [
            `${published[name].title} would be fetched so; say --yes to do it:`,
            ...planFetch(name, options).map(({ url, path }) => `  ${url}\n    to ${path}`)
          ].join('\n')
        )
      return pipe(
        fetchSet(name, options),
        TE.map((paths) => `${published[name].title}: ${paths.length} files, each with the published md5`)
      )
    })
  )
