import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as IOE from 'fp-ts/lib/IOEither.js'
import type { IOEither } from 'fp-ts/lib/IOEither.js'
import { tangentError, type TangentError } from '../core/error.js'
import { appendLine, ioError, makeFolder, writeAtomic } from './write.js'

/** The files of a run. `result.json` is written last but for the report: a folder that has it holds a finished run. */
export const runFiles = {
  config: 'config.json',
  metrics: 'metrics.jsonl',
  result: 'result.json',
  report: 'report.html'
} as const

/** A folder that holds what one run writes. */
export interface RunFolder {
  readonly path: string
  /** Appends one event to `metrics.jsonl`, as one line of JSON. */
  readonly event: (event: object) => IOEither<TangentError, void>
  /** Writes `result.json`. */
  readonly result: (result: object) => IOEither<TangentError, void>
  /** Writes `report.html`; gives its path. */
  readonly report: (html: string) => IOEither<TangentError, string>
}

const operation = 'io.openRunFolder'

const isTemporary = (name: string): boolean => /^\..+\.tmp$/.test(name)

/** The files of an unfinished run, which may be replaced; a Left where anything else would be touched. */
const replaceable = (path: string, names: readonly string[]): E.Either<TangentError, readonly string[]> => {
  const unfinished: readonly string[] = [runFiles.config, runFiles.metrics]
  const foreign = names.filter((name) => !unfinished.includes(name) && !isTemporary(name))
  const received = names.includes(runFiles.result)
    ? 'a finished run'
    : `a folder with ${foreign.slice(0, 3).join(', ')}${foreign.length > 3 ? ' and more' : ''}`
  return foreign.length === 0
    ? E.right(names)
    : E.left(
        tangentError('IoError', operation, 'a new or an empty folder, or an unfinished run', received, path)
      )
}

/** Makes the folder if it is not there, and gives the names of what is in it. */
const enter = (path: string): IOEither<TangentError, readonly string[]> =>
  IOE.tryCatch(
    () => {
      // of two that make the same folder at once, one sees that it is there
      makeFolder(path)
      return readdirSync(path)
    },
    ioError(operation, 'a folder that can be made and read', path)
  )

/** JSON as a person reads it, ending in a line break. */
const json = (value: object): string => `${JSON.stringify(value, null, 2)}\n`

/**
 * Opens a folder for a run and writes its configuration. A folder that is not there is made, parents included; an empty
 * one is used; the files of an unfinished run (no `result.json`, nothing foreign) are replaced; any other folder is an
 * IoError and stays as it is, so that no result is ever lost to a second run.
 */
export const openRunFolder = (path: string, config: object): IOEither<TangentError, RunFolder> =>
  pipe(
    enter(path),
    IOE.flatMapEither((names) => replaceable(path, names)),
    IOE.flatMap((names) =>
      IOE.tryCatch(
        () => names.forEach((name) => rmSync(join(path, name), { force: true })),
        ioError(operation, 'to replace the files of an unfinished run', path)
      )
    ),
    IOE.flatMap(() => writeAtomic(join(path, runFiles.config))(json(config))),
    IOE.map(() => ({
      path,
      event: (event) => appendLine(join(path, runFiles.metrics))(JSON.stringify(event)),
      result: (result) => writeAtomic(join(path, runFiles.result))(json(result)),
      report: (html) =>
        pipe(
          writeAtomic(join(path, runFiles.report))(html),
          IOE.map(() => join(path, runFiles.report))
        )
    }))
  )
