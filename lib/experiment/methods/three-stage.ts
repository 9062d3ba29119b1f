import { pipe } from 'fp-ts/lib/function.js'
import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import { tangentError } from '../../core/error.js'
import * as codec from '../../format/codec.js'
import * as train from '../../train/index.js'
import { fitOptionsOf } from '../training-setting.js'
import { LayersSetting, type Method } from './method.js'

/** The largest weights after some epochs, half of them by default, trained on from there: `train.threeStage`. */
export const threeStage = codec.variant(
  'threeStage',
  {},
  { name: codec.fileName, layers: LayersSetting, dense: codec.whole(1) },
  ({ layers = 'global', dense }): Method => ({
    layers,
    run: ({ network, params, set, density, training, stream, store, onProgress }) => {
      const before = dense ?? Math.floor(training.epochs / 2)
      return before < 1 || before >= training.epochs
        ? RTE.left(
            tangentError(
              'ConfigError',
              'experiment',
              `at least one of ${training.epochs} epochs before and after pruning`,
              `${before} before`,
              'methods: threeStage'
            )
          )
        : pipe(
            train.trainAndPrune(
              network.apply,
              { density, layers },
              {
                ...fitOptionsOf(training, before),
                checkpoint: { store: store('dense'), steps: 200 },
                observe: ({ step, steps, loss }) =>
                  onProgress('dense training', step, steps, `loss ${loss.toFixed(3)}`)
              }
            )(params, set, stream('stage')),
            RTE.map((pruned) => ({
              mask: pruned.mask,
              start: pruned.dense.params,
              epochs: training.epochs - before,
              isStepwise: false
            }))
          )
    }
  })
)
