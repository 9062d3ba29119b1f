import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import * as t from 'io-ts'
import { leftWith, type TangentError } from '../core/error.js'
import { classCounts } from '../data/index.js'
import { isPublished, published, publishedNames } from '../data/published.js'
import { fetchSet, type LoadedSet, loadSet, planFetch } from '../io/index.js'
import type { Terminal } from './terminal.js'
import { type Command, optionLines, path, readRequest } from './read-request.js'

const DataOptions = t.partial({ data: path, from: t.string, yes: t.literal('true') })

const command: Command<t.TypeOf<typeof DataOptions>> = {
  operation: 'npm start -- data',
  words: [2, 'check or fetch, and a set'],
  options: DataOptions,
  help: {
    data: ['folder', 'the folder that holds data sets', 'TANGENTFLOW_DATA'],
    from: ['url', 'where to fetch from instead of the published source'],
    yes: ['', 'download: without it, fetch only says what it would ask for and write']
  }
}

/** What `npm start -- data` prints. */
const usage = [
  'Published data sets: where they are, and how to get them.',
  '',
  'npm start -- data check <name> [--data DIR]',
  'npm start -- data fetch <name> [--data DIR] [--from URL] [--yes]',
  '',
  ...publishedNames.map((name) => `  ${name.padEnd(16)}${published[name].title}`),
  '',
  ...optionLines(command)
].join('\n')

const refuse = (expected: string, received: string): TE.TaskEither<TangentError, never> =>
  TE.fromEither(leftWith('ConfigError', command.operation)(expected, received))

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
    TE.fromEither(readRequest(command, args)),
    TE.flatMap((request) => {
      if (request === 'help') return TE.right(usage)
      const {
        options: { data, from, yes },
        words: [verb, name]
      } = request
      if (verb === undefined) return TE.right(usage)
      if (verb !== 'check' && verb !== 'fetch') return refuse('check or fetch', JSON.stringify(verb))
      if (name === undefined || !isPublished(name))
        return refuse(`one of ${publishedNames.join(', ')}`, name ?? 'nothing')
      const where = { ...(data !== undefined && { data }), ...(from !== undefined && { source: from }) }
      if (verb === 'check') return pipe(loadSet(name, where), TE.map(describeSet))
      const options = { ...where, onProgress: (line: string) => () => err(`${line}\n`) }
      return yes === undefined
        ? TE.right(
            [
              `${published[name].title} would be fetched so; say --yes to do it:`,
              ...planFetch(name, options).map(({ url, path: file }) => `  ${url}\n    to ${file}`)
            ].join('\n')
          )
        : pipe(
            fetchSet(name, options),
            TE.map((paths) => `${published[name].title}: ${paths.length} files, each with the published md5`)
          )
    })
  )
