import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { Task } from 'fp-ts/lib/Task.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { formatError, leftWith, type TangentError } from '../core/error.js'
import { withWords } from '../experiment/encode-json.js'
import type { Answer } from './answer.js'
import { dataCommand } from './data-command.js'
import { experimentCommand, start } from './experiment-command.js'
import { expectOneOf } from '../core/nearest.js'
import { statusCommand, workerCommand } from './queue-command.js'
import type { Terminal } from './terminal.js'
import { readVersion } from './version.js'

/** The commands by their words; without a word it is the bundled experiment. */
const commands = {
  data: dataCommand,
  experiment: experimentCommand,
  worker: workerCommand,
  status: statusCommand
}

const isCommand = (word: string): word is keyof typeof commands => Object.hasOwn(commands, word)

/** What the words and options ask for. */
const answerOf = (args: readonly string[], terminal: Terminal): TE.TaskEither<TangentError, Answer> => {
  const [first, ...rest] = args
  if (args.includes('--version'))
    return pipe(
      TE.fromEither(readVersion()),
      TE.map((version) => ({ text: version, json: { version } }))
    )
  if (first !== undefined && isCommand(first)) return commands[first](rest, terminal)
  if (args.some((word) => word === '--experiment' || word.startsWith('--experiment=')))
    return experimentCommand(args, terminal)
  return first === undefined || first.startsWith('-')
    ? start(args, terminal, new Date())
    : TE.fromEither(
        leftWith('ConfigError', 'tangentflow')(
          expectOneOf('an option or a command', Object.keys(commands), first),
          JSON.stringify(first)
        )
      )
}

/** A text without the user and password of a URL in it: a misplaced word is repeated in an error. */
const withoutPasswords = (text: string): string => text.replaceAll(/(\w:\/\/)[^\s"]*@/g, '$1***@')

/**
 * The command: arguments in, an exit code out. A failure is one line on stderr and code 1. With `--json` stdout gets one
 * JSON object in any case: the answer, or the error as `error`.
 */
export const program =
  (args: readonly string[], { out, err, ...terminal }: Terminal): Task<number> =>
  async () => {
    const isJson = args.includes('--json')
    const result = await answerOf(args, {
      ...terminal,
      out,
      err: args.includes('--quiet') ? () => undefined : err
    })()
    if (E.isLeft(result)) {
      err(
        result.left._tag === 'StopError'
          ? 'stopped: what was computed is saved, and the same command continues from there\n'
          : `${withoutPasswords(formatError(result.left)).replaceAll(/\s*\n\s*/g, ' ')}\n`
      )
      if (isJson) out(`${withoutPasswords(JSON.stringify({ error: result.left }))}\n`)
      return 1
    }
    const { text, json } = result.right
    out(`${isJson ? JSON.stringify(json, withWords) : text}\n`)
    return 0
  }
