import { randomBytes } from 'node:crypto'
import {
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeSync
} from 'node:fs'
import { open } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as IOE from 'fp-ts/lib/IOEither.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { Store } from '../checkpoint/checkpoint.js'
import { entry } from '../core/entry.js'
import { tangentError, type TangentError } from '../core/error.js'
import { codeOf, ioError } from './io-error.js'

/**
 * Makes a folder and its parents, one by one: Node's recursive mkdir never returns where a parent refuses with ENOENT, as
 * /proc does.
 */
const makeFolders = (path: string): void => {
  if (existsSync(path)) return
  makeFolders(dirname(path))
  try {
    mkdirSync(path)
  } catch (thrown) {
    // another process may have made it meanwhile
    if (codeOf(thrown) !== 'EEXIST') throw thrown
  }
}

/** Makes a folder and its parents; an IoError names it. */
export const makeFolder = (path: string): IOE.IOEither<TangentError, void> =>
  IOE.tryCatch(() => makeFolders(path), ioError('io.makeFolder', 'a folder that can be made', path))

/** Writes until every byte is out: one `write` to a nearly full disk may take a part only. */
const writeAll = (file: number, bytes: Uint8Array): void => {
  for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done)
}

/** Whether a process of this machine is running. */
export const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (thrown) {
    return codeOf(thrown) === 'EPERM'
  }
}

/** A temporary file: of which file, of which process, and a random number that nobody can foresee. */
const TEMPORARY = /^\..+\.(\d+)\.[0-9a-f]{16}\.tmp$/

/** The start of a name in at most so many bytes, which is what a file system counts. */
const startOf = (name: string, most: number): string =>
  [...name].reduce((start, letter) => (Buffer.byteLength(start + letter) > most ? start : start + letter), '')

const temporaryFor = (path: string): string =>
  join(dirname(path), `.${startOf(basename(path), 100)}.${process.pid}.${randomBytes(8).toString('hex')}.tmp`)

/** Milliseconds after which a temporary file is left over: of a process that has ended, and of any. */
const [ENDED, ANY] = [10_000, 3_600_000]

/** When this process has last looked through a folder: once for each file, the time would grow with the square of their number. */
const swept = new Map<string, number>()

/** Milliseconds from one look through a folder to the next. */
const INTERVAL = 60_000

/** Removes the temporary files that killed processes left in a folder, at most once in an interval. */
const sweep = (path: string): void => {
  const folder = resolve(path)
  if (Date.now() - (swept.get(folder) ?? -Infinity) < INTERVAL) return
  swept.set(folder, Date.now())
  for (const name of readdirSync(folder)) {
    const pid = Number(TEMPORARY.exec(name)?.[1] ?? Number.NaN)
    if (Number.isNaN(pid)) continue
    const path = join(folder, name)
    const age = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Infinity)
    if (age > ANY || (age > ENDED && !isAlive(pid))) rmSync(path, { force: true })
  }
}

/**
 * Writes into a temporary file beside `path`, opened exclusively and flushed to the disk, and puts it in place; on any failure
 * it is removed. All of it is synchronous, so that no signal handler runs in between.
 */
const replace = (path: string, content: string | Uint8Array, place: (temporary: string) => void): void => {
  const temporary = temporaryFor(path)
  const file = openSync(temporary, 'wx')
  try {
    try {
      writeAll(file, typeof content === 'string' ? Buffer.from(content) : content)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    place(temporary)
  } finally {
    rmSync(temporary, { force: true })
  }
}

/**
 * Writes a file whole or not at all: into a temporary file beside it, flushed to the disk, then renamed over it. On any
 * failure the temporary file is removed, an older file of that name stays as it was, and the IoError names the path.
 */
export const writeAtomic = entry(
  'io.writeAtomic',
  'IOEither',
  2,
  (path: string) =>
    (content: string | Uint8Array): IOE.IOEither<TangentError, void> =>
      IOE.tryCatch(
        () => replace(path, content, (temporary) => renameSync(temporary, path)),
        ioError('io.writeAtomic', 'to write the file', path)
      )
)

/** What tells that a file is still the one that was seen: another write gives it another number or time. */
type Stamp = string

const NONE: Stamp = 'none'

const stampOf = (stat: { ino: bigint; size: bigint; mtimeNs: bigint } | undefined): Stamp =>
  stat === undefined ? NONE : `${stat.ino} ${stat.size} ${stat.mtimeNs}`

const stampAt = (path: string): Stamp => stampOf(statSync(path, { bigint: true, throwIfNoEntry: false }))

/** File systems without hard links. */
const WITHOUT_LINKS: ReadonlySet<string> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'])

/** Puts a file where none is, by `place` where there are no hard links; gives whether none was. */
const placeNew = (temporary: string, path: string, place: () => void): boolean => {
  try {
    try {
      linkSync(temporary, path)
    } catch (thrown) {
      if (!WITHOUT_LINKS.has(codeOf(thrown))) throw thrown
      place()
    }
    return true
  } catch (thrown) {
    if (codeOf(thrown) === 'EEXIST') return false
    throw thrown
  }
}

/** Makes a file where none is; gives whether none was. Of several processes that make it at once, one is told so. */
export const createFile = (path: string, content: string): boolean => {
  let isMade = false
  replace(path, content, (temporary) => {
    isMade = placeNew(temporary, path, () => copyFileSync(temporary, path, constants.COPYFILE_EXCL))
  })
  return isMade
}

/** The bytes and the stamp of a file; undefined where there is none. */
const readStamped = async (path: string): Promise<{ bytes: Uint8Array; stamp: Stamp } | undefined> => {
  try {
    const file = await open(path)
    try {
      const stamp = stampOf(await file.stat({ bigint: true }))
      return { bytes: new Uint8Array(await file.readFile()), stamp }
    } finally {
      await file.close()
    }
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT') return undefined
    throw thrown
  }
}

/**
 * Saves a run's checkpoint in a file, written whole or not at all; the folder is made with the first one. The store replaces
 * only a file that it has read or written itself: one that is there before it reads, or that another process has written
 * since, stays as it is, and `write` is an IoError. Where the file cannot be read or written, the IoError names it.
 */
export const fileStore = (path: string): Store => {
  let seen: Stamp = NONE
  const write = (bytes: Uint8Array): boolean => {
    const folder = dirname(path)
    sweep(folder)
    let isPlaced = false
    replace(path, bytes, (temporary) => {
      if (stampAt(path) !== seen) return
      const rename = (): void => renameSync(temporary, path)
      if (seen !== NONE) rename()
      isPlaced = seen !== NONE || placeNew(temporary, path, rename)
      if (isPlaced) seen = stampAt(path)
    })
    return isPlaced
  }
  return {
    where: path,
    read: pipe(
      TE.tryCatch(() => readStamped(path), ioError('io.fileStore', 'a checkpoint that can be read', path)),
      TE.map((found) => {
        seen = found?.stamp ?? NONE
        return found?.bytes
      })
    ),
    write: (bytes) =>
      pipe(
        TE.fromIOEither(makeFolder(dirname(path))),
        TE.flatMapIOEither(() =>
          IOE.tryCatch(() => write(bytes), ioError('io.fileStore', 'to write the file', path))
        ),
        TE.flatMapEither((isPlaced) =>
          isPlaced
            ? E.right(undefined)
            : E.left(
                tangentError(
                  'IoError',
                  'io.fileStore',
                  'the file as this run left it',
                  'one that something else wrote',
                  path
                )
              )
        )
      )
  }
}
