import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { pipe } from 'fp-ts/lib/function.js'
import * as IOE from 'fp-ts/lib/IOEither.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { Store } from '../checkpoint/checkpoint.js'
import { ioError, makeFolder, writeAtomic } from './write.js'

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
