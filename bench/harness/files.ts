import { readFile, writeFile } from 'node:fs/promises'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { formatError, type TangentError, tangentError } from '../../lib/index.js'

// The files of the benches that are programs of their own, and how such a program ends.

const inFile =
  (path: string) =>
  (thrown: unknown): TangentError =>
    tangentError('IoError', 'bench', 'a file that can be read and written', String(thrown), path)

/** A file of ours, in the form that its writer gave it. */
export const readJson = <A>(path: string): TE.TaskEither<TangentError, A> =>
  TE.tryCatch(async () => JSON.parse(await readFile(path, 'utf8')) as A, inFile(path))

export const writeText =
  (path: string) =>
  (text: string): TE.TaskEither<TangentError, void> =>
    TE.tryCatch(() => writeFile(path, text), inFile(path))

export const writeJson = (path: string, value: unknown): TE.TaskEither<TangentError, void> =>
  writeText(path)(`${JSON.stringify(value, null, 2)}\n`)

/** Prints a record, and writes it where a file is named. */
export const report =
  (path: string | undefined) =>
  (record: unknown): TE.TaskEither<TangentError, void> =>
    pipe(
      TE.fromIO(() => void process.stdout.write(`${JSON.stringify(record, null, 2)}\n`)),
      TE.flatMap(() => (path === undefined ? TE.right(undefined) : writeJson(path, record)))
    )

/** Runs a program to its end; an error is its last line and its exit code. */
export const finish = async (program: TE.TaskEither<TangentError, unknown>): Promise<void> => {
  const finished = await program()
  if (E.isRight(finished)) return
  process.stderr.write(`${formatError(finished.left)}\n`)
  process.exitCode = 1
}
