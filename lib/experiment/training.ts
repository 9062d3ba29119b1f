import { pipe } from 'fp-ts/lib/function.js'
import type { ReaderTaskEither } from 'fp-ts/lib/ReaderTaskEither.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import * as attack from '../attack/index.js'
import type { TangentError } from '../core/error.js'
import type { HostKey } from '../core/key.js'
import type { NdArray } from '../core/ndarray.js'
import type { Labelled } from '../data/index.js'
import type { Runner } from '../graph/runner.js'
import type * as nn from '../nn/index.js'
import * as train from '../train/index.js'
import type { Choice, Chosen } from './methods.js'
import { fitOf, lastAttackOf } from './parts.js'

/** On what a training is judged along the way, and what of it is followed. */
export interface Along {
  /** Examples held out of the training; without them its last parameters are the ones to test. */
  readonly held: Labelled | undefined
  readonly validate: HostKey
  readonly record: { readonly x: NdArray; readonly checkpoints: number } | undefined
}

/** The robust accuracy of parameters on what is held out, under the attack of the training. */
const validation = (
  { network, training }: Choice,
  held: Labelled,
  key: HostKey
): Pick<train.FitOptions, 'validate'> => ({
  validate: {
    score: (params) => (engine) =>
      pipe(
        attack.evaluate(network.apply, { attack: lastAttackOf(training.attack) })(
          params,
          { x: held.x, y: held.y } satisfies nn.Dataset,
          key
        )(engine),
        TE.map(({ robust }) => robust)
      )
  }
})

/** Trains what a method chose, taken up where its store left it. */
export const trained = (
  choice: Choice,
  { mask: chosen, start, epochs }: Chosen,
  { held, validate, record }: Along,
  store: train.Store
): ReaderTaskEither<Runner, TangentError, train.FitResult> =>
  train.fit(choice.network.apply, {
    ...fitOf(choice.training, epochs),
    ...(chosen === undefined ? {} : { mask: chosen }),
    ...(held === undefined ? {} : validation(choice, held, validate)),
    ...(record === undefined ? {} : { record }),
    checkpoint: { store, steps: 200 },
    observe: ({ step, steps, loss }) => choice.tell('training', step, steps, `loss ${loss.toFixed(3)}`)
  })(start, choice.set, choice.stream('fit'))
