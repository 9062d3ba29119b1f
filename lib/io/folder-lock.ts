import { plain } from '../core/plain.js'
import { randomBytes } from 'node:crypto'
import { linkSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { pipe } from 'fp-ts/lib/function.js'
import * as E from 'fp-ts/lib/Either.js'
import type { IO } from 'fp-ts/lib/IO.js'
import * as IOE from 'fp-ts/lib/IOEither.js'
import * as t from 'io-ts'
import { tangentError, type TangentError } from '../core/error.js'
import { parseJson } from '../format/parse-json.js'
import { createFile, isAlive, makeFolder } from './file-store.js'
import { codeOf, ioError } from './io-error.js'

/** Who holds a folder: the start of a process tells it from a later one of the same number. */
const Holder = t.type({ pid: t.number, host: t.string, start: t.string })
type Holder = t.TypeOf<typeof Holder>

const NAME = '.tangentflow.lock'

/** When a process began, in ticks since the machine did; empty where the system does not say. */
const startOf = (pid: number): string => {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? ''
  } catch {
    return ''
  }
}

const holderOf = (text: string): Holder | undefined => {
  const parsed = parseJson('a lock', text)
  return E.isRight(parsed) && Holder.is(parsed.right) ? parsed.right : undefined
}

/** Whether the process that a lock names has ended; one of another machine is taken to run. */
const hasEnded = ({ pid, host, start }: Holder): boolean =>
  host === hostname() && (!isAlive(pid) || (start !== '' && startOf(pid) !== '' && startOf(pid) !== start))

const create = (path: string): boolean => {
  const holder: Holder = { pid: process.pid, host: hostname(), start: startOf(process.pid) }
  return createFile(path, JSON.stringify(holder))
}

/** Takes away the lock of a process that has ended; one that was made in its place meanwhile is put back. */
const removeStale = (path: string, text: string): void => {
  const aside = `${path}.${randomBytes(8).toString('hex')}`
  renameSync(path, aside)
  try {
    if (readFileSync(aside, 'utf8') !== text) linkSync(aside, path)
  } finally {
    rmSync(aside, { force: true })
  }
}

/** Takes the lock, or gives the text of the one that another process holds. */
const take = (path: string): string | undefined => {
  if (create(path)) return undefined
  try {
    const text = readFileSync(path, 'utf8')
    const holder = holderOf(text)
    if (holder === undefined || !hasEnded(holder)) return text
    removeStale(path, text)
  } catch (thrown) {
    // it was released meanwhile
    if (codeOf(thrown) !== 'ENOENT') throw thrown
  }
  return create(path) ? undefined : 'another process'
}

const describe = (text: string): string => {
  const holder = holderOf(text)
  return holder === undefined ? 'another process' : `process ${holder.pid} of ${holder.host}`
}

/** A folder that one process at a time may write to. */
export interface FolderLock {
  /** Takes the folder, which is made where it is not there; once taken, it stays so. */
  readonly acquire: IOE.IOEither<TangentError, void>
  /** Removes the lock. */
  readonly release: IO<void>
}

/**
 * Keeps other processes from a folder: a second one is refused with an IoError that names the first, so that neither
 * overwrites what the other found. The lock of a process that was killed is taken over.
 */
export const folderLock = plain('io.folderLock', (folder: string): FolderLock => {
  const path = join(folder, NAME)
  let isHeld = false
  const refused = (other: string): TangentError =>
    tangentError(
      'IoError',
      'io.folderLock',
      'a folder that no other process writes to (remove the file if none does)',
      describe(other),
      path
    )
  const acquire = pipe(
    makeFolder(folder),
    IOE.flatMap(() =>
      IOE.tryCatch(() => take(path), ioError('io.folderLock', 'a folder that can be written', path))
    ),
    IOE.flatMap((other) => (other === undefined ? IOE.right(undefined) : IOE.left(refused(other)))),
    IOE.tapIO(() => () => void (isHeld = true))
  )
  return {
    acquire: () => (isHeld ? E.right(undefined) : acquire()),
    release: () => {
      if (isHeld) rmSync(path, { force: true })
      isHeld = false
    }
  }
})
