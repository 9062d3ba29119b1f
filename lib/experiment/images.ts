import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type * as t from 'io-ts'
import type { ImageShape } from '../attack/index.js'
import { tangentError, type TangentError } from '../core/error.js'
import { count, digitsSplit, type Labelled, take } from '../data/index.js'
import { publishedNames } from '../data/published.js'
import * as codec from '../format/codec.js'
import type { Dataset } from '../nn/index.js'
import { places } from './numbers.js'

/** The names of the sets that an experiment may name; all but `digits` are read by the caller. */
export const setNames = ['digits', ...publishedNames] as const

/** Which images: the first so many of each part where it says how many, and how many training images are held out. */
export const DataSetting = codec.closed(
  { set: codec.oneOf(setNames), validation: codec.whole(0) },
  { test: codec.whole(1), train: codec.whole(1) }
)
export type DataSetting = t.TypeOf<typeof DataSetting>

/**
 * What is measured beside accuracies, on the last and the first images of the test set: clean ones and as many others under
 * attack for kernels, and how many are followed along the training, at how many times.
 */
export const MeasuresSetting = codec.closed(
  { kernelImages: codec.whole(1), dynamicsImages: codec.whole(1), checkpoints: codec.whole(1) },
  {}
)
export type MeasuresSetting = t.TypeOf<typeof MeasuresSetting>

/** A data set as it is read: its two parts, and the shape of an image. */
export interface ImageSet {
  readonly train: Labelled
  readonly test: Labelled
  readonly image: ImageShape
}

/** Test images on which networks are measured: see `measures` of an experiment. */
export interface MeasureImages {
  /** Clean ones, and as many to be attacked. */
  readonly kernel: readonly [Labelled, Labelled]
  readonly dynamics: Dataset
}

/** The images of an experiment. */
export interface Images extends ImageSet {
  readonly measured: MeasureImages | undefined
}

const refuse = (expected: string, received: string, where: string): E.Either<TangentError, never> =>
  E.left(tangentError('ConfigError', 'experiment', expected, received, where))

const measuredOf = (
  { kernelImages, dynamicsImages }: MeasuresSetting,
  test: Labelled
): E.Either<TangentError, MeasureImages> => {
  const most = Math.max(2 * kernelImages, dynamicsImages)
  if (most > count(test)) return refuse(`at most ${count(test)} images`, `${most}`, 'measures')
  const images = (start: number, length: number): Labelled => take(places(start, length))(test)
  const from = count(test) - 2 * kernelImages
  const { x, y } = images(0, dynamicsImages)
  return E.right({
    kernel: [images(from, kernelImages), images(from + kernelImages, kernelImages)],
    dynamics: { x, y }
  })
}

const first =
  (part: 'train' | 'test', wanted: number | undefined) =>
  (set: Labelled): E.Either<TangentError, Labelled> => {
    if (wanted === undefined || wanted === count(set)) return E.right(set)
    return wanted < count(set)
      ? E.right(take(places(0, wanted))(set))
      : refuse(`at most ${count(set)} images`, `${wanted}`, `data.${part}`)
  }

/** The images of an experiment from the whole set; the bundled digits need not be given. */
export const imagesOf = (
  { data, measures }: { readonly data: DataSetting; readonly measures?: MeasuresSetting },
  given: ImageSet | undefined
): E.Either<TangentError, Images> =>
  pipe(
    given === undefined && data.set !== 'digits'
      ? refuse(`the images of ${data.set}`, 'none', 'images')
      : E.right<TangentError, ImageSet>(given ?? { ...digitsSplit(), image: [1, 8, 8] }),
    E.flatMap(({ image, ...whole }) =>
      pipe(
        E.Do,
        E.bind('train', () => first('train', data.train)(whole.train)),
        E.bind('test', () => first('test', data.test)(whole.test)),
        E.bind('measured', () =>
          measures === undefined ? E.right(undefined) : measuredOf(measures, whole.test)
        ),
        E.map((parts) => ({ ...parts, image }))
      )
    )
  )
