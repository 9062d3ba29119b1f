import { plain } from '../core/plain.js'
import { basename, dirname, join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { IO } from 'fp-ts/lib/IO.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { entry } from '../core/entry.js'
import { checkOptions, option, type OptionKinds } from '../core/options.js'
import { atPath, messageOf, tangentError, type TangentError } from '../core/error.js'
import { concatBytes } from '../format/crc32.js'
import { untar } from '../format/untar.js'
import { published, type PublishedName } from '../data/published.js'
import { md5Of } from './load-set.js'
import { cacheFolder, dataKinds, type DataOptions, publishedSet } from './locate.js'
import { unpacked } from './read-bytes.js'
import { makeFolder, writeAtomic } from './file-store.js'

/** How a set is fetched. */
export interface FetchOptions extends Pick<DataOptions, 'data' | 'env'> {
  /**
   * Where the files are; a folder ends in `/`.
   *
   * @defaultValue the set's published source
   */
  readonly source?: string
  /** Called with every URL before it is requested, and with every file that was written. */
  readonly onProgress: (line: string) => IO<void>
  /**
   * How long one file may take, in ms.
   *
   * @defaultValue ten minutes
   */
  readonly timeout?: number
}

const kinds: OptionKinds<FetchOptions> = {
  data: dataKinds.data,
  env: dataKinds.env,
  source: option.text,
  onProgress: option.function,
  timeout: option.number
}

/** One file to request, and where it is written: an archive names a folder. */
export interface Download {
  /** Where it is fetched from. */
  readonly url: string
  /** The file or folder that it is written to. */
  readonly path: string
  /** The download ends after so many bytes, since what was published is not longer. */
  readonly most: number
}

const TEN_MINUTES = 600_000

/** The names under which a set's files are saved: what `io.loadSet` looks for. */
const namesOf = (name: PublishedName): readonly string[] =>
  Object.keys(published[name].files).filter((file) => !file.includes('first'))

/** The folder that a set is fetched into: that of the options or of the environment, or the cache of this user. */
const folderFor = (name: PublishedName, { data, env = process.env }: FetchOptions): string =>
  join(data || env.TANGENTFLOW_DATA || cacheFolder(env), published[name].folders[0]!)

/** What so many bytes may have at most once packed: gzip adds less than a thousandth, and tar two blocks a file. */
const packedAtMost = (bytes: number): number => Math.ceil(1.001 * bytes) + 65_536

/** The bytes of all files of a set, unpacked. */
const sizeOfAll = (name: PublishedName): number =>
  namesOf(name).reduce((sum, file) => sum + published[name].files[file]!.bytes, 0)

/** Writes a file, in a folder that is made. */
const writeFile = (path: string, content: Uint8Array): TE.TaskEither<TangentError, void> =>
  pipe(
    TE.fromIOEither(makeFolder(dirname(path))),
    TE.flatMapIOEither(() => writeAtomic(path)(content))
  )

/** What fetching a set would request and write; nothing is done. */
export const planFetch = plain(
  'io.planFetch',
  (name: PublishedName, options: FetchOptions): readonly Download[] => {
    const { archive, files, sources } = published[name]
    const source = options.source ?? sources[0]!
    const folder = folderFor(name, options)
    return archive === undefined
      ? namesOf(name).map((file) => ({
          url: `${source}${file}.gz`,
          path: join(folder, `${file}.gz`),
          most: packedAtMost(files[file]!.bytes)
        }))
      : [{ url: source, path: folder, most: packedAtMost(sizeOfAll(name)) }]
  }
)

const refuse = (expected: string, received: string, where: string): TangentError =>
  tangentError('IoError', 'io.fetchSet', expected, received, where)

/** A thrown error of `fetch` in the words of its cause: ECONNREFUSED, ENOTFOUND, a timeout. */
const reasonOf = (thrown: unknown): string =>
  messageOf(thrown) +
  (thrown instanceof Error && thrown.cause instanceof Error ? `: ${thrown.cause.message}` : '')

/** The bytes of an answer; undefined, and the rest is not asked for, where they are more than `most`. */
const bodyOf = async (response: Response, most: number): Promise<Uint8Array | undefined> => {
  const parts: Uint8Array[] = []
  let total = 0
  if (response.body === null) return new Uint8Array(0)
  const body: AsyncIterable<Uint8Array> = response.body
  // leaving the loop closes the connection
  for await (const part of body) {
    total += part.length
    if (total > most) return undefined
    parts.push(part)
  }
  return concatBytes(parts)
}

const download = (url: string, most: number, timeout: number): TE.TaskEither<TangentError, Uint8Array> =>
  pipe(
    TE.tryCatch(
      async () => {
        const response = await fetch(url, { signal: AbortSignal.timeout(timeout) })
        return {
          status: response.status,
          bytes: response.status === 200 ? await bodyOf(response, most) : undefined
        }
      },
      (thrown) => refuse('an answer from the network', reasonOf(thrown), url)
    ),
    TE.filterOrElse(
      ({ status }) => status === 200,
      ({ status }) => refuse('the file', `status ${status}`, url)
    ),
    TE.flatMap(({ bytes }) =>
      bytes === undefined
        ? TE.left(
            tangentError('DataError', 'io.fetchSet', `at most ${most} bytes, as published`, 'more', url)
          )
        : TE.right(bytes)
    )
  )

const checked =
  (md5: string, url: string) =>
  (bytes: Uint8Array): E.Either<TangentError, Uint8Array> =>
    md5Of(bytes) === md5
      ? E.right(bytes)
      : E.left(tangentError('DataError', 'io.fetchSet', `the md5 ${md5}`, md5Of(bytes), url))

/** What is written after a download: the packed file itself, or the files of an archive. */
const filesOf = (
  name: PublishedName,
  { url, path }: Download,
  bytes: Uint8Array
): TE.TaskEither<TangentError, ReadonlyMap<string, Uint8Array>> => {
  const { archive, files } = published[name]
  if (archive === undefined) {
    const { md5, bytes: length } = files[basename(path, '.gz')]!
    return pipe(
      unpacked(url, () => E.right(length))(bytes),
      TE.flatMapEither((plain) => checked(md5!, url)(plain)),
      TE.map(() => new Map([[path, bytes]]))
    )
  }
  return pipe(
    TE.fromEither(checked(archive.md5, url)(bytes)),
    TE.flatMap(unpacked(url)),
    TE.flatMapEither((tar) => pipe(untar(tar), E.mapLeft(atPath(url)))),
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
 * whole. `onProgress` gets every URL before it is requested. The caller has asked the user: the command does so by `--yes`.
 * No network, a refusal of the server and a folder that cannot be written are an IoError, a wrong md5 a DataError; what was
 * there before stays.
 */
export const fetchSet = entry(
  'io.fetchSet',
  'TaskEither',
  1,
  (name: PublishedName, options: FetchOptions): TE.TaskEither<TangentError, readonly string[]> => {
    checkOptions('io.fetchSet', kinds, options)
    return pipe(
      TE.fromEither(publishedSet('io.fetchSet', name)),
      TE.map(() => planFetch(name, options)),
      TE.flatMap(
        TE.traverseSeqArray((each) =>
          pipe(
            TE.fromIO(options.onProgress(`GET ${each.url}`)),
            TE.flatMap(() => download(each.url, each.most, options.timeout ?? TEN_MINUTES)),
            TE.flatMap((bytes) => filesOf(name, each, bytes)),
            TE.flatMap((files) =>
              pipe(
                [...files],
                TE.traverseSeqArray(([path, content]) =>
                  pipe(
                    writeFile(path, content),
                    TE.tapIO(() => options.onProgress(`wrote ${path}`)),
                    TE.map(() => path)
                  )
                )
              )
            )
          )
        )
      ),
      TE.map((paths) => paths.flat())
    )
  }
)
