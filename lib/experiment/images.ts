import type { Either } from 'fp-ts/lib/Either.js'
import type * as t from 'io-ts'
import type { ImageShape } from '../attack/index.js'
import { refuseWith, type TangentError } from '../core/error.js'
import { count, digitsSplit, type Labelled, take } from '../data/index.js'
import { publishedNames } from '../data/published.js'
import * as codec from '../format/codec.js'
import { attempt } from '../graph/trace.js'
import type { Dataset } from '../nn/index.js'

/** The names of the sets that an experiment may name; all but `digits` are read by the caller. */
export const setNames = ['digits', ...publishedNames] as const

/** Which images: the first so many of each part where it says how many, and how many training images are held out. */
export const DataSetting = codec.closed(
  {
    /** The data set. */
    set: codec.oneOf(setNames),
    /** How many training images are held out for validation. */
    validation: codec.whole(0)
  },
  {
    /** The first so many test images. @defaultValue all */
    test: codec.whole(1),
    /** The first so many training images. @defaultValue all */
    train: codec.whole(1)
  }
)
export type DataSetting = t.TypeOf<typeof DataSetting>

/**
 * What is measured beside accuracies, on the last and the first images of the test set: clean ones and as many others under
 * attack for kernels, and how many are followed along the training, at how many times.
 */
export const MeasuresSetting = codec.closed(
  {
    /** How many clean images, and as many attacked ones, kernels are computed on. */
    kernelImages: codec.whole(1),
    /** How many images are followed along the training. */
    dynamicsImages: codec.whole(1),
    /** At how many times they are followed. */
    checkpoints: codec.whole(1)
  },
  {}
)
export type MeasuresSetting = t.TypeOf<typeof MeasuresSetting>

/** A data set as it is read: its two parts, and the shape of an image. */
export interface ImageSet {
  /** The images to train on. */
  readonly train: Labelled
  /** The images to test on. */
  readonly test: Labelled
  /** Channels, height and width of an image. */
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

const refuse = refuseWith('ConfigError', 'experiment')

/** The examples start, start + 1, … of a set. */
export const part = (start: number, length: number): ((set: Labelled) => Labelled) =>
  take(Array.from({ length }, (_, i) => start + i))

const measuredOf = ({ kernelImages, dynamicsImages }: MeasuresSetting, test: Labelled): MeasureImages => {
  const most = Math.max(2 * kernelImages, dynamicsImages)
  if (most > count(test)) refuse(`at most ${count(test)} images`, `${most}`, 'measures')
  const from = count(test) - 2 * kernelImages
  const { x, y } = part(0, dynamicsImages)(test)
  return {
    kernel: [part(from, kernelImages)(test), part(from + kernelImages, kernelImages)(test)],
    dynamics: { x, y }
  }
}

const first = (set: Labelled, wanted: number | undefined, where: string): Labelled => {
  if (wanted === undefined || wanted === count(set)) return set
  return wanted < count(set)
    ? part(0, wanted)(set)
    : refuse(`at most ${count(set)} images`, `${wanted}`, where)
}

/** The images of an experiment from the whole set; the bundled digits need not be given. */
export const imagesOf = (
  { data, measures }: { readonly data: DataSetting; readonly measures?: MeasuresSetting },
  given: ImageSet | undefined
): Either<TangentError, Images> =>
  attempt(() => {
    if (given === undefined && data.set !== 'digits') refuse(`the images of ${data.set}`, 'none', 'images')
    const { train, test, image } = given ?? { ...digitsSplit(), image: [1, 8, 8] }
    return {
      train: first(train, data.train, 'data.train'),
      test: first(test, data.test, 'data.test'),
      measured: measures && measuredOf(measures, test),
      image
    }
  })
