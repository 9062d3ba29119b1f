import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { TangentError } from '../core/error.js'
import { type Command, readRequest, type Request } from './read-request.js'

/** What a command answers: text for people, and an object for programs, which `--json` prints. */
export interface Answer {
  readonly text: string
  readonly json: object
}

/** The help of a command as an answer. */
export const helpAnswer = (help: string): Answer => ({ text: help, json: { help } })

/** Answers the words of a command: with its help where they ask for it, or else with what `answer` gives. */
export const answerRequest = <A>(
  command: Command<A>,
  help: string,
  args: readonly string[],
  answer: (request: Request<A>) => TE.TaskEither<TangentError, Answer>
): TE.TaskEither<TangentError, Answer> =>
  pipe(
    TE.fromEither(readRequest(command, args)),
    TE.flatMap((request) => (request === 'help' ? TE.right(helpAnswer(help)) : answer(request)))
  )
