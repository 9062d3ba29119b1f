import * as E from 'fp-ts/lib/Either.js'
import type { Task } from 'fp-ts/lib/Task.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import { formatError, type TangentError } from '../core/error.js'
import { dataCommand } from './data-command.js'
import { experimentCommand, start } from './experiment-command.js'
import type { Terminal } from './terminal.js'

/** The command that the words name: `data`, `experiment`, or the bundled experiment. */
const commandOf = (args: readonly string[], terminal: Terminal): TaskEither<TangentError, string> => {
  const [first, ...rest] = args
  if (first === 'data') return dataCommand(rest, terminal)
  if (first === 'experiment') return experimentCommand(rest, terminal)
  return args.some((word) => word === '--experiment' || word.startsWith('--experiment='))
    ? experimentCommand(args, terminal)
    : start(args, terminal, new Date())
}

/** The command: arguments in, an exit code out; a failure is one line on stderr and code 1. */
export const program =
  (args: readonly string[], terminal: Terminal): Task<number> =>
  async () => {
    const result = await commandOf(args, terminal)()
    if (E.isLeft(result)) {
      if (result.left._tag === 'StopError') {
        terminal.err('stopped: what was computed is saved, and the same command continues from there\n')
        return 1
      }
      terminal.err(`${formatError(result.left).replaceAll(/\s*\n\s*/g, ' ')}\n`)
      return 1
    }
    terminal.out(`${result.right}\n`)
    return 0
  }
