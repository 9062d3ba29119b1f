import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import * as t from 'io-ts'
import { leftWith, type TangentError } from '../core/error.js'
import { classCounts } from '../data/index.js'
import { isPublished, published, publishedNames } from '../data/published.js'
import { fetchSet, type LoadedSet, loadSet, planFetch } from '../io/index.js'
import { type Answer, answerRequest, helpAnswer } from './answer.js'
import { expectOneOf } from '../core/nearest.js'
import type { Terminal } from './terminal.js'
import { type Command, optionLines, path } from './read-request.js'

const DataOptions = t.partial({ data: path, from: t.string, yes: t.literal('true') })

const command: Command<t.TypeOf<typeof DataOptions>> = {
  operation: 'tangentflow data',
  words: [2, 'check or fetch, and a set'],
  options: DataOptions,
  help: {
    data: ['folder', 'the folder that holds data sets', 'TANGENTFLOW_DATA'],
    from: ['url', 'where to fetch from instead of the published source'],
    yes: ['', 'download: without it, fetch only says what it would ask for and write']
  }
}

/** What `tangentflow data` prints. */
const usage = [
  'Published data sets: where they are, and how to get them.',
  '',
  'tangentflow data check <name> [--data DIR]',
  'tangentflow data fetch <name> [--data DIR] [--from URL] [--yes]',
  '',
  ...publishedNames.map((name) => `  ${name.padEnd(16)}${published[name].title}`),
  '',
  ...optionLines(command)
].join('\n')

const refuse = (expected: string, received: string): TE.TaskEither<TangentError, never> =>
  TE.fromEither(leftWith('ConfigError', command.operation)(expected, received))

const describeSet = ({ name, title, train, test, files }: LoadedSet): Answer => {
  const [trainCounts, testCounts] = [classCounts(train), classCounts(test)]
  const [trainImages, testImages] = [train.y.data.length, test.y.data.length]
  return {
    text: [
      title,
      `  train: ${trainImages} images, by class ${trainCounts.join(' ')}`,
      `  test: ${testImages} images, by class ${testCounts.join(' ')}`,
      ...files.map(
        ({ path: file, md5, isPublished: isKnown }) =>
          `  ${file}: md5 ${md5}, ${isKnown ? 'as published' : 'no published file that is known'}`
      )
    ].join('\n'),
    json: {
      set: name,
      train: { images: trainImages, byClass: trainCounts },
      test: { images: testImages, byClass: testCounts },
      files
    }
  }
}

/** `data …` of the command: checks what is there, or downloads what is asked for in so many words. */
export const dataCommand = (
  args: readonly string[],
  { err }: Terminal
): TE.TaskEither<TangentError, Answer> =>
  answerRequest(command, usage, args, ({ options: { data, from, yes }, words: [verb, name] }) => {
    if (verb === undefined) return TE.right(helpAnswer(usage))
    if (verb !== 'check' && verb !== 'fetch')
      return refuse(expectOneOf('a word', ['check', 'fetch'], verb), JSON.stringify(verb))
    if (name === undefined || !isPublished(name))
      return refuse(expectOneOf('a set', publishedNames, name ?? ''), name ?? 'nothing')
    const where = { ...(data !== undefined && { data }), ...(from !== undefined && { source: from }) }
    if (verb === 'check') return pipe(loadSet(name, where), TE.map(describeSet))
    const options = { ...where, onProgress: (line: string) => () => err(`${line}\n`) }
    if (yes === undefined) {
      const files = planFetch(name, options).map(({ url, path: file }) => ({ url, path: file }))
      const text = [
        `${published[name].title} would be fetched so; say --yes to do it:`,
        ...files.map(({ url, path: file }) => `  ${url}\n    to ${file}`)
      ].join('\n')
      return TE.right({ text, json: { set: name, planned: files } })
    }
    return pipe(
      fetchSet(name, options),
      TE.map((paths) => ({
        text: `${published[name].title}: ${paths.length} files, each with the published md5`,
        json: { set: name, fetched: paths }
      }))
    )
  })
