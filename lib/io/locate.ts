import { readdirSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { IOEither } from 'fp-ts/lib/IOEither.js'
import { entry } from '../core/entry.js'
import { checkOptions, option, type OptionKinds } from '../core/options.js'
import { leftWith, showValue, tangentError, type TangentError } from '../core/error.js'
import {
  isPublished,
  published,
  type PublishedName,
  publishedNames,
  type PublishedSet
} from '../data/published.js'

/** The set of a name; a name that is none is an ArgumentError. */
export const publishedSet = (operation: string, name: PublishedName): E.Either<TangentError, PublishedSet> =>
  isPublished(name)
    ? E.right(published[name])
    : leftWith('ArgumentError', operation)(`one of ${publishedNames.join(', ')}`, showValue(name), 'name')

/** Where data sets are searched. */
export interface DataOptions {
  /** The folder that holds data sets, or the files of one: what `--data` names. */
  readonly data?: string
  /**
   * The environment: `TANGENTFLOW_DATA` names the folder where `data` does not.
   *
   * @defaultValue process.env
   */
  readonly env?: Readonly<Record<string, string | undefined>>
  /**
   * Whether a file as long as the published one must have its md5.
   *
   * @defaultValue true
   */
  readonly verify?: boolean
}

/** The kinds of {@link DataOptions}. */
export const dataKinds: OptionKinds<DataOptions> = {
  data: option.text,
  env: option.record,
  verify: option.flag
}

/** The files of a set: those of the train and of the test part. */
export interface SetFiles {
  /** The files of the training images. */
  readonly train: readonly string[]
  /** The files of the test images. */
  readonly test: readonly string[]
}

/** Where fetched sets are saved. */
export const cacheFolder = (env: NonNullable<DataOptions['env']>): string =>
  join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'tangentflow')

/** Folders that may hold data sets, in the order in which they are searched. */
const rootsOf = ({ data, env = process.env }: DataOptions): readonly string[] =>
  [data, env.TANGENTFLOW_DATA, 'data', cacheFolder(env), '/usr/share/datasets'].filter(
    (root): root is string => root !== undefined && root !== ''
  )

const list = (folder: string): readonly string[] => {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false

/** The shortest name that begins so and ends in `.bin`, packed or not: `data_batch_1.bin` goes before a part of it. */
const batchFile = (names: readonly string[], stem: string): string | undefined =>
  names
    .filter((name) => new RegExp(`^${stem}\\b.*\\.bin(\\.gz)?$`).test(name))
    .sort((a, b) => a.length - b.length || (a < b ? -1 : 1))[0]

/** What a folder has of a set: its files, or those that are missing beside some that are there, or nothing. */
const filesIn = (
  { format }: PublishedSet,
  names: readonly string[]
): E.Either<readonly string[], SetFiles> | undefined => {
  if (format === 'cifar-10') {
    const found = [1, 2, 3, 4, 5].map((k) => batchFile(names, `data_batch_${k}`))
    const train = found.flatMap((file) => file ?? [])
    const test = batchFile(names, 'test_batch')
    if (train.length === 0 && test === undefined) return undefined
    // a whole batch calls for the four others; a part of one, named so, stands for itself
    const isWhole = train.some((file) => /^data_batch_\d\.bin/.test(file))
    const missing = [
      ...found.flatMap((file, k) =>
        file === undefined && (isWhole || (k === 0 && train.length === 0)) ? [`data_batch_${k + 1}.bin`] : []
      ),
      ...(test === undefined ? ['test_batch.bin'] : [])
    ]
    return missing.length > 0 || test === undefined ? E.left(missing) : E.right({ train, test: [test] })
  }
  const pick = (part: string) =>
    [`${part}-images-idx3-ubyte`, `${part}-labels-idx1-ubyte`].map(
      (stem) => [stem, [stem, `${stem}.gz`].find((name) => names.includes(name))] as const
    )
  const parts = { train: pick('train'), test: pick('t10k') }
  const all = [...parts.train, ...parts.test]
  const missing = all.filter(([, name]) => name === undefined).map(([stem]) => stem)
  if (missing.length === all.length) return undefined
  const found = (part: (typeof parts)['train']): readonly string[] => part.flatMap(([, name]) => name ?? [])
  return missing.length > 0
    ? E.left(missing)
    : E.right({ train: found(parts.train), test: found(parts.test) })
}

/** What to do where a set is missing. */
const advice = (name: PublishedName, { title, debian, files, folders }: PublishedSet): string => {
  const known = Object.keys(files)
  const some = known.length > 4 ? `${known[0]!} … ${known[5]!}` : known.join(', ')
  return (
    `the files of ${title}: ` +
    (debian === undefined ? '' : `install the Debian package ${debian}, or `) +
    `put ${some} (plain or .gz) into DIR/${folders[0]!} and name DIR by --data or TANGENTFLOW_DATA, ` +
    `or let \`npx tangentflow data fetch ${name}\` download them`
  )
}

/**
 * The paths of a set's files: in the folder that the options name, then in the one of the environment, then in the known
 * places. A set of which nothing is found is a DataError that says what to install or where to put files; one that lacks
 * files is a DataError that names them.
 */
export const locate = entry(
  'io.locate',
  'IOEither',
  1,
  (name: PublishedName, options: DataOptions = {}): IOEither<TangentError, SetFiles> =>
    () => {
      checkOptions('io.locate', dataKinds, options)
      const known = publishedSet('io.locate', name)
      if (E.isLeft(known)) return known
      const set = known.right
      const absent = [options.data, (options.env ?? process.env).TANGENTFLOW_DATA].find(
        (folder) => folder !== undefined && folder !== '' && !isFolder(folder)
      )
      if (absent !== undefined)
        return E.left(tangentError('IoError', 'io.loadSet', 'a folder that is there', 'none', absent))
      const roots = rootsOf(options)
      for (const folder of roots.flatMap((root) => [
        ...set.folders.map((inner) => join(root, inner)),
        root
      ])) {
        const found = filesIn(set, list(folder))
        if (found === undefined) continue
        const place = (file: string): string => join(folder, file)
        return pipe(
          found,
          E.bimap(
            (missing) =>
              tangentError(
                'DataError',
                'io.loadSet',
                `${missing.join(', ')} (plain or .gz)`,
                `a folder with only a part of ${set.title}`,
                folder
              ),
            ({ train, test }) => ({ train: train.map(place), test: test.map(place) })
          )
        )
      }
      return E.left(
        tangentError(
          'DataError',
          'io.loadSet',
          advice(name, set),
          `no such files in ${roots.join(', ')}`,
          name
        )
      )
    }
)
