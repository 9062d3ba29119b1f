import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as IOE from 'fp-ts/lib/IOEither.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { Store } from '../checkpoint/checkpoint.js'
import { tangentError, type TangentError } from '../core/error.js'

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'a read-only file system',
  ENOSPC: 'a full disk',
  EDQUOT: 'a full quota',
  ENOENT: 'no such file or folder',
  ENOTDIR: 'a file where a folder should be',
  EISDIR: 'a folder where a file should be',
  EEXIST: 'something of that name already'
}

/** A thrown file-system error as an IoError that says what was tried, why it failed and where. */
export const ioError =
  (operation: string, expected: string, path: string) =>
  (thrown: unknown): TangentError => {
    const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : ''
    const message = thrown instanceof Error ? thrown.message : String(thrown)
    return tangentError('IoError', operation, expected, reasons[code] ?? message, path)
  }

/**
 * Makes a folder and its parents, one by one: Node's recursive mkdir never returns where a parent refuses with ENOENT, as
 * /proc does.
 */
export const makeFolder = (path: string): void => {
  if (existsSync(path)) return
  makeFolder(dirname(path))
  mkdirSync(path)
}

/** Writes until every byte is out: one `write` to a nearly full disk may take a part only. */
const writeAll = (file: number, bytes: Uint8Array): void => {
  for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done)
}

/**
 * Writes a file whole or not at all: into a temporary file beside it, flushed to the disk, then renamed over it. On any
 * failure the temporary file is removed, an older file of that name stays as it was, and the IoError names the path.
 *
 * It is synchronous, so that no signal handler runs in between.
 */
export const writeAtomic =
  (path: string) =>
  (content: string | Uint8Array): IOE.IOEither<TangentError, void> =>
  () => {
    const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`)
    return E.tryCatch(
      () => {
        try {
          const file = openSync(temporary, 'w')
          try {
            writeAll(file, typeof content === 'string' ? Buffer.from(content) : content)
            fsyncSync(file)
          } finally {
            closeSync(file)
          }
          renameSync(temporary, path)
        } catch (thrown) {
          rmSync(temporary, { force: true })
          throw thrown
        }
      },
      ioError('io.writeAtomic', 'to write the file', path)
    )
  }

const isAbsent = (thrown: unknown): boolean =>
  thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT'

/**
 * Saves a run's checkpoint in a file, written whole or not at all; the folder is made with the first one. Where the file
 * cannot be read or written, the IoError names it.
 */
export const fileStore = (path: string): Store => ({
  read: TE.tryCatch(
    async () => {
      try {
        return new Uint8Array(await readFile(path))
      } catch (thrown) {
        if (isAbsent(thrown)) return undefined
        throw thrown
      }
    },
    ioError('io.fileStore', 'a checkpoint that can be read', path)
  ),
  write: (bytes) =>
    TE.fromIOEither(
      pipe(
        IOE.tryCatch(
          () => makeFolder(dirname(path)),
          ioError('io.fileStore', 'a folder that can be made', dirname(path))
        ),
        IOE.flatMap(() => writeAtomic(path)(bytes))
      )
    )
})
