import { parseArgs, type ParseArgsConfig } from 'node:util'
import * as E from 'fp-ts/lib/Either.js'

/** The words of a command by Node's parser, options and positionals; what it refuses is a Left in its words. */
export const parseWords = <T extends ParseArgsConfig>(
  config: T
): E.Either<string, ReturnType<typeof parseArgs<T>>> =>
  E.tryCatch(
    () => parseArgs(config),
    (thrown) => (thrown instanceof Error ? thrown.message : String(thrown))
  )
