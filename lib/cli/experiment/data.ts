import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { ImageShape } from '../../attack/index.js'
import { tangentError, type TangentError } from '../../core/error.js'
import { count, digitsSplit, type Labelled, take } from '../../data/index.js'
import { loadSet } from '../../io/index.js'
import { places } from '../measure.js'
import type { Experiment } from './setting.js'

/** The images of an experiment. */
export interface Images {
  readonly train: Labelled
  readonly test: Labelled
  readonly image: ImageShape
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

/** Loads the set of an experiment, the first so many images of each part where it says how many. */
export const imagesOf = (
  { data: { set, train, test } }: Experiment,
  folder: string | undefined
): TE.TaskEither<TangentError, Images> =>
  pipe(
    set === 'digits'
      ? TE.right<TangentError, Images>({ ...digitsSplit(), image: [1, 8, 8] })
      : loadSet(set, folder === undefined ? {} : { data: folder }),
    TE.bindTo('whole'),
    TE.bind('train', ({ whole }) => first('train', train)(whole.train)),
    TE.bind('test', ({ whole }) => first('test', test)(whole.test)),
    TE.map(({ whole, ...parts }) => ({ ...parts, image: whole.image }))
  )
