import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { IO } from 'fp-ts/lib/IO.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { tangentError, type TangentError } from '../core/error.js'
import { published, type PublishedName } from '../data/published.js'
import { md5Of } from './load-set.js'
import { cacheFolder, type DataOptions } from './locate.js'
import { unpacked } from './read-bytes.js'
import { fileStore } from './file-store.js'

/** How a set is fetched. */
export interface FetchOptions extends Pick<DataOptions, 'data' | 'env'> {
  /**
   * Where the files are; a folder ends in `/`.
   *
   * @defaultValue the set's published source
   */
  readonly source?: string
  /** Called with every URL before it is requested, and with every file that was written. */
  readonly tell: (line: string) => IO<void>
  /**
   * How long one file may take, in ms.
   *
   * @defaultValue ten minutes
   */
  readonly timeout?: number
}

/** One file to request, and where it is written: an archive names a folder. */
export interface Download {
  readonly url: string
  readonly path: string
}

const TEN_MINUTES = 600_000

/** The names under which a set's files are saved: what `io.loadSet` looks for. */
const namesOf = (name: PublishedName): readonly string[] =>
  Object.keys(published[name].files).filter((file) => !file.includes('first'))

/** The folder that a set is fetched into: that of the options or of the environment, or the cache of this user. */
const folderFor = (name: PublishedName, { data, env = process.env }: FetchOptions): string =>
  join(data ?? (env.TANGENTFLOW_DATA || cacheFolder(env)), published[name].folders[0]!)

/** What fetching a set would request and write; nothing is done. */
export const planFetch = (name: PublishedName, options: FetchOptions): readonly Download[] => {
  const { archive, sources } = published[name]
  const source = options.source ?? sources[0]!
  const folder = folderFor(name, options)
  return archive === undefined
    ? namesOf(name).map((file) => ({ url: `${source}${file}.gz`, path: join(folder, `${file}.gz`) }))
    : [{ url: source, path: folder }]
}

const refuse = (expected: string, received: string, where: string): TangentError =>
  tangentError('IoError', 'io.fetchSet', expected, received, where)

/** A thrown error of `fetch` in the words of its cause: ECONNREFUSED, ENOTFOUND, a timeout. */
const reasonOf = (thrown: unknown): string => {
  if (!(thrown instanceof Error)) return String(thrown)
  return thrown.cause instanceof Error ? `${thrown.message}: ${thrown.cause.message}` : thrown.message
}

const download = (url: string, timeout: number): TE.TaskEither<TangentError, Uint8Array> =>
  pipe(
    TE.tryCatch(
      async () => {
        const response = await fetch(url, { signal: AbortSignal.timeout(timeout) })
        return { status: response.status, bytes: new Uint8Array(await response.arrayBuffer()) }
      },
      (thrown) => refuse('an answer from the network', reasonOf(thrown), url)
    ),
    TE.filterOrElse(
      ({ status }) => status === 200,
      ({ status }) => refuse('the file', `status ${status}`, url)
    ),
    TE.map(({ bytes }) => bytes)
  )

const checked =
  (md5: string, url: string) =>
  (bytes: Uint8Array): E.Either<TangentError, Uint8Array> =>
    md5Of(bytes) === md5
      ? E.right(bytes)
      : E.left(tangentError('DataError', 'io.fetchSet', `the md5 ${md5}`, md5Of(bytes), url))

const BLOCK = 512

const textOf = (bytes: Uint8Array): string => {
  const end = bytes.indexOf(0)
  return new TextDecoder('latin1').decode(end < 0 ? bytes : bytes.subarray(0, end))
}

/** The plain files of a tar archive (POSIX ustar), by their names without folders. One that is cut off is a DataError. */
export const untar = (tar: Uint8Array): E.Either<TangentError, ReadonlyMap<string, Uint8Array>> => {
  const files = new Map<string, Uint8Array>()
  for (let at = 0; at + BLOCK <= tar.length && tar[at] !== 0;) {
    const header = tar.subarray(at, at + BLOCK)
    const size = Number.parseInt(textOf(header.subarray(124, 136)).trim(), 8)
    const end = at + BLOCK + size
    if (!(size >= 0) || end > tar.length)
      return E.left(tangentError('DataError', 'io.fetchSet', 'a whole tar archive', 'one that is cut off'))
    const isFile = header[156] === 0 || header[156] === 0x30
    const name = textOf(header.subarray(0, 100)).split('/').pop()!
    if (isFile && name !== '') files.set(name, tar.subarray(at + BLOCK, end))
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK
  }
  return E.right(files)
}

/** What is written after a download: the packed file itself, or the files of an archive. */
const filesOf = (
  name: PublishedName,
  { url, path }: Download,
  bytes: Uint8Array
): TE.TaskEither<TangentError, ReadonlyMap<string, Uint8Array>> => {
  const { archive, files } = published[name]
  if (archive === undefined) {
    const { md5 } = files[path.split(/[\\/]/).pop()!.replace(/\.gz$/, '')]!
    return pipe(
      unpacked(url)(bytes),
      TE.flatMapEither((plain) => checked(md5!, url)(plain)),
      TE.map(() => new Map([[path, bytes]]))
    )
  }
  return pipe(
    TE.fromEither(checked(archive.md5, url)(bytes)),
    TE.flatMap(unpacked(url)),
    TE.flatMapEither(untar),
    TE.flatMapEither((members) => {
      const missing = namesOf(name).find((file) => !members.has(file))
      return missing === undefined
        ? E.right(new Map(namesOf(name).map((file) => [join(path, file), members.get(file)!])))
        : E.left(tangentError('DataError', 'io.fetchSet', missing, 'an archive without it', url))
    })
  )
}

/**
 * Downloads a published set to where `io.loadSet` finds it, file by file, each checked against its md5 before it is written
 * whole. `tell` gets every URL before it is requested. The caller has asked the user: the command does so by `--yes`.
 * No network, a refusal of the server and a folder that cannot be written are an IoError, a wrong md5 a DataError; what was
 * there before stays.
 */
export const fetchSet = (
  name: PublishedName,
  options: FetchOptions
): TE.TaskEither<TangentError, readonly string[]> =>
  pipe(
    planFetch(name, options),
    TE.traverseSeqArray((each) =>
      pipe(
        TE.fromIO(options.tell(`GET ${each.url}`)),
        TE.flatMap(() => download(each.url, options.timeout ?? TEN_MINUTES)),
        TE.flatMap((bytes) => filesOf(name, each, bytes)),
        TE.flatMap((files) =>
          pipe(
            [...files],
            TE.traverseSeqArray(([path, content]) =>
              pipe(
                fileStore(path).write(content),
                TE.tapIO(() => options.tell(`wrote ${path}`)),
                TE.map(() => path)
              )
            )
          )
        )
      )
    ),
    TE.map((paths) => paths.flat())
  )
