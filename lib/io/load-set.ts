import { createHash } from 'node:crypto'
import { basename } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { entry } from '../core/entry.js'
import { checkOptions } from '../core/options.js'
import { atPath, tangentError, type TangentError } from '../core/error.js'
import { type NdArray, of } from '../core/ndarray.js'
import { sizeOf } from '../core/shape.js'
import { cifar10 } from '../data/cifar10.js'
import { idx, idxHeader } from '../data/idx.js'
import { count, type Labelled, labelled } from '../data/labelled.js'
import { published, type PublishedName, publishedNames, type PublishedSet } from '../data/published.js'
import { dataKinds, type DataOptions, locate, publishedSet } from './locate.js'
import { type LengthOf, readBytes } from './read-bytes.js'

/** A file that a set was read from. */
export interface SourceFile {
  /** Where it was read. */
  readonly path: string
  /** Bytes and md5 once unpacked. */
  readonly bytes: number
  /** Its MD5 when unpacked, in hexadecimal. */
  readonly md5: string
  /** Whether it is, byte for byte, a file that was published. */
  readonly isPublished: boolean
}

/** A set read from files. */
export interface LoadedSet {
  /** The name of the set. */
  readonly name: PublishedName
  /** What the set is called. */
  readonly title: string
  /** The names of the classes. */
  readonly labels: readonly string[]
  /** Channels, rows and columns of an image; `data.shaped(image)` lays x out so. */
  readonly image: PublishedSet['image']
  /** Inputs [n, features] in [0, 1]. */
  readonly train: Labelled
  /** The images to test on. */
  readonly test: Labelled
  /** The files that were read. */
  readonly files: readonly SourceFile[]
}

/** The md5 of some bytes, in hexadecimal digits. */
export const md5Of = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('hex')

/** The set and file that an md5 belongs to, for the one who put a file into the wrong folder. */
const ownerOf = (md5: string): string => {
  for (const name of publishedNames)
    for (const [file, known] of Object.entries(published[name].files))
      if (known.md5 === md5) return `${md5}, that of ${published[name].title}'s ${file}`
  return md5
}

interface Read {
  readonly bytes: Uint8Array
  readonly source: SourceFile
}

/** How long a packed file of a set may be once unpacked: what an IDX header says, or the longest file that was published. */
const lengthOf = ({ format, files }: PublishedSet): LengthOf =>
  format === 'idx'
    ? (start) =>
        pipe(
          idxHeader(start),
          E.map(({ length }) => length)
        )
    : () => E.right(Math.max(...Object.values(files).map(({ bytes }) => bytes)))

/** The elements of an IDX file of a published set, which are unsigned bytes: those of any other type mean something else. */
const bytesOf = ({ bytes, source: { path } }: Read, divisor: number): E.Either<TangentError, NdArray> =>
  pipe(
    idxHeader(bytes),
    E.filterOrElse(
      ({ type }) => type.name === 'unsigned bytes',
      ({ type }) => tangentError('DataError', 'io.loadSet', 'elements that are unsigned bytes', type.name)
    ),
    E.flatMap(() => idx({ divisor })(bytes)),
    E.mapLeft(atPath(path))
  )

const readFileOf =
  (set: PublishedSet, verify: boolean) =>
  (path: string): TE.TaskEither<TangentError, Read> =>
    pipe(
      readBytes(path, lengthOf(set)),
      TE.flatMapEither((bytes) => {
        const known = set.files[basename(path).replace(/\.gz$/, '')]
        const md5 = md5Of(bytes)
        const isPublished = known?.md5 === md5
        return verify && known?.md5 !== undefined && known.bytes === bytes.length && !isPublished
          ? E.left(tangentError('DataError', 'io.loadSet', `the md5 ${known.md5}`, ownerOf(md5), path))
          : E.right({ bytes, source: { path, bytes: bytes.length, md5, isPublished } })
      })
    )

/** Images and labels of one part of a set laid out as MNIST is. */
const idxPart = (
  { image, labels }: PublishedSet,
  [images, classes]: readonly Read[]
): E.Either<TangentError, Labelled> =>
  pipe(
    E.Do,
    E.bind('x', () => bytesOf(images!, 255)),
    E.bind('y', () => bytesOf(classes!, 1)),
    E.filterOrElse(
      ({ x }) => x.shape.length === 3 && x.shape[1] === image[1] && x.shape[2] === image[2],
      ({ x }) =>
        tangentError(
          'DataError',
          'io.loadSet',
          `images of ${image[1]} × ${image[2]}`,
          x.shape.join(' × '),
          images!.source.path
        )
    ),
    E.flatMap(({ x, y }) =>
      pipe(
        labelled(of([x.shape[0]!, sizeOf(image)], x.data), y, labels.length),
        E.mapLeft(atPath(classes!.source.path))
      )
    )
  )

const concatenated = (parts: readonly Labelled[]): Labelled => {
  const [first] = parts
  if (parts.length === 1 || first === undefined) return first!
  const total = parts.reduce((sum, part) => sum + count(part), 0)
  const width = first.x.shape[1]!
  const [x, y] = [new Float32Array(total * width), new Float32Array(total)]
  let start = 0
  for (const part of parts) {
    x.set(part.x.data, start * width)
    y.set(part.y.data, start)
    start += count(part)
  }
  return { x: of([total, width], x), y: of([total], y), classes: first.classes }
}

const cifarPart = (reads: readonly Read[]): E.Either<TangentError, Labelled> =>
  pipe(
    reads,
    E.traverseArray(({ bytes, source }) => pipe(cifar10(bytes), E.mapLeft(atPath(source.path)))),
    E.map(concatenated)
  )

const partOf =
  (set: PublishedSet, verify: boolean) =>
  (paths: readonly string[]): TE.TaskEither<TangentError, { set: Labelled; files: readonly SourceFile[] }> =>
    pipe(
      paths,
      TE.traverseSeqArray(readFileOf(set, verify)),
      TE.flatMapEither((reads) =>
        pipe(
          set.format === 'idx' ? idxPart(set, reads) : cifarPart(reads),
          E.map((labelledSet) => ({ set: labelledSet, files: reads.map(({ source }) => source) }))
        )
      )
    )

/**
 * Reads MNIST, Fashion-MNIST or CIFAR-10 from a folder of files, plain or gzip; see {@link locate} for which. Pixels are
 * in [0, 1] (bytes divided by 255), an image is a flat row. A file of the published length with another md5 is a DataError
 * unless `verify` is false; a file of another length is read and said not to be the published one (`isPublished`), so that
 * parts of a set and small sets of one's own work. Truncated files, foreign headers, elements that are no unsigned
 * bytes, labels that are no class, images without labels and missing parts are a DataError naming the path.
 */
export const loadSet = entry(
  'io.loadSet',
  'TaskEither',
  1,
  (name: PublishedName, options: DataOptions = {}): TE.TaskEither<TangentError, LoadedSet> => {
    checkOptions('io.loadSet', dataKinds, options)
    const read = (set: PublishedSet) => partOf(set, options.verify ?? true)
    return pipe(
      TE.fromEither(publishedSet('io.loadSet', name)),
      TE.bindTo('set'),
      TE.bind('paths', () => TE.fromIOEither(locate(name, options))),
      TE.bind('train', ({ set, paths }) => read(set)(paths.train)),
      TE.bind('test', ({ set, paths }) => read(set)(paths.test)),
      TE.map(({ set, train, test }) => ({
        name,
        title: set.title,
        labels: set.labels,
        image: set.image,
        train: train.set,
        test: test.set,
        files: [...train.files, ...test.files]
      }))
    )
  }
)
