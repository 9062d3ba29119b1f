import * as E from 'fp-ts/lib/Either.js'
import { parseArgs } from 'node:util'
import { tangentError, type TangentError } from '../../lib/index.js'

export interface Options {
  /** Cases to run; all when empty. */
  readonly only: readonly string[]
  /** Parts of candidates' names; all candidates when empty. */
  readonly candidates: readonly string[]
  readonly threads: readonly number[]
  readonly json: string | undefined
  readonly quick: boolean
  readonly list: boolean
  readonly help: boolean
}

export const usage = `npm run bench -- [options]

  --only a,b          run these cases (default: all)
  --candidates a,b    run only candidates whose name contains one of these
  --threads 1,2       thread counts to ask for (default: 1,2)
  --quick             a tenth of the samples: does it run at all?
  --json out.json     also write everything that was measured
  --list              name the cases and stop
  --help              this text`

const refuse = (expected: string, received: string, where: string): E.Either<TangentError, never> =>
  E.left(tangentError('ConfigError', 'bench', expected, received, where))

const listOf = (text: string | undefined): readonly string[] =>
  text === undefined ? [] : text.split(',').map((item) => item.trim())

const parse = (args: readonly string[]) =>
  E.tryCatch(
    () =>
      parseArgs({
        args: [...args],
        options: {
          only: { type: 'string' },
          candidates: { type: 'string' },
          threads: { type: 'string', default: '1,2' },
          json: { type: 'string' },
          quick: { type: 'boolean', default: false },
          list: { type: 'boolean', default: false },
          help: { type: 'boolean', default: false }
        }
      }).values,
    (thrown) =>
      tangentError(
        'ConfigError',
        'bench',
        'options that --help names',
        thrown instanceof Error ? thrown.message : String(thrown)
      )
  )

/** Reads the command line; `known` are the names of the cases. */
export const parseOptions = (
  args: readonly string[],
  known: readonly string[]
): E.Either<TangentError, Options> => {
  const parsed = parse(args)
  if (E.isLeft(parsed)) return parsed
  const { json, quick, list, help, ...texts } = parsed.right
  const only = listOf(texts.only)
  const stranger = only.find((name) => !known.includes(name))
  if (stranger !== undefined) return refuse(`one of ${known.join(', ')}`, stranger, '--only')
  const candidates = listOf(texts.candidates)
  if (candidates.includes('')) return refuse('names', 'an empty one', '--candidates')
  const threads = listOf(texts.threads).map((text) => (/^[1-9][0-9]{0,2}$/.test(text) ? Number(text) : NaN))
  if (threads.some(Number.isNaN)) return refuse('whole numbers from 1 to 999', texts.threads, '--threads')
  if (json === '') return refuse('a file name', 'nothing', '--json')
  return E.right({ only, candidates, threads: [...new Set(threads)], json, quick, list, help })
}
