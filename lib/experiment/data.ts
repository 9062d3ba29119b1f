import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { ImageShape } from '../attack/index.js'
import { tangentError, type TangentError } from '../core/error.js'
import type { NdArray } from '../core/ndarray.js'
import { count, digitsSplit, type Labelled, take } from '../data/index.js'
import { loadSet } from '../io/index.js'
import { places } from './measure.js'
import type { Experiment, MeasuresSetting } from './setting.js'

/** Test images on which networks are measured, not tested: see `measures` of an experiment. */
export interface Judged {
  /** Clean ones, and as many to be attacked. */
  readonly kernel: readonly [Labelled, Labelled]
  readonly dynamics: { readonly x: NdArray; readonly y: NdArray }
}

/** The images of an experiment. */
export interface Images {
  readonly train: Labelled
  readonly test: Labelled
  readonly image: ImageShape
  readonly judged?: Judged
}

const judgedOf = (
  { kernelImages, dynamicsImages }: MeasuresSetting,
  test: Labelled
): E.Either<TangentError, Judged> => {
  const most = Math.max(2 * kernelImages, dynamicsImages)
  if (most > count(test))
    return E.left(
      tangentError('ConfigError', 'experiment', `at most ${count(test)} images`, `${most}`, 'measures')
    )
  const images = (start: number, length: number): Labelled => take(places(start, length))(test)
  const from = count(test) - 2 * kernelImages
  const { x, y } = images(0, dynamicsImages)
  return E.right({
    kernel: [images(from, kernelImages), images(from + kernelImages, kernelImages)],
    dynamics: { x, y }
  })
}

const first =
  (what: string, wanted: number | undefined) =>
  (set: Labelled): TE.TaskEither<TangentError, Labelled> => {
    if (wanted === undefined || wanted === count(set)) return TE.right(set)
    return wanted < count(set)
      ? TE.right(take(places(0, wanted))(set))
      : TE.left(
          tangentError(
            'ConfigError',
            'experiment',
            `at most ${count(set)} images`,
            `${wanted}`,
            `data.${what}`
          )
        )
  }

const wholeOf = (
  set: Experiment['data']['set'],
  folder: string | undefined
): TE.TaskEither<TangentError, Images> =>
  set === 'digits'
    ? TE.right({ ...digitsSplit(), image: [1, 8, 8] })
    : loadSet(set, folder === undefined ? {} : { data: folder })

/** Loads the set of an experiment, the first so many images of each part where it says how many. */
export const imagesOf = (
  { data: { set, train, test }, measures }: Experiment,
  folder: string | undefined
): TE.TaskEither<TangentError, Images> =>
  pipe(
    wholeOf(set, folder),
    TE.bindTo('whole'),
    TE.bind('train', ({ whole }) => first('train', train)(whole.train)),
    TE.bind('test', ({ whole }) => first('test', test)(whole.test)),
    TE.bind('judged', ({ whole }) =>
      measures === undefined ? TE.right(undefined) : TE.fromEither(judgedOf(measures, whole.test))
    ),
    TE.map(({ whole, judged, ...parts }) => ({
      ...parts,
      image: whole.image,
      ...(judged === undefined ? {} : { judged })
    }))
  )
