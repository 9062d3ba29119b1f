import { pipe } from 'fp-ts/lib/function.js'
import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import * as attack from '../../attack/index.js'
import * as codec from '../../format/codec.js'
import type { Concrete } from '../../graph/spec.js'
import { attempt } from '../../graph/trace.js'
import * as mask from '../../mask/index.js'
import * as nn from '../../nn/index.js'
import { fromStart, type Method, type MethodInput, saved, searchAttack, searchFields } from './method.js'

/** Scores that descend the training loss under frozen weights, from a start and under an attack. */
const learnt = <K extends string>(
  kind: K,
  startOf: (input: MethodInput) => Concrete<nn.Weights>,
  attackOf: (input: MethodInput) => attack.Attack
) =>
  codec.variant(
    kind,
    {},
    {
      /** The name in tables and files. @defaultValue the kind */
      name: codec.fileName,
      ...searchFields
    },
    ({ steps = 300, batch = 128, rate = 0.01, layers = 'uniform' }): Method => ({
      layers,
      run: (input) => {
        const { network, params, set, density, stream, onProgress } = input
        return pipe(
          RTE.fromEither(attempt(() => startOf(input))),
          RTE.flatMap((start) =>
            mask.learn(network, {
              objective: mask.trainingLoss(network),
              parametrisation: mask.parametrisation.straightThrough({ density, layers }),
              start,
              attack: attackOf(input),
              attackTarget: 'sparse',
              steps,
              batch,
              rate,
              checkpoint: saved(input),
              observe: ({ step, terms }) =>
                onProgress('search', step + 1, steps, `loss ${terms.loss!.toFixed(3)}`)
            })(params, set, stream('search'))
          ),
          RTE.map((found) => fromStart(input, found.mask))
        )
      }
    })
  )

/** Scores learnt on the natural loss, from a random start: edge-popup. */
export const edgePopup = learnt(
  'edgePopup',
  ({ stream, params }) => mask.edgePopupStart(stream('mask'))(nn.weightsOf(params)),
  () => attack.none
)

/** Scores learnt on the attacked loss, from the magnitudes: HYDRA. */
export const hydra = learnt(
  'hydra',
  ({ params }) => mask.hydraStart(nn.weightsOf(params)),
  ({ training }) => searchAttack(training)
)
