import { pipe } from 'fp-ts/lib/function.js'
import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import * as t from 'io-ts'
import * as codec from '../../format/codec.js'
import type { Effect } from '../../graph/runner.js'
import * as mask from '../../mask/index.js'
import { withstoodBy } from '../training-setting.js'
import { fromStart, maskFields, type Method, type MethodInput, ownOptions } from './method.js'

const fields = {
  /** The name in tables and files. @defaultValue the kind */
  name: codec.fileName,
  ...maskFields,
  /** In how many rounds weights are removed. @defaultValue 100 for synflow, else 1 */
  rounds: codec.whole(1),
  /** How many examples the score reads. @defaultValue 512 */
  samples: codec.whole(1),
  /** Examples a program call. @defaultValue all of them, for SNIP */
  batch: codec.whole(1),
  /** Whether biases are masked too. @defaultValue false */
  biases: t.boolean
}

/** Scores and mask of a score at initialisation, under the attack of the training. */
export const scored = (
  { network, params, set, density, training, stream }: MethodInput,
  options: Omit<mask.OneShotOptions, 'density' | 'epsilon' | 'norm'>
): Effect<mask.OneShot> =>
  mask.oneShot(network, { ...options, density, ...withstoodBy(training).ball })(params, set, stream('mask'))

/** The best weights by a score at initialisation; options are as `mask.oneShot` has them. */
export const score = <K extends mask.OneShotMethod>(kind: K, allocated: mask.LayerAllocation) =>
  codec.variant(kind, {}, fields, (setting): Method => {
    const { layers = allocated, ...options } = ownOptions(setting)
    return {
      layers,
      run: (input) =>
        pipe(
          scored(input, { ...options, method: kind, layers }),
          RTE.map((made) => fromStart(input, made.mask))
        )
    }
  })
